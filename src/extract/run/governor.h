#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "extract/run/worker_limit.h"

namespace trueup::extract {

/// What became of the workers of a run.
struct Governed {
    int workers_least = 0;  // That were allowed at any time.
    int workers_most = 0;
    std::int64_t changes = 0;
    std::vector<std::string> reasons;  // For fewer workers: each signal once, as it was first seen.
    std::vector<std::string> warnings;  // Whole sentences, each names the export.
};

/// Lets fewer workers take chunks while the source is under strain. It looks over a connection of
/// its own, which it opens itself; when three looks in a row fail it gives up, and all may work.
///
/// Limitations: what is being read is read to its end, so a new limit is reached when chunks end.
class Governor {
  public:
    using OpenGauge = std::function<Result<std::unique_ptr<PressureGauge>>()>;
    using Tell = std::function<void(const WorkerLimit::Change&)>;

    /// `name` of the export, for people. What the arguments refer to must outlive the governor.
    Governor(std::string name, OpenGauge open, WorkerLimit::Range range, const Clock& clock);

    /// Looks from now on, the first time at once, until rest() or the end of the object. `tell`
    /// hears of each change, in the order they come.
    void watch(std::chrono::milliseconds interval, Tell tell);
    /// Stops looking. What has been decided stays.
    Governed rest();

    /// How many workers may be at a chunk; for any thread.
    int workers() const { return workers_; }

    /// One look, for whoever does not watch. False when there is no use in another.
    bool look(const Tell& tell);

  private:
    Result<Pressure> read();
    bool count_failure(const Error& error, const Tell& tell);
    void enact(const std::optional<WorkerLimit::Change>& change, const Tell& tell);

    std::string name_;
    OpenGauge open_;
    const Clock* clock_;
    std::unique_ptr<PressureGauge> gauge_;
    WorkerLimit limit_;
    std::atomic<int> workers_;
    std::optional<std::chrono::milliseconds> fastest_;  // Answer so far.
    int failures_ = 0;                                  // In a row.
    Governed governed_;
    std::vector<std::string_view> signals_;  // Behind `reasons`.
    std::jthread watcher_;                   // Last: it ends before what it uses.
};

}  // namespace trueup::extract
