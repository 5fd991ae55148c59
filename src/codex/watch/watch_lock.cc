#include "codex/watch/watch_lock.h"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace trueup::codex {
namespace {

std::string lock_path(const CodexHome& home) { return join_path(home.path, "watch.lock"); }

/// Files of /proc say that they are empty, so this one is read to its end.
std::string all_locks() {
    std::ifstream file("/proc/locks");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words = split(line, ' ');
    std::erase_if(words, [](std::string_view word) { return word.empty(); });
    return words;
}

}  // namespace

// A line reads "12: FLOCK  ADVISORY  WRITE 4711 fe:01:131 0 EOF"; one that waits for a lock has
// "->" behind its number.
std::optional<std::int64_t> find_lock_holder(std::string_view locks, const FileInfo& file) {
    const std::string place =
        fmt::format("{:02x}:{:02x}:{}", major(file.device), minor(file.device), file.inode);
    for (const std::string_view line : split(locks, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 6 || words[1] != "FLOCK" || words[5] != place) continue;
        const auto pid = parse_int64(words[4]);
        if (pid && *pid > 0) return pid;
    }
    return std::nullopt;
}

std::optional<std::int64_t> find_watch(const CodexHome& home) {
    const auto file = file_info(lock_path(home));
    if (!file || !*file) return std::nullopt;
    return find_lock_holder(all_locks(), **file);
}

Result<core::FileLock> lock_watch(const CodexHome& home, const Clock& clock) {
    auto lock = core::FileLock::acquire(lock_path(home), {.clock = &clock});
    if (lock || lock.error().kind != ErrorClass::Retryable) return lock;
    const auto pid = find_watch(home);
    return fail(ErrorClass::Failed,
                fmt::format("another watch{} keeps {} already",
                            pid ? fmt::format(" (process {})", *pid) : "", home.path),
                "\"trueup codex service status\" shows one in the background");
}

}  // namespace trueup::codex
