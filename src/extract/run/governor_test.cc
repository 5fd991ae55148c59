#include "extract/run/governor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace trueup::extract {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Answers as it was told, the last way forever; each answer takes a time of its own.
struct Script {
    std::vector<Result<Pressure>> answers;
    std::vector<int> ms;
    std::size_t next = 0;
};

class ScriptClock final : public Clock {
  public:
    UnixMicros now() const override { return 0; }
    std::chrono::nanoseconds monotonic() const override { return now_; }
    void pass(milliseconds time) { now_ += time; }

  private:
    std::chrono::nanoseconds now_{0};
};

class ScriptGauge final : public PressureGauge {
  public:
    ScriptGauge(Script& script, ScriptClock& clock) : script_(&script), clock_(&clock) {}
    Result<Pressure> read() override {
        const std::size_t at = script_->next++;
        if (!script_->ms.empty()) {
            clock_->pass(milliseconds(script_->ms[std::min(at, script_->ms.size() - 1)]));
        }
        return script_->answers[std::min(at, script_->answers.size() - 1)];
    }

  private:
    Script* script_;
    ScriptClock* clock_;
};

Pressure waiting(std::int64_t sessions) { return {waiting_sessions(sessions)}; }
Result<Pressure> broken() { return fail(ErrorClass::Retryable, "db: connection lost"); }

struct Bench {
    Script script;
    ScriptClock clock;
    std::vector<std::pair<int, int>> told;
    Governor governor{"orders",
                      [this] {
                          return Result<std::unique_ptr<PressureGauge>>(
                              std::make_unique<ScriptGauge>(script, clock));
                      },
                      {.least = 1, .most = 4},
                      clock};

    bool look() {
        return governor.look([this](const WorkerLimit::Change& change) {
            told.emplace_back(change.from, change.to);
        });
    }
};

TEST(Governor, FollowsTheSourceAndTellsEachChange) {
    Bench bench;
    bench.script.answers = {waiting(0), waiting(5), waiting(6), waiting(0), waiting(0), waiting(0)};
    std::vector<int> workers;
    for (int look = 0; look < 6; ++look) {
        EXPECT_TRUE(bench.look());
        workers.push_back(bench.governor.workers());
    }
    EXPECT_THAT(workers, ElementsAre(4, 2, 1, 1, 2, 3));
    EXPECT_THAT(bench.told,
                ElementsAre(std::pair(4, 2), std::pair(2, 1), std::pair(1, 2), std::pair(2, 3)));
    const Governed governed = bench.governor.rest();
    EXPECT_EQ(governed.workers_least, 1);
    EXPECT_EQ(governed.workers_most, 4);
    EXPECT_EQ(governed.changes, 4);
    EXPECT_THAT(governed.reasons,
                ElementsAre("sessions that wait for a lock: 5, which is strain from 3 on"));
    EXPECT_THAT(governed.warnings, IsEmpty());
}

TEST(Governor, GivesUpAfterThreeFailuresInARow) {
    Bench bench;
    bench.script.answers = {waiting(9), broken(), broken(), waiting(9),
                            broken(),   broken(), broken()};
    for (int look = 0; look < 6; ++look) EXPECT_TRUE(bench.look());
    EXPECT_EQ(bench.governor.workers(), 1) << "two failures in a row change nothing";
    EXPECT_FALSE(bench.look());
    EXPECT_EQ(bench.governor.workers(), 4);
    EXPECT_THAT(bench.governor.rest().warnings, ElementsAre(HasSubstr("db: connection lost")));
}

TEST(Governor, AServerThatAnswersSlowlyIsUnderStrain) {
    Bench bench;
    bench.script.answers = {waiting(0)};
    // Ten times the fastest is not slow as long as it is quick; then it is.
    bench.script.ms = {2, 20, 249, 250, 10, 10};
    std::vector<int> workers;
    for (int look = 0; look < 6; ++look) {
        EXPECT_TRUE(bench.look());
        workers.push_back(bench.governor.workers());
    }
    EXPECT_THAT(workers, ElementsAre(4, 4, 4, 2, 2, 3));
    EXPECT_THAT(bench.governor.rest().reasons,
                ElementsAre(HasSubstr("milliseconds until the server answered: 250")));
}

TEST(Governor, ASourceWithoutAGaugeIsNotWatched) {
    const ScriptClock clock;
    Governor governor(
        "orders", [] { return Result<std::unique_ptr<PressureGauge>>(); }, {.least = 1, .most = 4},
        clock);
    EXPECT_FALSE(governor.look([](const WorkerLimit::Change&) { ADD_FAILURE(); }));
    EXPECT_EQ(governor.workers(), 4);
    EXPECT_THAT(governor.rest().warnings, IsEmpty());
}

TEST(Governor, LooksByItselfUntilToldToRest) {
    Bench bench;
    bench.script.answers = {waiting(9)};
    std::mutex mutex;
    std::condition_variable changed;
    int least = 4;
    bench.governor.watch(milliseconds(1), [&](const WorkerLimit::Change& change) {
        const std::lock_guard lock(mutex);
        least = change.to;
        changed.notify_all();
    });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return least == 1; });
    }
    EXPECT_EQ(bench.governor.rest().workers_least, 1);
    EXPECT_EQ(bench.governor.workers(), 1) << "what was decided stays";
}

}  // namespace
}  // namespace trueup::extract
