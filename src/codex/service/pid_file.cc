#include "codex/service/pid_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/file.h"
#include "base/text.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kFirstLine = "trueup.service/1";

/// Where the link leads; the kernel marks a file that is gone from its folder.
std::optional<std::string> program_of(std::int64_t pid) {
    std::array<char, 4096> buffer{};
    const std::string link = fmt::format("/proc/{}/exe", pid);
    const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
    if (size <= 0) return std::nullopt;
    std::string_view path(buffer.data(), static_cast<std::size_t>(size));
    constexpr std::string_view kDeleted = " (deleted)";
    if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
    return std::string(path);
}

std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
    if (!line.starts_with(name)) return std::nullopt;
    return line.substr(name.size());
}

}  // namespace

std::string to_text(const PidFile& file) {
    return fmt::format("{}\npid={}\nstarted={}\nboot={}\nexecutable={}\n", kFirstLine, file.pid,
                       file.started_ticks, file.boot_id, file.executable);
}

std::optional<PidFile> parse_pid_file(std::string_view text) {
    const auto lines = split(text, '\n');
    if (lines.size() != 6 || lines[0] != kFirstLine || !lines[5].empty()) return std::nullopt;
    const auto pid = value_of(lines[1], "pid=").and_then(parse_int64);
    const auto started = value_of(lines[2], "started=").and_then(parse_int64);
    const auto boot = value_of(lines[3], "boot=");
    const auto executable = value_of(lines[4], "executable=");
    if (!pid || *pid <= 0 || !started || !boot || !executable || executable->empty()) {
        return std::nullopt;
    }
    return PidFile{*pid, *started, std::string(*boot), std::string(*executable)};
}

Result<std::optional<PidFile>> read_pid_file(const std::string& path) {
    if (!TRY(file_info(path))) return std::optional<PidFile>();
    auto file = parse_pid_file(TRY(read_file(path, kPidFileBytesMax)));
    if (file) return file;
    return fail(ErrorClass::Integrity, fmt::format("{} is damaged", path));
}

Status write_pid_file(const std::string& path, const PidFile& file) {
    TRY(make_directories(parent_path(path), 0700));
    return replace_file(path, to_text(file), "pid file");
}

Result<PidFile> describe_process(std::int64_t pid) {
    const auto started = system_processes().started_ticks(pid);
    auto executable = program_of(pid);
    if (started && executable) {
        return PidFile{pid, *started, system_processes().self().boot_id, *std::move(executable)};
    }
    return fail(ErrorClass::Failed, fmt::format("process {} cannot be looked at", pid));
}

bool is_running(const PidFile& file) {
    const auto now = describe_process(file.pid);
    return now && *now == file;
}

}  // namespace trueup::codex
