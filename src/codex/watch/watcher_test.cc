#include "codex/watch/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "codex/watch/watch_test_support.h"

namespace trueup::codex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Error locked(std::string message = "the home is locked") {
    return {ErrorClass::Retryable, std::move(message), {}};
}

TEST(Watcher, AQuietHomeIsScannedByTheClockAndReadRarely) {
    FakeWorld world;
    EXPECT_THAT(world.watch_until(seconds(599)), ElementsAre(seconds(0)));
    // At the start, one look after the run, and one scan a minute.
    EXPECT_LE(world.waits, 12);
    EXPECT_EQ(world.store_looks, 10);
    FakeWorld longer;
    EXPECT_THAT(longer.watch_until(seconds(1300)),
                ElementsAre(seconds(0), seconds(600), seconds(1200)));
}

TEST(Watcher, ARunIsOneOfWatchWithTheOptionsAsked) {
    FakeWorld world;
    world.options.settings = {.provider = "azure", .profile = "work"};
    world.options.stores = StoreFilter::App;
    world.options.is_sqlite_only = true;
    world.options.padding = 7;
    world.watch_until(seconds(1));
    EXPECT_EQ(world.last_options.kind, RunKind::Watch);
    EXPECT_EQ(world.last_options.settings.provider, "azure");
    EXPECT_EQ(world.last_options.settings.profile, "work");
    EXPECT_EQ(world.last_options.stores, StoreFilter::App);
    EXPECT_TRUE(world.last_options.is_sqlite_only);
    EXPECT_FALSE(world.last_options.is_dry_run);
    EXPECT_EQ(world.last_options.padding, 7U);
    EXPECT_LE(world.last_options.wait, seconds(1));
    EXPECT_EQ(world.tree_looks, 0) << "rollouts do not concern it";
}

TEST(Watcher, AConfigurationCountsOnceItIsQuiet) {
    FakeWorld world;
    world.at(milliseconds(5000), [&] { world.write_config(""); });
    world.at(milliseconds(5100), [&] { world.write_config("model_pro"); });
    world.at(milliseconds(5200), [&] { world.write_config("model_provider = \"azure\""); });
    EXPECT_THAT(world.watch_until(seconds(20)), ElementsAre(seconds(0), milliseconds(5500)));
    EXPECT_EQ(world.seen_configs.back(), "model_provider = \"azure\"");
}

TEST(Watcher, AConfigurationThatIsNeverQuietDoesNotStarve) {
    FakeWorld world;
    for (int change = 0; change < 20; ++change) {
        world.at(milliseconds(5000 + 200 * change), [&] { world.write_config("x"); });
    }
    EXPECT_THAT(world.watch_until(seconds(20)),
                ElementsAre(seconds(0), milliseconds(6000), milliseconds(7200), milliseconds(8400),
                            milliseconds(9100)));
}

TEST(Watcher, AConfigurationThatChangedUnseenIsFoundByTheScan) {
    FakeWorld world;
    world.at(seconds(30), [&] { world.write_config_unseen(); });
    EXPECT_THAT(world.watch_until(seconds(100)), ElementsAre(seconds(0), milliseconds(60'300)));
}

TEST(Watcher, ANewThreadIsPutRightWithinASecond) {
    FakeWorld world;
    world.on_run = [&] { return world.put_right(); };
    world.at(seconds(5), [&] { world.commit({"new"}); });
    // Commits that go on do not put it off.
    for (int commit = 1; commit < 20; ++commit) {
        world.at(seconds(5) + milliseconds(50 * commit), [&] { world.commit({"new"}); });
    }
    const auto runs = world.watch_until(seconds(20));
    ASSERT_GE(runs.size(), 2U);
    EXPECT_EQ(runs[1], milliseconds(5300));
}

TEST(Watcher, CommitsThatLeaveNothingOffTheTargetCostNoRun) {
    FakeWorld world;
    for (int second = 1; second < 50; ++second) {
        world.at(seconds(second), [&] { world.commit({}); });
    }
    EXPECT_THAT(world.watch_until(seconds(59)), ElementsAre(seconds(0)));
}

TEST(Watcher, ThreadsThatWereLeftAreNoNews) {
    FakeWorld world;
    world.outcome.left_out = {left("a", Reason::Paginated), left("b", Reason::HardLinked)};
    world.at(seconds(5), [&] { world.commit({"a", "b"}); });
    world.at(seconds(10), [&] { world.commit({"a", "new"}); });
    world.at(seconds(11), [&] { world.commit({"a"}); });
    // Nothing about them changes by itself, so that the scans do not try them again either.
    EXPECT_THAT(world.watch_until(seconds(300)), ElementsAre(seconds(0), milliseconds(10'300)));
}

TEST(Watcher, ThreadsThatMayBecomeFreeAreTriedAtEachScan) {
    FakeWorld world;
    world.outcome.left_out = {left("a", Reason::OpenElsewhere)};
    world.at(seconds(5), [&] { world.commit({"a"}); });
    world.at(seconds(100), [&] { world.outcome.left_out.clear(); });
    EXPECT_THAT(world.watch_until(seconds(300)),
                ElementsAre(seconds(0), seconds(60), seconds(120)));
}

TEST(Watcher, ARowThatNoRunCanChangeDoesNotMakeItSpin) {
    FakeWorld world;
    world.at(seconds(5), [&] { world.commit({"stubborn"}); });
    world.at(seconds(6), [&] { world.commit({"stubborn"}); });
    world.at(seconds(7), [&] { world.commit({"stubborn"}); });
    const auto runs = world.watch_until(seconds(59));
    EXPECT_THAT(runs, ElementsAre(seconds(0), milliseconds(5300)));
}

TEST(Watcher, ARowThatTurnsBackLaterIsNewsAgain) {
    FakeWorld world;
    world.on_run = [&] { return world.put_right(); };
    world.at(seconds(5), [&] { world.commit({"a"}); });
    world.at(seconds(8), [&] { world.commit({"a"}); });
    EXPECT_THAT(world.watch_until(seconds(59)),
                ElementsAre(seconds(0), milliseconds(5300), milliseconds(8300)));
}

TEST(Watcher, FoldersOfRolloutsThatMovedCallForARunAtTheScan) {
    FakeWorld world;
    world.at(seconds(70), [&] { world.move_tree(); });
    EXPECT_THAT(world.watch_until(seconds(300)), ElementsAre(seconds(0), seconds(120)));
}

TEST(Watcher, AStoreThatIsReplacedOrComesCallsForARun) {
    FakeWorld world;
    world.at(seconds(5), [&] { world.replace_store(); });
    EXPECT_THAT(world.watch_until(seconds(50)), ElementsAre(seconds(0), milliseconds(5300)));
}

TEST(Watcher, LostEventsAreMadeUpFor) {
    FakeWorld world;
    world.at(seconds(5), [&] { world.lose(); });
    const auto runs = world.watch_until(seconds(50));
    EXPECT_THAT(runs, ElementsAre(seconds(0), milliseconds(5300)));
    EXPECT_GE(world.follows, 3);
}

TEST(Watcher, ErrorsBackOffToAMinuteAndAreSaidOnce) {
    FakeWorld world;
    world.on_run = [] { return Result<RunOutcome>(std::unexpected(locked())); };
    const auto runs = world.watch_until(seconds(200));
    std::vector<std::int64_t> gaps;
    for (std::size_t run = 1; run < runs.size(); ++run) {
        gaps.push_back(std::chrono::floor<seconds>(runs[run] - runs[run - 1]).count());
    }
    EXPECT_THAT(gaps, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60));
    EXPECT_THAT(world.said, ElementsAre("the home is locked"));
}

TEST(Watcher, AfterAnErrorIsOverTheNextOneStartsAnew) {
    FakeWorld world;
    std::optional<Error> error = locked();
    world.on_run = [&] {
        return error ? Result<RunOutcome>(std::unexpected(*error))
                     : Result<RunOutcome>(world.outcome);
    };
    world.at(seconds(10), [&] { error.reset(); });
    world.at(seconds(20), [&] {
        error = locked("the disk is full");
        world.write_config("x");
    });
    const auto runs = world.watch_until(milliseconds(22'000));
    EXPECT_THAT(runs, ElementsAre(seconds(0), seconds(1), seconds(3), seconds(7), seconds(15),
                                  milliseconds(20'300), milliseconds(21'300)));
    EXPECT_THAT(world.said, ElementsAre("the home is locked", "it works again",
                                        "0 threads are under openai", "the disk is full"));
}

TEST(Watcher, WhileItFailsRowsWaitAndAConfigurationDoesNot) {
    FakeWorld world;
    world.on_run = [] { return Result<RunOutcome>(std::unexpected(locked())); };
    for (int tenth = 80; tenth < 140; ++tenth) {
        world.at(milliseconds(100 * tenth), [&] { world.commit({"a"}); });
    }
    world.at(milliseconds(10'000), [&] { world.write_config("x"); });
    world.at(milliseconds(12'000), [&] { world.replace_store(); });
    // 15 s would have been the next; the two changes bring one run each.
    const auto runs = world.watch_until(milliseconds(14'000));
    ASSERT_GE(runs.size(), 6U);
    EXPECT_THAT(std::vector(runs.begin() + 4, runs.end()),
                ElementsAre(milliseconds(10'300), testing::Le(milliseconds(12'300))));
}

TEST(Watcher, AStoreInBackfillIsTriedAgainAndAtOnceWhenItIsOver) {
    FakeWorld world;
    world.outcome.stores[0].result = StoreResult::Backfill;
    world.store.is_ready = false;
    for (int second = 1; second < 40; ++second) {
        world.at(seconds(second), [&] { world.commit({"a"}); });
    }
    world.at(seconds(40), [&] {
        world.outcome.stores[0].result = StoreResult::Updated;
        world.store.is_ready = true;
        world.commit({"a"});
    });
    const auto runs = world.watch_until(seconds(42));
    EXPECT_THAT(runs, ElementsAre(seconds(0), seconds(1), seconds(3), seconds(7), seconds(15),
                                  seconds(31), milliseconds(40'300)));
}

TEST(Watcher, AnOutcomeThatFailedIsAnError) {
    FakeWorld world;
    world.outcome.failure = locked("no store could be updated");
    world.watch_until(seconds(6));
    EXPECT_THAT(world.runs, ElementsAre(seconds(0), seconds(1), seconds(3)));
    EXPECT_THAT(world.said, ElementsAre("no store could be updated"));
}

TEST(Watcher, AStoreThatCannotBeLookedAtIsLeftToARun) {
    FakeWorld world;
    world.at(seconds(5), [&] {
        world.store.problem = locked();
        world.commit({"a"});
    });
    world.at(seconds(6), [&] { world.commit({"a"}); });
    EXPECT_THAT(world.watch_until(milliseconds(6350)), ElementsAre(seconds(0), milliseconds(6300)));
}

TEST(Watcher, AnInterruptedRunIsTheEnd) {
    FakeWorld world;
    world.on_run = [] {
        return Result<RunOutcome>(fail(ErrorClass::Interrupted, "stopped by signal 15"));
    };
    EXPECT_THAT(world.watch_until(seconds(100)), SizeIs(1));
    EXPECT_THAT(world.said, IsEmpty());
}

TEST(Watcher, SaysOnceThatItHasToPoll) {
    FakeWorld world;
    world.follow_note = "looking every 500 ms";
    world.watch_until(seconds(200));
    EXPECT_THAT(world.said, ElementsAre("looking every 500 ms", "0 threads are under openai"));
}

/// One change: to the configuration, or of one more thread, which is off until a run.
std::function<void()> change_of(FakeWorld& world, std::set<std::string>& off, bool is_config,
                                std::string id) {
    return [&world, &off, is_config, id = std::move(id)] {
        if (is_config) return world.write_config("x");
        off.insert(id);
        world.commit({off.begin(), off.end()});
    };
}

/// Whatever happens when, nothing waits longer than it may, and nothing spins.
TEST(WatcherProperty, ChangesAreAnsweredInTimeAndRunsAreFewEnough) {
    EXPECT_TRUE(rc::check([] {
        FakeWorld world;
        world.run_time = milliseconds(*rc::gen::inRange(0, 200));
        std::set<std::string> off;
        world.on_run = [&] {
            off.clear();
            return world.put_right();
        };
        std::multimap<nanoseconds, bool> changes;  // True: of the configuration.
        const int count = *rc::gen::inRange(0, 40);
        for (int change = 0; change < count; ++change) {
            const nanoseconds when = milliseconds(*rc::gen::inRange(1000, 30'000));
            const bool is_config = *rc::gen::arbitrary<bool>();
            changes.emplace(when, is_config);
            world.at(when, change_of(world, off, is_config, std::to_string(change)));
        }
        const auto runs = world.watch_until(seconds(50));
        for (const auto& [when, is_config] : changes) {
            // A run that was under way does not count; it may have looked before the change.
            const auto answer = std::ranges::lower_bound(runs, when);
            RC_ASSERT(answer != runs.end());
            const nanoseconds limit = is_config ? nanoseconds(kSettleMax) : nanoseconds(kSettle);
            RC_ASSERT(*answer - when <= limit + 2 * world.run_time);
        }
        RC_ASSERT(runs.size() <= changes.size() + 1);
    }));
}

}  // namespace
}  // namespace trueup::codex
