#include "codex/home/codex_home.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.h"

namespace trueup::codex {
namespace {

constexpr std::size_t kPasswdBytesMax = std::size_t{1} << 20U;

/// What the system knows about the user, when HOME says nothing.
std::optional<std::string> passwd_home() {
    std::vector<char> buffer(1024);
    while (buffer.size() <= kPasswdBytesMax) {
        passwd entry{};
        passwd* found = nullptr;
        const int error = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) {
            buffer.resize(buffer.size() * 4);
            continue;
        }
        if (found == nullptr || found->pw_dir == nullptr) return std::nullopt;
        return std::string(found->pw_dir);
    }
    return std::nullopt;
}

/// A home that is not absolute would lead back to the current folder.
std::optional<std::string> user_home(const Environment& environment) {
    const char* home = environment("HOME");
    if (home != nullptr && *home == '/') return std::string(home);
    auto known = passwd_home();
    if (known && known->starts_with('/')) return known;
    return std::nullopt;
}

Result<CodexHome> existing(const std::string& path, std::string_view origin, std::string hint) {
    CodexHome home{.path = absolute_path(path), .canonical = {}};
    const auto info = TRY(file_info(home.path));
    if (!info) {
        return fail(ErrorClass::Failed,
                    fmt::format("the Codex home {} ({}) does not exist", home.path, origin),
                    std::move(hint));
    }
    if (!info->is_directory) {
        return fail(ErrorClass::Failed,
                    fmt::format("the Codex home {} ({}) is not a folder", home.path, origin),
                    std::move(hint));
    }
    home.canonical = TRY(canonical_path(home.path)).value_or(home.path);
    return home;
}

}  // namespace

Result<CodexHome> find_codex_home(const std::optional<std::string>& option,
                                  const Environment& environment) {
    if (option) {
        if (option->empty()) return fail(ErrorClass::Usage, "--codex-home must name a folder");
        return existing(*option, "--codex-home", {});
    }
    const char* variable = environment("CODEX_HOME");
    if (variable != nullptr && *variable != '\0') return existing(variable, "CODEX_HOME", {});
    const auto home = user_home(environment);
    const std::string hint = "name the Codex home with --codex-home or in CODEX_HOME";
    if (!home) {
        return fail(ErrorClass::Failed, "this user has no home folder to look for .codex in", hint);
    }
    return existing(join_path(*home, ".codex"), "of this user", hint);
}

}  // namespace trueup::codex
