#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codex/plan/plan.h"
#include "codex/plan/plan_test_support.h"

namespace trueup::codex {
namespace {

using core::FieldValue;
using core::Partition;
using core::PartitionVerdict;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Texts = std::vector<std::string>;

core::Report report_of(const MadeUp& made, PlanOptions options = {}) {
    return to_report(made.inventory, made.plan(std::move(options)));
}

TEST(PlanReport, ARightHomeIsClean) {
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("a");
    made.row(store, "openai");
    made.rollout({.provider = "openai"});
    made.thread("b");
    made.row(store, "openai");
    const core::Report report = report_of(made);
    EXPECT_EQ(report.verdict(), core::Verdict::Clean);
    EXPECT_EQ(report.command, "codex check");
    EXPECT_EQ(report.subject, "/u/.codex");
    EXPECT_EQ(report.evidence, "stamp");
    EXPECT_EQ(report.truth, "provider openai");
    ASSERT_EQ(report.partitions.size(), 1U);
    EXPECT_EQ(report.partitions[0], (Partition{.kind = "store",
                                               .id = "cli /u/.codex/cli",
                                               .truth = 2,
                                               .copy = 2,
                                               .verdict = PartitionVerdict::Match}));
}

TEST(PlanReport, NamesEachThreadThatDiffers) {
    MadeUp made;
    const std::uint32_t app = made.store(StoreKind::App);
    const std::uint32_t cli = made.store();
    made.thread("a");
    made.row(app, "old");
    made.row(cli, std::nullopt);
    made.rollout({.provider = "azure", .path = "/u/.codex/sessions/a.jsonl"});
    made.thread("b");
    made.row(cli, "openai");
    made.rollout({.path = "/u/.codex/sessions/b.jsonl", .blanks = 0, .links = 3});
    const core::Report report = report_of(made);
    EXPECT_EQ(report.verdict(), core::Verdict::Differs);
    ASSERT_EQ(report.partitions.size(), 4U);
    EXPECT_EQ(report.partitions[0].note, "1 row under another provider");
    EXPECT_EQ(report.summary().truth_total, 3);
    EXPECT_EQ(report.summary().copy_total, 1);
    const Partition& a = report.partitions[2];
    EXPECT_EQ(a.id, "a");
    EXPECT_EQ(a.verdict, PartitionVerdict::Mismatch);
    EXPECT_THAT(
        a.fields,
        ElementsAre(Pair("providers", FieldValue(Texts{"old", "", "azure"})),
                    Pair("target", FieldValue("openai")), Pair("action", FieldValue("patch")),
                    Pair("rollouts", FieldValue(Texts{"/u/.codex/sessions/a.jsonl"}))));
    const Partition& b = report.partitions[3];
    EXPECT_EQ(b.verdict, PartitionVerdict::Mismatch);
    EXPECT_THAT(b.note, HasSubstr("/u/.codex/sessions/b.jsonl"));
    EXPECT_THAT(b.fields, Contains(Pair("reason", FieldValue("hard-linked"))));
}

TEST(PlanReport, WhatCouldNotBeLookedAtIsUnknown) {
    MadeUp made;
    const std::uint32_t store = made.store();
    made.thread("a");
    made.row(store, "openai");
    made.unusable({.path = "/u/.codex/sessions/a.jsonl", .problem = RolloutProblem::NotJson});
    made.store(StoreKind::App);
    made.inventory.stores[1].problem = Error{ErrorClass::Integrity, "not a database", {}};
    made.store(StoreKind::Configured);
    made.inventory.stores[2].store.is_missing = true;
    const core::Report report = report_of(made);
    EXPECT_EQ(report.verdict(), core::Verdict::Incomplete);
    EXPECT_EQ(report.summary().unknown, 3);
    EXPECT_EQ(report.partitions[1].note, "not a database");
    EXPECT_EQ(report.partitions[1].truth, std::nullopt);
    EXPECT_EQ(report.partitions[2].note, "it does not exist");
    EXPECT_THAT(report.partitions[3].fields,
                Contains(Pair("rollouts", FieldValue(Texts{"/u/.codex/sessions/a.jsonl"}))));
}

TEST(PlanReport, SaysWhatABackfillIsDoing) {
    MadeUp made;
    const std::uint32_t running = made.store(StoreKind::App, BackfillState::Running);
    made.store(StoreKind::Cli, BackfillState::Stale);
    made.thread("a");
    made.row(running, "old");
    const core::Report report = report_of(made);
    EXPECT_EQ(report.partitions[0].note, "1 row under another provider; Codex is rebuilding it");
    EXPECT_THAT(report.partitions[1].note, HasSubstr("its worker is gone"));
}

TEST(PlanReport, CountsOnlyTheSelected) {
    MadeUp made;
    const std::uint32_t store = made.store();
    for (const char* id : {"a", "b", "c"}) {
        made.thread(id);
        made.row(store, "old");
    }
    const core::Report report = report_of(made, {.selection = {.threads = {"b"}}});
    ASSERT_EQ(report.partitions.size(), 2U);
    EXPECT_EQ(report.partitions[0].truth, 1);
    EXPECT_EQ(report.partitions[0].copy, 0);
}

TEST(PlanReport, IsReadBackWhateverTheIdsAre) {
    MadeUp made;
    const std::uint32_t store = made.store();
    for (const char* id : {"\xff", "\xfe", "\x1b[2J", ""}) {
        made.thread(id);
        made.row(store, "old\xff");
    }
    const std::string text = core::to_json(report_of(made));
    const auto read = core::parse_report(text, "report");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->partitions.size(), 5U);
}

}  // namespace
}  // namespace trueup::codex
