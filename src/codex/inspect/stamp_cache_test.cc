#include "codex/inspect/stamp_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

using codex::testing::TemporaryHome;

constexpr std::int64_t kChangedNs = 1'700'000'000'000'000'000;

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Rollouts as an inspection leaves them, in order of their paths.
class StampCacheTest : public ::testing::Test {
  protected:
    StampCacheTest() {
        add("archived_sessions/rollout-1.jsonl");
        add("sessions/2026/rollout-2.jsonl");
        add("sessions/2026/rollout-3.jsonl.zst");
        MetaAt second = rollouts_[1].metas[0];
        second.offset = 7000;
        second.meta.provider = std::nullopt;
        second.meta.values = {};
        second.meta.is_missing = true;
        second.meta.is_paginated = true;
        rollouts_[1].metas.push_back(second);
        rollouts_[1].has_encrypted = true;
        rollouts_[2].metas.clear();
        rollouts_[2].problem = RolloutProblem::NotJson;
        rollouts_[2].detail = "line 1 is no JSON from byte 3 on";
    }

    void add(const std::string& name) {
        home_.write(name, "something");
        const std::string path = home_.path(name);
        Rollout one{.path = path, .format = format_of(path)};
        one.info = file_info(path).value().value();
        one.info.ctime_ns = kChangedNs;
        one.looked_at_ns = kChangedNs + 1'000'000'000;
        one.thread_id = "thread of " + name;
        MetaLine meta{.thread_id = one.thread_id, .provider = "azure"};
        meta.values = {{.offset = 10, .length = 7}, {.offset = 30, .length = 7}};
        meta.length = 500;
        meta.insert_at = 9;
        meta.blanks_at_end = 64;
        meta.blanks_inside = 3;
        meta.has_split_providers = true;
        meta.cwd = "/project";
        one.metas.push_back({.offset = 0, .meta = meta});
        rollouts_.push_back(std::move(one));
    }

    std::string cache() const { return home_.path("stamps"); }
    void keep() { ASSERT_TRUE(keep_stamps(rollouts_, home_.path(), cache()).has_value()); }
    /// By the places of `asked`, each for a file that is as it was.
    std::vector<std::optional<Rollout>> recalled(const std::vector<Rollout>& asked) const {
        const StampCache kept = StampCache::read(cache());
        std::vector<SharedText> paths;
        paths.reserve(asked.size());
        for (const Rollout& one : asked) paths.push_back(one.path);
        const auto places = kept.places_of(paths, home_.path());
        std::vector<std::optional<Rollout>> found;
        found.reserve(asked.size());
        TextPool pool;
        for (std::size_t i = 0; i < asked.size(); ++i) {
            found.push_back(kept.recall(places[i], paths[i], asked[i].info, pool));
        }
        return found;
    }
    /// The places of those of `rollouts_` that are recalled.
    std::vector<int> recalled_places() const {
        std::vector<int> places;
        const auto found = recalled(rollouts_);
        for (int i = 0; i < std::ssize(found); ++i) {
            if (found[static_cast<std::size_t>(i)]) places.push_back(i);
        }
        return places;
    }

    TemporaryHome home_;
    std::vector<Rollout> rollouts_;
};

using Places = std::vector<int>;

TEST_F(StampCacheTest, WhatIsKeptIsRecalled) {
    keep();
    const auto found = recalled(rollouts_);
    ASSERT_EQ(found.size(), rollouts_.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Rollout& want = rollouts_[i];
        ASSERT_TRUE(found[i].has_value());
        EXPECT_EQ(found[i]->path, want.path);
        EXPECT_EQ(found[i]->format, want.format);
        EXPECT_EQ(found[i]->info.mode, want.info.mode);
        EXPECT_EQ(found[i]->looked_at_ns, want.looked_at_ns);
        EXPECT_EQ(found[i]->problem, want.problem);
        EXPECT_EQ(found[i]->detail, want.detail);
        EXPECT_EQ(found[i]->thread_id, want.thread_id);
        EXPECT_EQ(found[i]->has_encrypted, want.has_encrypted);
        EXPECT_EQ(found[i]->metas, want.metas);
    }
}

TEST_F(StampCacheTest, AnIdMayStandInTheNameOrNot) {
    const std::string id = "019bc9e3-0000-7000-8000-000000000001";
    add("sessions/2027/rollout-2027-01-01T00-00-00-" + id + ".jsonl");
    add("sessions/2027/rollout-2027-01-02T00-00-00-" + id + ".jsonl.zst");
    for (std::size_t i = 3; i < 5; ++i) rollouts_[i].thread_id = id;
    for (std::size_t i = 3; i < 5; ++i) rollouts_[i].metas[0].meta.thread_id = id;
    keep();
    const auto found = recalled(rollouts_);
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].value().thread_id, rollouts_[i].thread_id);
        EXPECT_EQ(found[i].value().metas, rollouts_[i].metas);
    }
}

TEST_F(StampCacheTest, AnyFieldOfAFileTellsThatItChanged) {
    keep();
    const std::vector<Rollout> kept = rollouts_;
    for (const auto field : {&FileInfo::bytes, &FileInfo::device, &FileInfo::inode}) {
        ++(rollouts_[0].info.*field);
        EXPECT_EQ(recalled_places(), (Places{1, 2}));
        rollouts_ = kept;
    }
    for (const auto field : {&FileInfo::mtime_ns, &FileInfo::ctime_ns}) {
        --(rollouts_[0].info.*field);
        EXPECT_EQ(recalled_places(), (Places{1, 2}));
        rollouts_ = kept;
    }
    EXPECT_EQ(recalled_places(), (Places{0, 1, 2}));
}

TEST_F(StampCacheTest, WhatMayHaveChangedUnseenIsNotKept) {
    rollouts_[0].looked_at_ns = kChangedNs + 10'000'000;  // The same tick may bring more.
    rollouts_[1].looked_at_ns = kChangedNs - 1;           // Changed in the future: a clock jumped.
    keep();
    EXPECT_EQ(recalled_places(), Places{2});
}

TEST_F(StampCacheTest, FilesThatCameOrWentDoNotDisturbTheOthers) {
    const std::vector<Rollout> all = rollouts_;
    rollouts_ = {all[0], all[2]};
    keep();
    rollouts_ = all;
    EXPECT_EQ(recalled_places(), (Places{0, 2}));
    keep();
    rollouts_ = {all[1]};
    EXPECT_EQ(recalled_places(), Places{0});
}

TEST_F(StampCacheTest, WhatLiesElsewhereIsNotKept) {
    Rollout outside = rollouts_[2];
    outside.path = "/elsewhere/rollout-9.jsonl";
    Rollout beside = rollouts_[2];
    beside.path = home_.path() + "-other/sessions/rollout-9.jsonl";
    rollouts_.insert(rollouts_.begin(), {outside, beside});
    keep();
    EXPECT_EQ(recalled_places(), (Places{2, 3, 4}));
}

TEST_F(StampCacheTest, AMissingOneSaysNothing) { EXPECT_EQ(recalled_places(), Places{}); }

TEST_F(StampCacheTest, EveryFlippedByteSilencesIt) {
    keep();
    const std::string bytes = bytes_of(cache());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x21);
        write(cache(), damaged);
        ASSERT_EQ(recalled_places(), Places{}) << "byte " << i;
    }
}

TEST_F(StampCacheTest, EveryTruncationSilencesIt) {
    keep();
    const std::string bytes = bytes_of(cache());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        write(cache(), bytes.substr(0, length));
        ASSERT_EQ(recalled_places(), Places{}) << length << " bytes";
    }
}

TEST_F(StampCacheTest, ItMayBeLargerThanABlock) {
    for (int i = 0; i < 2000; ++i)
        add("sessions/2027/rollout-" + std::to_string(10000 + i) + ".jsonl");
    keep();
    EXPECT_EQ(recalled_places().size(), rollouts_.size());
}

}  // namespace
}  // namespace trueup::codex
