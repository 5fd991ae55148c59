#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/process.h"
#include "base/result.h"

/// Which process runs in the background: docs/formats/service.md.
namespace trueup::codex {

struct PidFile {
    std::int64_t pid = 0;
    std::int64_t started_ticks = 0;  // After boot: a pid alone is used again.
    std::string boot_id;
    std::string executable;  // What /proc/PID/exe said.
    bool operator==(const PidFile&) const = default;
};

std::string to_text(const PidFile& file);
/// Nothing when it is not exactly what to_text() writes.
std::optional<PidFile> parse_pid_file(std::string_view text);

inline constexpr std::uint64_t kPidFileBytesMax = 8192;
/// Nothing when it does not exist; Integrity, naming the file, when it is damaged.
Result<std::optional<PidFile>> read_pid_file(const std::string& path);
/// Durable when it returns; made with its folder.
Status write_pid_file(const std::string& path, const PidFile& file);

/// What /proc says about a process now.
Result<PidFile> describe_process(std::int64_t pid);

/// The process that the file names still runs: same boot, same start, same program (which may have
/// been replaced on the disk meanwhile).
bool is_running(const PidFile& file);

}  // namespace trueup::codex
