#include "codex/watch/store_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "sqlite/statement.h"
#include "sqlite/transaction.h"

namespace trueup::codex {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr UnixMicros kNow = 1'800'000'000'000'000;

class StoreProbeTest : public ::testing::Test {
  protected:
    void SetUp() override {
        testing::make_store(path_, {.rows = {{.id = "a", .provider = "openai"},
                                             {.id = "b", .provider = "azure"},
                                             {.id = "c", .provider = "zeta"},
                                             {.id = "d", .provider = std::nullopt}},
                                    .allows_null = true});
    }
    void sql(const std::string& text) const { testing::run_sql(path_, text); }
    StoreLook look(const ThreadIds& known = {}) { return probe_.look("openai", known, kNow); }

    testing::TemporaryHome home_;
    std::string path_ = home_.path("state_5.sqlite");
    StoreProbe probe_{path_};
};

TEST_F(StoreProbeTest, TheFirstLookReadsWhatIsOffTheTarget) {
    const StoreLook first = look({"c"});
    EXPECT_TRUE(first.is_moved);
    EXPECT_TRUE(first.is_ready);
    EXPECT_FALSE(first.problem.has_value());
    EXPECT_THAT(first.news, UnorderedElementsAre("b", "d"));
}

TEST_F(StoreProbeTest, OnlyACommitOrAnotherTargetMakesItMove) {
    static_cast<void>(look());
    EXPECT_FALSE(look().is_moved);
    EXPECT_FALSE(look().is_moved);
    sql("UPDATE threads SET title = 'x' WHERE id = 'a'");
    EXPECT_TRUE(look().is_moved);
    EXPECT_FALSE(look().is_moved);
    const StoreLook other = probe_.look("azure", {}, kNow);
    EXPECT_TRUE(other.is_moved);
    EXPECT_THAT(other.news, UnorderedElementsAre("a", "c", "d"));
}

TEST_F(StoreProbeTest, ACommitThatIsUnderWayIsNotSeen) {
    static_cast<void>(look());
    auto writer = sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::ReadWrite}).value();
    auto transaction =
        sqlite::Transaction::begin(writer, sqlite::TransactionKind::Immediate).value();
    ASSERT_TRUE(writer.exec("UPDATE threads SET model_provider = 'vm' WHERE id = 'a'"));
    EXPECT_FALSE(look().is_moved);
    ASSERT_TRUE(transaction.commit());
    EXPECT_THAT(look({"b", "c", "d"}).news, ElementsAre("a"));
}

TEST_F(StoreProbeTest, ItHoldsNoLockBetweenLooks) {
    static_cast<void>(look());
    auto writer = sqlite::Connection::open(
        path_, {.mode = sqlite::OpenMode::ReadWrite, .busy_timeout = std::chrono::milliseconds(0)});
    ASSERT_TRUE(writer->exec("DELETE FROM threads"));
    // Of a checkpoint that had to wait for a reader the first number would be 1.
    EXPECT_EQ(writer->query_int64("PRAGMA wal_checkpoint(TRUNCATE)").value(), 0);
    EXPECT_THAT(look().news, IsEmpty());
}

TEST_F(StoreProbeTest, AFileThatTookThePlaceIsOpenedAnew) {
    static_cast<void>(look());
    const std::string other = home_.path("other.sqlite");
    testing::make_store(other, {.rows = {{.id = "z", .provider = "azure"}}});
    std::filesystem::rename(other, path_);
    EXPECT_THAT(look().news, ElementsAre("z"));
}

TEST_F(StoreProbeTest, SaysWhetherCodexRebuildsIt) {
    sql("UPDATE backfill_state SET status = 'running', updated_at = 1799999990");
    EXPECT_FALSE(look().is_ready);
    sql("UPDATE backfill_state SET status = 'complete'");
    EXPECT_TRUE(look().is_ready);
}

TEST_F(StoreProbeTest, WhatCannotBeReadIsAProblemUntilItCan) {
    std::filesystem::rename(path_, home_.path("away"));
    EXPECT_THAT(look().problem->message, ::testing::HasSubstr("is gone"));
    home_.write("state_5.sqlite", "no database at all, but long enough to have a header");
    EXPECT_THAT(look().problem->message, ::testing::HasSubstr("state_5.sqlite"));
    std::filesystem::rename(home_.path("away"), path_);
    const StoreLook after = look();
    EXPECT_FALSE(after.problem.has_value());
    EXPECT_TRUE(after.is_moved);
}

TEST_F(StoreProbeTest, ATableThatIsNotThereIsAProblem) {
    sql("DROP TABLE threads");
    EXPECT_TRUE(look().problem.has_value());
}

TEST_F(StoreProbeTest, ManyRowsAreNewsInParts) {
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
        "INSERT INTO threads SELECT 'n' || i, rollout_path, created_at, updated_at, created_at_ms, "
        "updated_at_ms, source, thread_source, 'vm', cwd, title, sandbox_policy, approval_mode, "
        "tokens_used, has_user_event, archived, archived_at, git_sha, git_branch, git_origin_url, "
        "cli_version, first_user_message, agent_nickname, agent_role, memory_mode, model, "
        "reasoning_effort, agent_path, preview FROM threads, n WHERE id = 'a'");
    EXPECT_EQ(look().news.size(), std::size_t{kNewsMax});
}

TEST_F(StoreProbeTest, TheQuestionGoesThroughCodexsIndex) {
    auto reader = sqlite::Connection::open(path_, {}).value();
    auto plan =
        sqlite::Statement::prepare(reader, "EXPLAIN QUERY PLAN " + std::string(kRowsOffTarget))
            .value();
    int searches = 0;
    while (plan.step().value()) {
        const std::string_view detail = plan.column_text(3);
        EXPECT_FALSE(detail.starts_with("SCAN")) << detail;
        if (detail.starts_with("SEARCH")) ++searches;
    }
    EXPECT_EQ(searches, 3);
}

}  // namespace
}  // namespace trueup::codex
