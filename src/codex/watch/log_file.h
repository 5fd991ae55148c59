#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace trueup::codex {

/// A log reaching this size becomes "<path>.1", whose former content goes.
inline constexpr std::uint64_t kLogBytesMax = 10u << 20;

/// Lines with the local time before them, appended to a file (mode 0600). It is opened for each
/// line: lines are rare, and so others may move the file away.
class LogFile {
  public:
    /// Makes the folder; `clock` is borrowed.
    static Result<LogFile> open(std::string path, const Clock& clock);

    Status write(std::string_view line) const;

  private:
    LogFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(&clock) {}
    std::string path_;
    const Clock* clock_;
};

}  // namespace trueup::codex
