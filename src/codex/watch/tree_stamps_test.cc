#include "codex/watch/tree_stamps.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

namespace fs = std::filesystem;

class TreeStampsTest : public ::testing::Test {
  protected:
    /// Far from now, so that no folder can still change within the tick of its time.
    bool has_moved() { return tree_.has_moved(kLater); }
    static constexpr UnixMicros kLater = 4'000'000'000'000'000;

    testing::TemporaryHome home_;
    TreeStamps tree_{{home_.path("sessions"), home_.path("archived_sessions")}};
};

TEST_F(TreeStampsTest, SeesWhatComesAndGoes) {
    EXPECT_FALSE(has_moved()) << "there is nothing";
    home_.write("sessions/2026/01/01/a.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
    home_.write("sessions/2026/01/01/b.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
    home_.write("sessions/2026/01/02/c.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    fs::rename(home_.path("sessions/2026/01/02/c.jsonl"),
               home_.path("sessions/2026/01/02/d.jsonl"));
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
    home_.write("archived_sessions/a.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    fs::remove(home_.path("sessions/2026/01/01/a.jsonl"));
    EXPECT_TRUE(has_moved());
    fs::remove_all(home_.path("sessions"));
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
}

TEST_F(TreeStampsTest, WhatChangesInPlaceIsNotItsBusiness) {
    home_.write("sessions/a.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    home_.write("sessions/a.jsonl", "{\"x\":1}");
    home_.write("elsewhere/a.jsonl", "{}");
    EXPECT_FALSE(has_moved());
}

TEST_F(TreeStampsTest, AFolderThatTookThePlaceOfAnother) {
    home_.write("sessions/2026/a.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    fs::rename(home_.path("sessions"), home_.path("old"));
    home_.write("sessions/2026/b.jsonl", "{}");
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
}

TEST_F(TreeStampsTest, AFolderChangedThisVeryMomentIsNotTrusted) {
    home_.write("sessions/a.jsonl", "{}");
    const UnixMicros changed =
        std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::file_clock::to_sys(fs::last_write_time(home_.path("sessions")))
                .time_since_epoch())
            .count();
    EXPECT_TRUE(tree_.has_moved(changed));
    EXPECT_TRUE(tree_.has_moved(changed + 60'000'000)) << "once more, to be sure";
    EXPECT_FALSE(tree_.has_moved(changed + 120'000'000));
}

TEST_F(TreeStampsTest, LinksInARingEnd) {
    home_.write("sessions/2026/a.jsonl", "{}");
    fs::create_directory_symlink(home_.path("sessions"), home_.path("sessions/2026/up"));
    EXPECT_TRUE(has_moved());
    EXPECT_FALSE(has_moved());
}

TEST_F(TreeStampsTest, AFileInThePlaceOfARootIsNothing) {
    home_.write("sessions", "");
    EXPECT_FALSE(has_moved());
}

}  // namespace
}  // namespace trueup::codex
