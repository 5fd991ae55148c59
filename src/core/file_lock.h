#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace trueup::core {

/// An exclusive flock on a file that may stay empty. The kernel releases it when the object goes,
/// and when the process dies.
class FileLock {
  public:
    struct Wait {
        std::chrono::milliseconds budget{0};  // 0: try once.
        std::function<void()> on_wait;        // Called once, before the first wait.
        const Clock* clock = nullptr;
    };
    /// Creates the file when it is missing. Retryable when another process still holds it after the
    /// budget, Failed when the file cannot be made; an interrupt ends the wait.
    static Result<FileLock> acquire(const std::string& path, const Wait& wait);

  private:
    explicit FileLock(File file) : file_(std::move(file)) {}
    File file_;
};

}  // namespace trueup::core
