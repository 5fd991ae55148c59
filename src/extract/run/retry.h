#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "extract/run/job.h"

/// Work on a source that fails for the moment is done again: as often, and after as long, as
/// tuning says.
namespace trueup::extract {

/// Before attempt `attempt + 1`: doubled each time, at most 60 s, half of it by chance, so that
/// workers that failed together do not come back together.
std::chrono::milliseconds retry_pause(const JobContext& job, std::int64_t attempt);

/// Interrupted when a stop was asked for meanwhile.
Status wait_unless_interrupted(std::chrono::milliseconds pause);

void tell_retry(std::string_view what, const Error& error);

/// `work()` returns a Result and can be done again as it is; what it left is replaced.
/// `wait(pause)` returns a Status. Final once `is_gone()`: what the work needs will not come back.
template <class Work, class Wait, class IsGone>
auto with_retries(const JobContext& job, const Work& work, const Wait& wait, const IsGone& is_gone)
    -> decltype(work()) {
    const int attempts_max = job.wanted->tuning.retries_max + 1;
    for (int attempt = 1;; ++attempt) {
        auto outcome = work();
        const bool is_final = outcome || attempt >= attempts_max ||
                              outcome.error().kind != ErrorClass::Retryable || is_gone();
        if (is_final) return outcome;
        tell_retry(job.wanted->name, outcome.error());
        TRY(wait(retry_pause(job, attempt)));
    }
}
template <class Work, class Wait>
auto with_retries(const JobContext& job, const Work& work, const Wait& wait) -> decltype(work()) {
    return with_retries(job, work, wait, [] { return false; });
}
template <class Work>
auto with_retries(const JobContext& job, const Work& work) -> decltype(work()) {
    return with_retries(job, work, wait_unless_interrupted);
}

}  // namespace trueup::extract
