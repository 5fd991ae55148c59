#include "codex/plan/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "codex/plan/plan_test_support.h"

namespace trueup::codex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Selection, FoldersByWholeComponents) {
    struct Row {
        std::string_view path;
        std::string_view folder;
        bool want;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"/a/b", "/a/b", true},     Row{"/a/b/c", "/a/b", true},
        Row{"/a/b/", "/a/b", true},    Row{"/a/b", "/a/b/", true},
        Row{"/a/b", "/a/b///", true},  Row{"/a/bc", "/a/b", false},
        Row{"/a", "/a/b", false},      Row{"/b/a/b", "/a/b", false},
        Row{"/a", "/", true},          Row{"/", "/", true},
        Row{"", "/", false},           Row{"", "/a", false},
        Row{"a", "/", false},          Row{"/a/b/../c", "/a/b", false},
        Row{"/a/b/..", "/a/b", false}, Row{"/a/b/..c", "/a/b", true},
        Row{"/a/b/c..", "/a/b", true}, Row{"/a/b/.../c", "/a/b", true},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.path);
        EXPECT_EQ(is_within(row.path, row.folder), row.want);
    }
}

/// a: cli row, old, archived, /p, updated at 100; its rollout says azure.
/// b: two rows that disagree in everything.
/// c: only an archived rollout below /p/q, changed at 300. d: only an active one. e: a bare row.
MadeUp five() {
    MadeUp made;
    const std::uint32_t app = made.store(StoreKind::App);
    const std::uint32_t cli = made.store();
    made.thread("a");
    ThreadRow& a = made.row(cli, "old");
    a.is_archived = true;
    a.cwd = "/p";
    a.updated_at = 100;
    made.rollout({.provider = "azure", .mtime_s = 900});
    made.thread("b");
    made.row(app, "old").updated_at = 50;
    ThreadRow& b = made.row(cli, "openai");
    b.is_archived = true;
    b.cwd = "/pq";
    b.updated_at = 200;
    made.thread("c");
    made.rollout({.provider = "vm",
                  .path = "/u/.codex/archived_sessions/rollout-c.jsonl",
                  .mtime_s = 300,
                  .cwd = "/p/q"});
    made.thread("d");
    made.rollout({.provider = "vm"});
    made.thread("e");
    made.row(app, std::nullopt);
    return made;
}

std::vector<std::string> taken(const Selection& selection) {
    const MadeUp made = five();
    std::vector<std::string> out;
    for (const ThreadPlan& plan : made.plan({.selection = selection}).threads) {
        out.push_back(made.inventory.threads[plan.thread].id.str());
    }
    return out;
}

constexpr UnixMicros kSecond = 1'000'000;

TEST(Selection, TakesWhatItNames) {
    EXPECT_THAT(taken({}), ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(taken({.threads = {"c", "a", "a", "x"}}), ElementsAre("a", "c"));
    EXPECT_THAT(taken({.threads = {"x"}}), IsEmpty());
    EXPECT_THAT(taken({.from = {"old"}}), ElementsAre("a", "b"));
    EXPECT_THAT(taken({.from = {"azure", "vm"}}), ElementsAre("a", "c", "d"));
    EXPECT_THAT(taken({.cwd = "/p"}), ElementsAre("a", "c"));
    EXPECT_THAT(taken({.cwd = "/p/q/"}), ElementsAre("c"));
    EXPECT_THAT(taken({.is_archived = true}), ElementsAre("a", "b", "c"));
    EXPECT_THAT(taken({.is_archived = false}), ElementsAre("b", "d", "e"));
    EXPECT_THAT(taken({.threads = {"a", "b"}, .is_archived = false}), ElementsAre("b"));
}

TEST(Selection, SinceCountsTheWholeSecond) {
    EXPECT_THAT(taken({.since = 100 * kSecond}), ElementsAre("a", "b", "c"));
    EXPECT_THAT(taken({.since = 100 * kSecond + 999'999}), ElementsAre("a", "b", "c"));
    EXPECT_THAT(taken({.since = 101 * kSecond}), ElementsAre("b", "c"));
    EXPECT_THAT(taken({.since = 301 * kSecond}), IsEmpty());
    EXPECT_THAT(taken({.since = -1}), ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(taken({.since = std::numeric_limits<UnixMicros>::max()}), IsEmpty());
    EXPECT_THAT(taken({.since = std::numeric_limits<UnixMicros>::min()}),
                ElementsAre("a", "b", "c", "d"));
}

TEST(Selection, HostileTimesDoNotOverflow) {
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("late");
    made.row(store, "old").updated_at = std::numeric_limits<std::int64_t>::max();
    made.thread("early");
    made.row(store, "old").updated_at = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(made.plan({.selection = {.since = 0}}).threads.size(), 1U);
}

TEST(Selection, AnIdThatNobodyHasIsSaid) {
    MadeUp made = five();
    EXPECT_TRUE(require_threads({}, made.inventory).has_value());
    EXPECT_TRUE(require_threads({.threads = {"a", "c", "e"}}, made.inventory).has_value());
    const Status unknown = require_threads({.threads = {"a", "x"}}, made.inventory);
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, ErrorClass::Usage);
    EXPECT_THAT(unknown.error().message, testing::HasSubstr("there is no thread x in "));
    made.inventory.stores[0].problem = Error();
    EXPECT_TRUE(require_threads({.threads = {"x"}}, made.inventory).has_value());
}

TEST(Selection, IsAllOnlyWhenEmpty) {
    EXPECT_TRUE(Selection{}.is_all());
    EXPECT_FALSE(Selection{.threads = {"a"}}.is_all());
    EXPECT_FALSE(Selection{.from = {"a"}}.is_all());
    EXPECT_FALSE(Selection{.cwd = "/"}.is_all());
    EXPECT_FALSE(Selection{.since = 0}.is_all());
    EXPECT_FALSE(Selection{.is_archived = false}.is_all());
}

}  // namespace
}  // namespace trueup::codex
