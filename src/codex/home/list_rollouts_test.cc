#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "codex/home/rollout.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

using codex::testing::TemporaryHome;

std::vector<std::string> names(const auto& paths, const std::string& home) {
    std::vector<std::string> out;
    for (const std::string_view path : paths) {
        EXPECT_TRUE(path.starts_with(home + "/"));
        out.emplace_back(path.substr(home.size() + 1));
    }
    return out;
}

using Names = std::vector<std::string>;

TEST(ListRollouts, FindsThemAtAnyDepthInOrder) {
    const TemporaryHome home;
    const Names want = {
        "archived_sessions/rollout-0.jsonl",   "archived_sessions/rollout-1.jsonl.zst",
        "sessions/2025/12/31/rollout-b.jsonl", "sessions/2026-x/rollout-a.jsonl",
        "sessions/2026/01/01/rollout-a.jsonl", "sessions/2026/01/01/rollout-b.jsonl",
        "sessions/rollout-top.jsonl",
    };
    for (const std::string& name : want) home.write(name, "");
    for (const std::string_view name :
         {"sessions/2026/01/01/notes.jsonl", "sessions/rollout-a.json", "sessions/rollout-.txt",
          "sessions/xrollout-a.jsonl", "sessions/rollout-a.jsonl.gz", "other/rollout-a.jsonl",
          "rollout-a.jsonl"}) {
        home.write(name, "");
    }
    const RolloutFiles files = list_rollouts(home.path());
    EXPECT_EQ(names(files.rollouts, home.path()), want);
    EXPECT_TRUE(std::ranges::is_sorted(files.rollouts));
    EXPECT_TRUE(files.leftovers.empty());
    EXPECT_TRUE(files.refused.empty());
}

TEST(ListRollouts, NoFoldersNoRollouts) {
    const TemporaryHome home;
    EXPECT_TRUE(list_rollouts(home.path()).rollouts.empty());
    home.write("sessions", "a file");
    EXPECT_TRUE(list_rollouts(home.path()).rollouts.empty());
    EXPECT_TRUE(list_rollouts(home.path("missing")).rollouts.empty());
    EXPECT_TRUE(list_rollouts(home.path()).refused.empty());
}

TEST(ListRollouts, LeftoversAreToldApart) {
    const TemporaryHome home;
    const Names want = {
        "sessions/rollout-a.jsonl.threadripper.1767225600000.tmp",
        "sessions/rollout-a.jsonl.trueup-20260131T081500Z-8a12.old",
        "sessions/rollout-a.jsonl.trueup-20260131T081500Z-8a12.tmp",
        "sessions/rollout-a.jsonl.zst.trueup-20260131T081500Z-8a12.tmp",
    };
    for (const std::string& name : want) home.write(name, "");
    for (const std::string_view name :
         {"sessions/rollout-a.tmp", "sessions/rollout-a.jsonl.tmp", "sessions/rollout-a.jsonl.old",
          "sessions/a.jsonl.trueup-1.tmp", "sessions/rollout-a.trueup-1.tmp",
          "sessions/rollout-a.jsonl.trueup-1.txt", "sessions/rollout-a.jsonl.threadripper.1.old"}) {
        home.write(name, "");
    }
    const RolloutFiles files = list_rollouts(home.path());
    EXPECT_EQ(names(files.leftovers, home.path()), want);
    EXPECT_TRUE(files.rollouts.empty());
}

TEST(ListRollouts, LinksAreFollowedOnce) {
    const TemporaryHome home;
    home.write("real/2026/rollout-a.jsonl", "");
    std::filesystem::create_directory_symlink("real", home.path("sessions"));
    std::filesystem::create_directory_symlink("..", home.path("real/2026/up"));
    std::filesystem::create_directory_symlink("2026", home.path("real/2027"));
    std::filesystem::create_directory_symlink("real", home.path("archived_sessions"));
    std::filesystem::create_symlink("../2026/rollout-a.jsonl",
                                    home.path("real/rollout-link.jsonl"));
    std::filesystem::create_symlink("nowhere", home.path("real/rollout-lost.jsonl"));
    const RolloutFiles files = list_rollouts(home.path());
    EXPECT_EQ(names(files.rollouts, home.path()), (Names{"archived_sessions/2026/rollout-a.jsonl",
                                                         "archived_sessions/rollout-link.jsonl",
                                                         "archived_sessions/rollout-lost.jsonl"}));
    EXPECT_TRUE(files.refused.empty());
}

TEST(ListRollouts, WhatIsNoFileIsNoRollout) {
    const TemporaryHome home;
    home.write("sessions/rollout-folder.jsonl/rollout-a.jsonl", "");
    ASSERT_EQ(::mkfifo(home.path("sessions/rollout-pipe.jsonl").c_str(), 0600), 0);
    const RolloutFiles files = list_rollouts(home.path());
    EXPECT_EQ(names(files.rollouts, home.path()),
              Names{"sessions/rollout-folder.jsonl/rollout-a.jsonl"});
}

TEST(ListRollouts, FoldersAreNotFollowedForEver) {
    const TemporaryHome home;
    std::string name = "sessions";
    for (int depth = 0; depth < 60; ++depth) name += "/d";
    home.write(name + "/rollout-a.jsonl", "");
    const RolloutFiles files = list_rollouts(home.path());
    EXPECT_TRUE(files.rollouts.empty());
    ASSERT_EQ(files.refused.size(), 1u);
    EXPECT_TRUE(files.refused[0].detail.starts_with("cannot list " + files.refused[0].path));
}

}  // namespace
}  // namespace trueup::codex
