#include "codex/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "codex/plan/plan_test_support.h"

namespace trueup::codex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kNowSeconds = 1'800'000'000;

enum class Open : std::uint8_t { NotLooked, Nowhere, Elsewhere, Unclear };

OpenFiles open_files_of(Open open, const Inventory& inventory) {
    OpenFiles files;
    files.is_complete = open == Open::Nowhere;
    if (open != Open::Elsewhere) return files;
    for (const Rollout& rollout : inventory.rollouts) {
        files.files.insert({.device = rollout.info.device, .inode = rollout.info.inode});
    }
    return files;
}

/// One thread with one row and what the row's rollouts look like.
struct Row {
    std::optional<std::string> row = "old";
    std::vector<RolloutSpec> rollouts;
    std::optional<RolloutSpec> unusable;
    Open open = Open::Nowhere;
    Action action;
    Reason reason = Reason::None;
    int line = __builtin_LINE();
};

void expect_row(const Row& row) {
    const testing::ScopedTrace trace(__FILE__, row.line, "this row");
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("t");
    made.row(store, row.row);
    for (const RolloutSpec& spec : row.rollouts) made.rollout(spec);
    if (row.unusable) made.unusable(*row.unusable);
    const OpenFiles files = open_files_of(row.open, made.inventory);
    const Plan plan = made.plan({.open_files = row.open == Open::NotLooked ? nullptr : &files});
    ASSERT_EQ(plan.threads.size(), 1U);
    EXPECT_EQ(name_of(plan.threads[0].action), name_of(row.action));
    EXPECT_EQ(name_of(plan.threads[0].reason), name_of(row.reason));
    EXPECT_EQ(plan.threads[0].detail.empty(), row.reason == Reason::None);
}

using enum Action;

TEST(Plan, WhatARolloutAllows) {
    const std::string far = "/u/.codexes/sessions/x.jsonl";
    const std::string real = "/disk/codex/sessions/x.jsonl";
    const std::string climbing = "/u/.codex/../x.jsonl";
    const Row rows[] = {
        // What is right stays.
        Row{.row = "openai", .rollouts = {{.provider = "openai"}}, .action = Match},
        Row{.row = "openai", .rollouts = {{.provider = "openai", .path = far}}, .action = Match},
        Row{.row = "openai",
            .rollouts = {{.provider = "openai", .blanks = 0, .links = 2}},
            .action = Match},
        Row{.row = "openai", .action = Match},
        // In place, while every record has room.
        Row{.rollouts = {{}}, .action = Patch},
        Row{.row = "openai", .rollouts = {{}}, .action = Patch},
        Row{.rollouts = {{.blanks = 3}}, .action = Patch},
        Row{.rollouts = {{.blanks = 2}}, .action = Grow},
        Row{.rollouts = {{.blanks = 3, .records = 3}}, .action = Patch},
        Row{.rollouts = {{.blanks = 2, .records = 3}}, .action = Grow},
        Row{.rollouts = {{.provider = "azure-production", .blanks = 0}}, .action = Patch},
        Row{.rollouts = {{.blanks = 3, .is_paginated = true}}, .action = Patch},
        Row{.rollouts = {{.links = 2}}, .action = Patch},
        Row{.rollouts = {{.path = real}}, .action = Patch},
        Row{.rollouts = {{}}, .open = Open::Elsewhere, .action = Patch},
        Row{.rollouts = {{.mtime_s = kNowSeconds}}, .open = Open::Unclear, .action = Patch},
        // Written anew.
        Row{.rollouts = {{.format = RolloutFormat::Zstd}}, .action = Grow},
        Row{.rollouts = {{.blanks = 0}}, .open = Open::NotLooked, .action = Grow},
        Row{.rollouts = {{.blanks = 0, .mtime_s = kNowSeconds}}, .action = Grow},
        Row{.rollouts = {{.blanks = 0, .mtime_s = kNowSeconds - 60}},
            .open = Open::Unclear,
            .action = Grow},
        Row{.rollouts = {{}, {.blanks = 0}}, .action = Grow},
        Row{.rollouts = {{.provider = "openai", .links = 2}, {.blanks = 0}}, .action = Grow},
        // Only rows.
        Row{.action = RowOnly},
        Row{.row = std::nullopt, .action = RowOnly},
        Row{.rollouts = {{.provider = "openai"}}, .action = RowOnly},
        Row{.rollouts = {{.provider = "openai", .path = far}}, .action = RowOnly},
        Row{.unusable = RolloutSpec{.problem = RolloutProblem::Missing}, .action = RowOnly},
        Row{.unusable = RolloutSpec{}, .action = RowOnly},  // Another thread's.
        Row{.rollouts = {{.problem = RolloutProblem::Missing}}, .action = RowOnly},
        // Its own rollout lies elsewhere than the row says.
        Row{.rollouts = {{}},
            .unusable = RolloutSpec{.problem = RolloutProblem::Missing},
            .action = Patch},
        Row{.rollouts = {{}}, .unusable = RolloutSpec{}, .action = Patch},
        // Blocked.
        Row{.rollouts = {{.blanks = 0, .is_paginated = true}},
            .action = Blocked,
            .reason = Reason::Paginated},
        Row{.rollouts = {{.format = RolloutFormat::Zstd, .is_paginated = true}},
            .action = Blocked,
            .reason = Reason::Paginated},
        Row{.rollouts = {{.blanks = 0, .links = 2}},
            .action = Blocked,
            .reason = Reason::HardLinked},
        Row{.rollouts = {{.format = RolloutFormat::Zstd, .links = 2}},
            .action = Blocked,
            .reason = Reason::HardLinked},
        Row{.rollouts = {{.blanks = 0}},
            .open = Open::Elsewhere,
            .action = Blocked,
            .reason = Reason::OpenElsewhere},
        Row{.rollouts = {{.format = RolloutFormat::Zstd}},
            .open = Open::Elsewhere,
            .action = Blocked,
            .reason = Reason::OpenElsewhere},
        Row{.rollouts = {{.blanks = 0, .mtime_s = kNowSeconds - 59}},
            .open = Open::Unclear,
            .action = Blocked,
            .reason = Reason::MaybeOpen},
        Row{.rollouts = {{.blanks = 0, .mtime_s = kNowSeconds + 9}},
            .open = Open::Unclear,
            .action = Blocked,
            .reason = Reason::MaybeOpen},
        Row{.rollouts = {{.path = far}}, .action = Blocked, .reason = Reason::OutsideHome},
        Row{.rollouts = {{.path = climbing}}, .action = Blocked, .reason = Reason::OutsideHome},
        Row{.rollouts = {{.path = far, .blanks = 0}},
            .action = Blocked,
            .reason = Reason::OutsideHome},
        // One of several rollouts is enough.
        Row{.rollouts = {{}, {.path = far}}, .action = Blocked, .reason = Reason::OutsideHome},
        Row{.rollouts = {{.blanks = 0}, {.blanks = 0, .links = 2}},
            .action = Blocked,
            .reason = Reason::HardLinked},
        Row{.row = "openai",
            .rollouts = {{.provider = "openai"}, {.path = far}},
            .action = Blocked,
            .reason = Reason::OutsideHome},
    };
    for (const Row& row : rows) expect_row(row);
}

TEST(Plan, WhatCannotBeReadKeepsItsRows) {
    const std::pair<RolloutProblem, Reason> problems[] = {
        {RolloutProblem::Unreadable, Reason::Unreadable},
        {RolloutProblem::NotAFile, Reason::Unreadable},
        {RolloutProblem::TooLong, Reason::Unreadable},
        {RolloutProblem::Empty, Reason::Empty},
        {RolloutProblem::NotJson, Reason::NotJson},
        {RolloutProblem::NoMeta, Reason::NoMeta},
        {RolloutProblem::Damaged, Reason::Damaged},
    };
    for (const auto& [problem, reason] : problems) {
        const RolloutSpec bad = {.problem = problem};
        expect_row({.rollouts = {bad}, .action = Bad, .reason = reason});
        expect_row({.row = "openai", .rollouts = {{}, bad}, .action = Bad, .reason = reason});
        expect_row({.unusable = bad, .action = Bad, .reason = reason});
        expect_row({.rollouts = {{}}, .unusable = bad, .action = Bad, .reason = reason});
    }
}

TEST(Plan, NamesTheFileToBlame) {
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("blocked");
    made.row(store, "old");
    made.rollout({.path = "/u/.codex/sessions/linked.jsonl", .blanks = 0, .links = 2});
    made.thread("bad");
    made.row(store, "old");
    const auto index =
        made.unusable({.path = "/u/.codex/sessions/bad.jsonl", .problem = RolloutProblem::NotJson});
    made.inventory.rollouts[index].detail = "line 1, byte 7";
    const Plan plan = made.plan();
    EXPECT_EQ(plan.threads[0].detail, "/u/.codex/sessions/linked.jsonl");
    EXPECT_EQ(plan.threads[1].detail, "/u/.codex/sessions/bad.jsonl: line 1, byte 7");
}

TEST(Plan, ListsWhatChanges) {
    MadeUp made;
    const std::uint32_t app = made.store(StoreKind::App);
    const std::uint32_t cli = made.store();
    made.thread("t");
    made.row(app, "openai");
    made.row(cli, "old");
    const std::uint32_t roomy = made.rollout({});
    made.rollout({.provider = "openai"});
    const std::uint32_t full = made.rollout({.blanks = 0, .has_encrypted = true});
    const Plan plan = made.plan();
    EXPECT_EQ(plan.target, "openai");
    const ThreadPlan& only = plan.threads.at(0);
    EXPECT_THAT(only.patches, ElementsAre(roomy));
    EXPECT_THAT(only.growths, ElementsAre(full));
    ASSERT_EQ(only.rows.size(), 1U);
    EXPECT_EQ(only.rows[0].store, cli);
    EXPECT_TRUE(only.has_encrypted);
    EXPECT_EQ(plan.counts.grow, 1);
    EXPECT_EQ(plan.counts.encrypted, 1);
    EXPECT_FALSE(plan.is_empty());
}

/// Three threads under "old": one that both stores know, one that only the first knows, one that
/// none does; each with a rollout.
MadeUp two_stores(BackfillState second) {
    MadeUp made;
    const std::uint32_t first = made.store(StoreKind::App);
    const std::uint32_t other = made.store(StoreKind::Cli, second);
    made.thread("both");
    made.row(first, "old");
    made.row(other, "old");
    made.rollout({});
    made.thread("first");
    made.row(first, "old");
    made.rollout({});
    made.thread("none");
    made.rollout({});
    made.thread("right");
    made.row(other, "openai");
    made.rollout({.provider = "openai"});
    return made;
}

std::vector<std::string> actions_of(const Plan& plan) {
    std::vector<std::string> out;
    for (const ThreadPlan& thread : plan.threads) {
        const bool has_reason = thread.reason != Reason::None;
        out.push_back(std::string(name_of(thread.action)) + (has_reason ? "!" : ""));
        if (has_reason) {
            EXPECT_EQ(thread.reason, Reason::StoreUnavailable);
            EXPECT_THAT(thread.detail, HasSubstr("/u/.codex/"));
        }
    }
    return out;
}

TEST(Plan, AStoreInBackfillHoldsAllRollouts) {
    const MadeUp made = two_stores(BackfillState::Running);
    EXPECT_THAT(actions_of(made.plan()), ElementsAre("blocked!", "blocked!", "blocked!", "match"));
    EXPECT_THAT(actions_of(made.plan({.forces_backfill = true})),
                ElementsAre("patch", "patch", "patch", "match"));
}

TEST(Plan, AStaleBackfillHoldsNothing) {
    EXPECT_THAT(actions_of(two_stores(BackfillState::Stale).plan()),
                ElementsAre("patch", "patch", "patch", "match"));
}

TEST(Plan, RowsAloneAreWrittenInTheReadyStores) {
    const MadeUp made = two_stores(BackfillState::Running);
    const Plan plan = made.plan({.has_rollouts = false});
    EXPECT_THAT(actions_of(plan), ElementsAre("row-only!", "row-only", "match"));
    ASSERT_EQ(plan.threads[0].rows.size(), 1U);
    EXPECT_EQ(plan.threads[0].rows[0].store, 0U);
    EXPECT_EQ(plan.counts.row_only, 2);
    EXPECT_EQ(plan.counts.match, 1);
}

TEST(Plan, AnUnreadableStoreHoldsWhatNoOtherStoreKnows) {
    MadeUp made = two_stores(BackfillState::Ready);
    StoreView& view = made.inventory.stores[1];
    view.problem = Error{ErrorClass::Retryable, "/u/.codex/cli is locked", {}};
    view.rows.clear();
    // "right" has only a row that nobody could read.
    EXPECT_THAT(actions_of(made.plan()), ElementsAre("blocked!", "patch", "blocked!", "blocked!"));
    EXPECT_THAT(actions_of(made.plan({.forces_backfill = true})),
                ElementsAre("blocked!", "patch", "blocked!", "blocked!"));
    view.store.is_missing = true;
    for (Thread& thread : made.inventory.threads) {
        ShortList<RowRef> left;
        for (const RowRef ref : thread.rows) {
            if (ref.store != 1) left.push_back(ref);
        }
        thread.rows = left;
    }
    EXPECT_THAT(actions_of(made.plan()), ElementsAre("patch", "patch", "patch", "match"));
}

TEST(Plan, WithoutRolloutsOnlyRowsCount) {
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("bad");
    made.row(store, "old");
    made.unusable({.problem = RolloutProblem::NotJson});
    made.thread("rollout alone");
    made.rollout({});
    const Plan plan = made.plan({.has_rollouts = false});
    ASSERT_EQ(plan.threads.size(), 1U);
    EXPECT_EQ(plan.threads[0].action, RowOnly);
    EXPECT_THAT(plan.threads[0].patches, IsEmpty());
}

class OwnTargets : public TargetOf {
  public:
    std::optional<SharedText> target_of(const Thread& thread) const override {
        if (thread.id == "unknown") return std::nullopt;
        return thread.id;
    }
};

TEST(Plan, EachThreadMayHaveATargetOfItsOwn) {
    MadeUp made;
    const std::uint32_t store = made.store();
    for (const char* id : {"old", "unknown", "azure"}) {
        made.thread(id);
        made.row(store, "old");
        made.rollout({});
    }
    const OwnTargets targets;
    const Plan plan = made.plan({.targets = &targets});
    ASSERT_EQ(plan.threads.size(), 2U);
    EXPECT_EQ(plan.threads[0].action, Match);
    EXPECT_EQ(plan.threads[1].action, Patch);
    EXPECT_EQ(plan.threads[1].thread, 2U);
    EXPECT_EQ(plan.threads[1].target, "azure");
}

TEST(Plan, AnEmptyHomeNeedsNothing) {
    const Plan plan = MadeUp().plan();
    EXPECT_TRUE(plan.is_empty());
    EXPECT_THAT(plan.threads, IsEmpty());
}

TEST(Plan, NamesAreDistinct) {
    std::set<std::string_view> actions;
    for (int action = 0; action <= static_cast<int>(Bad); ++action) {
        EXPECT_TRUE(actions.insert(name_of(static_cast<Action>(action))).second);
    }
    std::set<std::string_view> reasons;
    for (int reason = 0; reason <= static_cast<int>(Reason::NoOriginal); ++reason) {
        EXPECT_TRUE(reasons.insert(name_of(static_cast<Reason>(reason))).second);
    }
}

}  // namespace
}  // namespace trueup::codex
