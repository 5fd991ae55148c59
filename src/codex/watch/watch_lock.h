#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "codex/home/codex_home.h"
#include "core/file_lock.h"

namespace trueup::codex {

/// Takes watch.lock of the home, the file that codex-threadripper's watch holds too. Failed at once
/// when another process has it, naming that process where the system shows it.
Result<core::FileLock> lock_watch(const CodexHome& home, const Clock& clock);

/// The process that keeps the home by a watch, as far as the system shows it; nothing when there
/// is none. Takes no lock.
std::optional<std::int64_t> find_watch(const CodexHome& home);

/// The process that holds a lock of flock(2) on the file, by the text of /proc/locks.
std::optional<std::int64_t> find_lock_holder(std::string_view locks, const FileInfo& file);

}  // namespace trueup::codex
