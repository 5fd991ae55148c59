#include "extract/run/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "base/signal.h"

namespace trueup::extract {

using std::chrono::milliseconds;

milliseconds retry_pause(const JobContext& job, std::int64_t attempt) {
    constexpr std::int64_t kPauseMaxMs = 60'000;
    const std::int64_t backoff = std::max<std::int64_t>(job.wanted->tuning.retry_backoff_ms, 1);
    const std::int64_t doublings = std::clamp<std::int64_t>(attempt - 1, 0, 16);
    const std::int64_t whole = std::min(backoff << doublings, kPauseMaxMs);
    const std::uint64_t by_chance = job.random->next() % static_cast<std::uint64_t>(whole / 2 + 1);
    return milliseconds(whole / 2 + static_cast<std::int64_t>(by_chance));
}

Status wait_unless_interrupted(milliseconds pause) {
    constexpr milliseconds kSlice{50};
    for (auto left = pause; left.count() > 0; left -= kSlice) {
        TRY(check_interrupt());
        std::this_thread::sleep_for(std::min(left, kSlice));
    }
    return check_interrupt();
}

void tell_retry(std::string_view what, const Error& error) {
    log::warn(fmt::format("{} will be tried again: {}", what, error.message));
}

}  // namespace trueup::extract
