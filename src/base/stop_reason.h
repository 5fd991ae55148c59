#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.h"

namespace trueup {

/// Why work that several do together must stop: nothing so far, or the first error that one of them
/// met. Safe from any thread.
class StopReason {
  public:
    /// Later ones are dropped: they are mostly what the first one led to.
    void set(Error error) {
        const std::lock_guard lock(mutex_);
        if (error_) return;
        error_ = std::move(error);
        is_set_ = true;
    }
    /// Cheap enough for an inner loop.
    bool is_set() const { return is_set_; }
    /// The reason, once there is one. Call between units of work.
    Status check() const {
        if (!is_set_) return {};
        const std::lock_guard lock(mutex_);
        return std::unexpected(*error_);
    }

  private:
    std::atomic<bool> is_set_{false};
    mutable std::mutex mutex_;  // Guards the error.
    std::optional<Error> error_;
};

}  // namespace trueup
