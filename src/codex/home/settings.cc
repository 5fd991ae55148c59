#include "codex/home/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "toml/toml.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kDefaultProvider = "openai";

/// What a Codex knows without configuration. Generous: of all versions, as only a warning depends
/// on it.
constexpr std::string_view kBuiltInProviders[] = {"amazon-bedrock", "lmstudio", "ollama",
                                                  "ollama-chat",    "openai",   "oss"};

bool is_blank(std::string_view text) { return trim(text).empty(); }

/// Why it is no provider id; nothing when it is one.
std::optional<std::string_view> flaw_of_provider(std::string_view provider) {
    if (is_blank(provider)) return "is blank";
    const auto is_control = [](char byte) {
        return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    };
    if (std::ranges::any_of(provider, is_control)) return "holds a control character";
    if (invalid_utf8_at(provider)) return "is not UTF-8";
    return std::nullopt;
}

bool is_profile_name(std::string_view name) {
    const auto is_allowed = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
    };
    return !name.empty() && std::ranges::all_of(name, is_allowed);
}

/// A configuration file as it was found.
struct ConfigFile {
    ConfigState state = ConfigState::Missing;
    std::optional<toml::Document> document;  // Nothing when the file is missing.
};

Result<ConfigFile> read_config(const std::string& path) {
    ConfigFile config;
    const auto info = TRY(file_info(path));
    if (!info) return config;
    if (!info->is_regular) {
        return fail(ErrorClass::Config, fmt::format("{} is not a file", path));
    }
    auto text = read_file(path, toml::kBytesMax);
    if (!text) {
        if (!TRY(file_info(path))) return config;  // It went between looking and reading.
        return fail(ErrorClass::Config, text.error().message, text.error().hint);
    }
    config.state = is_blank(*text) ? ConfigState::Empty : ConfigState::Present;
    config.document = TRY(toml::Document::parse(*text, path));
    return config;
}

Result<std::optional<std::string>> text_in(const ConfigFile& config, toml::Path path) {
    if (!config.document) return std::optional<std::string>{};
    return config.document->text(path);
}

/// What the files say, before the command line has its word.
struct Configured {
    std::optional<std::string> provider;
    ProviderOrigin origin = ProviderOrigin::ConfigFile;
    std::optional<std::string> sqlite_home;
};

/// The profile in force: what was asked for, else what the key says. Nothing without one.
Result<std::optional<std::string>> profile_in_force(const SettingsRequest& request,
                                                    const ConfigFile& root,
                                                    const std::string& root_path) {
    if (request.profile) {
        TRY(check_profile(*request.profile));
        return std::optional(std::string(trim(*request.profile)));
    }
    const auto key = TRY(text_in(root, {"profile"}));
    if (!key || is_blank(*key)) return std::optional<std::string>{};
    const std::string_view name = trim(*key);
    if (!is_profile_name(name)) {
        return fail(
            ErrorClass::Config,
            fmt::format("{}: profile = \"{}\" is no profile name: only letters, digits, \"_\" "
                        "and \"-\" may stand in one",
                        root_path, printable(name)));
    }
    return std::optional(std::string(name));
}

/// Lays what the profile's own file says over `configured`.
Status overlay(Configured& configured, const ConfigFile& file) {
    if (auto provider = TRY(text_in(file, {"model_provider"}))) {
        configured.provider = std::move(provider);
        configured.origin = ProviderOrigin::ProfileFile;
    }
    if (auto home = TRY(text_in(file, {"sqlite_home"}))) configured.sqlite_home = std::move(home);
    return {};
}

/// Whether config.toml has a table for this profile; if so, its provider counts.
Result<bool> overlay_table(Configured& configured, const ConfigFile& root,
                           const std::string& profile) {
    if (!root.document || !TRY(root.document->keys({"profiles", profile}))) return false;
    if (auto provider = TRY(text_in(root, {"profiles", profile, "model_provider"}))) {
        configured.provider = std::move(provider);
        configured.origin = ProviderOrigin::ProfileTable;
    }
    return true;
}

void add_providers_of(const ConfigFile& config, std::vector<std::string>& known) {
    if (!config.document) return;
    // Codex itself refuses one of another shape; for us there is merely nothing to learn.
    const auto keys = config.document->keys({"model_providers"});
    if (keys && *keys) known.insert(known.end(), (*keys)->begin(), (*keys)->end());
}

/// Lays the profile's file, else its table in config.toml, over what config.toml says otherwise;
/// false when there is neither.
Result<bool> apply_profile(Settings& settings, Configured& configured, const ConfigFile& root) {
    settings.profile_path =
        join_path(parent_path(settings.config_path), *settings.profile + ".config.toml");
    const ConfigFile file = TRY(read_config(*settings.profile_path));
    if (!file.document) return overlay_table(configured, root, *settings.profile);
    TRY(overlay(configured, file));
    add_providers_of(file, settings.known_providers);
    return true;
}

std::unexpected<Error> no_such_profile(const Settings& settings) {
    return fail(ErrorClass::Config,
                fmt::format("the profile {} exists neither as {} nor as [profiles.{}] in {}",
                            *settings.profile, *settings.profile_path, *settings.profile,
                            settings.config_path));
}

void settle_known_providers(Settings& settings) {
    std::vector<std::string>& known = settings.known_providers;
    known.insert(known.end(), std::begin(kBuiltInProviders), std::end(kBuiltInProviders));
    std::ranges::sort(known);
    known.erase(std::ranges::unique(known).begin(), known.end());
    settings.is_known_provider = std::ranges::binary_search(known, settings.provider);
}

Status settle_provider(Settings& settings, const SettingsRequest& request, Configured configured) {
    if (request.provider) {
        TRY(check_provider(*request.provider));
        settings.provider = *request.provider;
        settings.origin = ProviderOrigin::Option;
        return {};
    }
    if (!configured.provider || is_blank(*configured.provider)) {
        settings.provider = kDefaultProvider;
        settings.origin = ProviderOrigin::Default;
        return {};
    }
    if (const auto flaw = flaw_of_provider(*configured.provider)) {
        const bool is_of_file = configured.origin == ProviderOrigin::ProfileFile;
        return fail(ErrorClass::Config,
                    fmt::format("{}: model_provider {}",
                                is_of_file ? *settings.profile_path : settings.config_path, *flaw));
    }
    settings.provider = *std::move(configured.provider);
    settings.origin = configured.origin;
    return {};
}

/// sqlite_home from the Codex home, the variable from the current folder.
std::optional<std::string> settle_sqlite_home(const CodexHome& home, const Configured& configured,
                                              const Environment& environment) {
    if (configured.sqlite_home && !is_blank(*configured.sqlite_home)) {
        return absolute_path(join_path(home.path, trim(*configured.sqlite_home)));
    }
    const char* variable = environment("CODEX_SQLITE_HOME");
    if (variable == nullptr || is_blank(variable)) return std::nullopt;
    return absolute_path(variable);
}

}  // namespace

std::string_view name_of(ProviderOrigin origin) {
    switch (origin) {
        case ProviderOrigin::Option: return "option";
        case ProviderOrigin::ProfileFile: return "profile-file";
        case ProviderOrigin::ProfileTable: return "profile-table";
        case ProviderOrigin::ConfigFile: return "config";
        case ProviderOrigin::Default: return "default";
    }
    std::unreachable();
}

Status check_provider(std::string_view provider) {
    if (const auto flaw = flaw_of_provider(provider)) {
        return fail(ErrorClass::Usage,
                    fmt::format("the provider \"{}\" {}", printable(provider), *flaw));
    }
    return {};
}

Status check_profile(std::string_view profile) {
    if (is_profile_name(trim(profile))) return {};
    return fail(ErrorClass::Usage,
                fmt::format("\"{}\" is no profile name: only letters, digits, \"_\" and \"-\" may "
                            "stand in one",
                            printable(profile)));
}

Result<Settings> read_settings(const CodexHome& home, const SettingsRequest& request,
                               const Environment& environment) {
    Settings settings;
    settings.config_path = join_path(home.path, "config.toml");
    const ConfigFile root = TRY(read_config(settings.config_path));
    settings.config = root.state;
    Configured configured{.provider = TRY(text_in(root, {"model_provider"})),
                          .sqlite_home = TRY(text_in(root, {"sqlite_home"}))};
    add_providers_of(root, settings.known_providers);

    settings.profile = TRY(profile_in_force(request, root, settings.config_path));
    if (settings.profile) {
        const bool is_known = TRY(apply_profile(settings, configured, root));
        if (!is_known && request.profile) return no_such_profile(settings);
    }
    settings.sqlite_home = settle_sqlite_home(home, configured, environment);
    TRY(settle_provider(settings, request, std::move(configured)));
    settle_known_providers(settings);
    return settings;
}

}  // namespace trueup::codex
