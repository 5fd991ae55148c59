#pragma once

#include <chrono>

#include "base/clock.h"

namespace trueup::codex::testing {

/// A second ahead of the system, so that no change of a file counts as one of this very moment.
class ClockAhead final : public Clock {
  public:
    UnixMicros now() const override { return system_clock().now() + 1'000'000; }
    std::chrono::nanoseconds monotonic() const override { return system_clock().monotonic(); }
};

}  // namespace trueup::codex::testing
