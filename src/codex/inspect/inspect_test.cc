#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "codex/inspect/inventory.h"
#include "codex/testing/clock_ahead.h"
#include "codex/testing/sample_rollout.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

using codex::testing::make_rollout;
using codex::testing::make_store;
using codex::testing::SampleRow;
using codex::testing::TemporaryHome;
using codex::testing::thread_id;

class InspectTest : public ::testing::Test {
  protected:
    CodexHome home() const { return {.path = home_.path(), .canonical = home_.path()}; }
    Inventory look(const InspectOptions& options = {}) {
        auto found = inspect(home(), Settings{}, options, clock_, progress_);
        EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message);
        return found.value_or(Inventory{});
    }
    /// "1: 2 rows, 1 rollouts" and so on, in the order of the threads.
    static std::vector<std::string> shape(const Inventory& inventory) {
        std::vector<std::string> lines;
        for (const Thread& thread : inventory.threads) {
            std::string line = fmt::format("{}: {} rows, {} rollouts", thread.id.view().back(),
                                           thread.rows.size(), thread.rollouts.size());
            if (thread.unusable) {
                line += fmt::format(", {}", name_of(inventory.rollouts[*thread.unusable].problem));
            }
            lines.push_back(std::move(line));
        }
        return lines;
    }
    std::string rollout(int number, const std::string& provider = "azure") const {
        return make_rollout(home_.path(), {.id = thread_id(number), .provider = provider});
    }
    void store(const std::vector<SampleRow>& rows) const {
        make_store(home_.path("state_5.sqlite"), {.rows = rows});
    }

    TemporaryHome home_;
    codex::testing::ClockAhead clock_;
    core::Progress progress_;
};

using Lines = std::vector<std::string>;

TEST_F(InspectTest, RowsAndRolloutsMeetByTheIdInTheFile) {
    const std::string first = rollout(1);
    const std::string second = rollout(2);
    store({{.id = thread_id(1), .rollout_path = first},
           {.id = thread_id(2), .rollout_path = second.substr(home_.path().size() + 1)},
           {.id = thread_id(3), .rollout_path = first},
           {.id = thread_id(4), .rollout_path = home_.path("sessions/gone.jsonl")},
           {.id = thread_id(5), .rollout_path = ""}});
    rollout(6);
    EXPECT_EQ(shape(look()), (Lines{"1: 1 rows, 1 rollouts", "2: 1 rows, 1 rollouts",
                                    "3: 1 rows, 0 rollouts, none", "4: 1 rows, 0 rollouts, missing",
                                    "5: 1 rows, 0 rollouts", "6: 0 rows, 1 rollouts"}));
}

TEST_F(InspectTest, AThreadOfTwoStoresIsOneThread) {
    const std::string path = rollout(1);
    store({{.id = thread_id(1), .rollout_path = path, .provider = "azure"}});
    make_store(home_.path("sqlite/state_5.sqlite"),
               {.rows = {{.id = thread_id(1), .rollout_path = path, .provider = "openai"}}});
    const Inventory found = look();
    EXPECT_EQ(found.stores.size(), 2U);
    EXPECT_EQ(shape(found), Lines{"1: 2 rows, 1 rollouts"});
    EXPECT_EQ(found.rollouts.size(), 1U);
}

TEST_F(InspectTest, TwoNamesOfOneFileAreOneRollout) {
    const std::string path = rollout(1);
    const std::string other = home_.path("sessions/rollout-other.jsonl");
    std::filesystem::create_hard_link(path, other);
    const std::string link = home_.path("sessions/rollout-link.jsonl");
    std::filesystem::create_symlink(path, link);
    store(
        {{.id = thread_id(1), .rollout_path = other}, {.id = thread_id(2), .rollout_path = link}});
    const Inventory found = look();
    EXPECT_EQ(found.rollouts.size(), 1U);
    EXPECT_EQ(shape(found), (Lines{"1: 1 rows, 1 rollouts", "2: 1 rows, 0 rollouts, none"}));
}

TEST_F(InspectTest, ACanonicalPathInARowIsTheFileOfTheWalk) {
    const std::string real = rollout(1);
    store({{.id = thread_id(1), .rollout_path = real}});
    const TemporaryHome elsewhere;
    const std::string link = elsewhere.path("codex");
    std::filesystem::create_directory_symlink(home_.path(), link);
    const auto found = inspect({.path = link, .canonical = home_.path()}, Settings{}, {},
                               system_clock(), progress_);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->rollouts.size(), 1U);
    EXPECT_EQ(shape(*found), Lines{"1: 1 rows, 1 rollouts"});
}

TEST_F(InspectTest, WhatIsWrongWithOneHidesNoOther) {
    home_.write("sessions/rollout-empty.jsonl", "");
    home_.write("sessions/rollout-torn.jsonl", "{\"type\":\"session_me");
    const std::string good = rollout(1);
    store({{.id = thread_id(1), .rollout_path = good},
           {.id = thread_id(2), .rollout_path = home_.path("sessions/rollout-torn.jsonl")}});
    home_.write("sqlite/state_5.sqlite", "no database");
    const Inventory found = look();
    EXPECT_EQ(shape(found), (Lines{"1: 1 rows, 1 rollouts", "2: 1 rows, 0 rollouts, not-json"}));
    ASSERT_EQ(found.stores.size(), 2U);
    EXPECT_TRUE(found.stores[0].problem.has_value());
    EXPECT_FALSE(found.stores[1].problem.has_value());
    EXPECT_EQ(found.rollouts.size(), 3U);
}

TEST_F(InspectTest, WithoutRolloutsOnlyRowsCount) {
    rollout(1);
    store({{.id = thread_id(2)}});
    const Inventory found = look({.has_rollouts = false});
    EXPECT_TRUE(found.rollouts.empty());
    EXPECT_EQ(shape(found), Lines{"2: 1 rows, 0 rollouts"});
}

TEST_F(InspectTest, ASecondLookReadsOnlyWhatChanged) {
    std::vector<std::string> paths;
    std::vector<SampleRow> rows;
    for (int i = 1; i <= 5; ++i) {
        paths.push_back(rollout(i));
        rows.push_back({.id = thread_id(i), .rollout_path = paths.back()});
    }
    store(rows);
    const InspectOptions cached{.cache_path = home_.path("cache/stamps")};
    const Inventory first = look(cached);
    EXPECT_EQ(first.rollouts_read, 5U);
    ASSERT_TRUE(write_cache(first, cached.cache_path).has_value());
    const Inventory second = look(cached);
    EXPECT_EQ(second.rollouts_read, 0U);
    EXPECT_EQ(shape(second), shape(first));
    for (std::size_t i = 0; i < first.rollouts.size(); ++i) {
        EXPECT_EQ(second.rollouts[i].metas, first.rollouts[i].metas);
        EXPECT_EQ(second.rollouts[i].info.mode, first.rollouts[i].info.mode);
    }

    // Times move in steps: the next one has to have come.
    std::int64_t now_ns = 0;
    while (now_ns <= first.rollouts[4].info.ctime_ns) {
        home_.write("probe", "x");
        now_ns = file_info(home_.path("probe")).value()->ctime_ns;
    }
    // As long as before, with the old time: only the change time tells.
    const auto time = std::filesystem::last_write_time(paths[2]);
    rollout(3, "ollam");
    std::filesystem::last_write_time(paths[2], time);
    std::ofstream(paths[3], std::ios::app) << "{}\n";
    std::filesystem::remove(paths[4]);
    const Inventory third = look(cached);
    EXPECT_EQ(third.rollouts_read, 3U) << "the one that is missing was looked for";
    EXPECT_EQ(third.rollouts[2].provider(), "ollam");
    EXPECT_EQ(shape(third)[4], "5: 1 rows, 0 rollouts, missing");
}

TEST_F(InspectTest, NoStoreIsAnError) {
    rollout(1);
    EXPECT_FALSE(inspect(home(), Settings{}, {}, system_clock(), progress_).has_value());
}

}  // namespace
}  // namespace trueup::codex
