#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace trueup::extract {

/// What was asked of a source so far, through one session or several.
struct SourceLoad {
    std::int64_t statements = 0;
    /// The statement that took longest, from when it was sent until its last row had come or it
    /// was given up, in microseconds.
    std::int64_t longest_us = 0;
    std::int64_t connections = 0;  // Opened; those that replaced lost ones count again.

    void add(const SourceLoad& other) {
        statements += other.statements;
        longest_us = std::max(longest_us, other.longest_us);
        connections += other.connections;
    }
};

/// Counts one statement, which runs for as long as this object lives. The load must outlive it.
class StatementTimer {
  public:
    explicit StatementTimer(SourceLoad& load)
        : load_(&load), started_(system_clock().monotonic()) {}
    StatementTimer(const StatementTimer&) = delete;
    StatementTimer& operator=(const StatementTimer&) = delete;
    StatementTimer(StatementTimer&&) = delete;
    StatementTimer& operator=(StatementTimer&&) = delete;
    ~StatementTimer() { end(); }

    /// Before the object's own end; a second time changes nothing.
    void end() {
        if (load_ == nullptr) return;
        const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
            system_clock().monotonic() - started_);
        load_->add({.statements = 1, .longest_us = took.count()});
        load_ = nullptr;
    }

  private:
    SourceLoad* load_;
    std::chrono::nanoseconds started_;
};

}  // namespace trueup::extract
