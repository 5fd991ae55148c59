#include <gtest/gtest.h>

#include "codex/home/store.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "sqlite/transaction.h"

namespace trueup::codex {
namespace {

using testing::make_store;
using testing::run_sql;
using testing::SampleStore;
using testing::TemporaryHome;
using testing::thread_id;

constexpr UnixMicros kNow = 1'800'000'000'000'000;
constexpr std::int64_t kNowSeconds = kNow / 1'000'000;

class StoreRowsTest : public ::testing::Test {
  protected:
    sqlite::Connection with(const SampleStore& sample) const {
        make_store(path_, sample);
        return open();
    }
    sqlite::Connection with_sql(const std::string& sql) const {
        run_sql(path_, sql);
        return open();
    }
    sqlite::Connection open(StoreAccess access = StoreAccess::Read) const {
        return open_store({.kind = StoreKind::Cli, .path = path_}, access, {}).value();
    }
    TemporaryHome home_;
    std::string path_ = home_.path("state_5.sqlite");
};

TEST_F(StoreRowsTest, RowsAreReadInTheOrderOfTheTable) {
    auto db = with({.rows = {{.id = thread_id(9),
                              .rollout_path = "/r/9.jsonl",
                              .provider = "a",
                              .created_at = 5,
                              .updated_at = 7,
                              .is_archived = true,
                              .title = "nine",
                              .cwd = "/w"},
                             {.id = thread_id(1), .rollout_path = "", .provider = "b"}}});
    const auto brief = read_threads(db, RowDetail::Brief).value();
    ASSERT_EQ(brief.size(), 2U);
    EXPECT_EQ(brief[0].id, thread_id(9));
    EXPECT_EQ(brief[0].provider, "a");
    EXPECT_EQ(brief[0].rollout_path, "/r/9.jsonl");
    EXPECT_EQ(brief[0].updated_at, 7);
    EXPECT_TRUE(brief[0].is_archived);
    EXPECT_EQ(brief[0].title, "");
    EXPECT_EQ(brief[1].id, thread_id(1));
    EXPECT_EQ(brief[1].rollout_path, std::nullopt) << "an empty path is none";
    EXPECT_FALSE(brief[1].is_archived);
    const auto full = read_threads(db, RowDetail::Full).value();
    EXPECT_EQ(full[0].title, "nine");
    EXPECT_EQ(full[0].cwd, "/w");
}

TEST_F(StoreRowsTest, NullProviderAndNullPathAreRows) {
    auto db = with(
        {.rows = {{.id = "x", .rollout_path = {}, .provider = {}}, {.id = "y", .provider = ""}},
         .allows_null = true});
    const auto rows = read_threads(db, RowDetail::Brief).value();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].provider, std::nullopt);
    EXPECT_EQ(rows[0].rollout_path, std::nullopt);
    EXPECT_EQ(rows[1].provider, "");
}

TEST_F(StoreRowsTest, IdsOfAnyStorageClassAreTextsAndNullsAreLeftOut) {
    auto db = with_sql(
        "CREATE TABLE threads(id, rollout_path, model_provider, updated_at, archived);"
        "INSERT INTO threads VALUES (7, 8, 9, 'yesterday', 'yes'), (x'6162', x'2F70', x'63', 1.5, "
        "2),"
        "(NULL, '/p', 'a', 1, 0), ('', '', '', x'00', NULL)");
    const auto rows = read_threads(db, RowDetail::Full).value();
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].id, "7");
    EXPECT_EQ(rows[0].provider, "9");
    EXPECT_EQ(rows[0].rollout_path, "8");
    EXPECT_EQ(rows[0].updated_at, std::nullopt);
    EXPECT_FALSE(rows[0].is_archived);
    EXPECT_EQ(rows[1].id, "ab");
    EXPECT_EQ(rows[1].provider, "c");
    EXPECT_EQ(rows[1].updated_at, 1);
    EXPECT_TRUE(rows[1].is_archived);
    EXPECT_EQ(rows[2].id, "");
    EXPECT_EQ(rows[2].updated_at, std::nullopt);
}

TEST_F(StoreRowsTest, ColumnsThatAreNotNeededMayBeMissing) {
    auto db = with_sql(
        "CREATE TABLE threads(id TEXT, rollout_path TEXT, model_provider TEXT);"
        "INSERT INTO threads VALUES ('x', '/p', 'a')");
    for (const RowDetail detail : {RowDetail::Brief, RowDetail::Full}) {
        const auto rows = read_threads(db, detail).value();
        ASSERT_EQ(rows.size(), 1U);
        EXPECT_EQ(rows[0].updated_at, std::nullopt);
        EXPECT_FALSE(rows[0].is_archived);
    }
}

TEST_F(StoreRowsTest, MissingTableAndColumnsAreNamed) {
    home_.write("empty.sqlite", "");
    auto empty = open_store({.kind = StoreKind::Cli, .path = home_.path("empty.sqlite")},
                            StoreAccess::Read, {})
                     .value();
    const Error no_table = read_threads(empty, RowDetail::Brief).error();
    EXPECT_EQ(no_table.kind, ErrorClass::Failed);
    EXPECT_EQ(no_table.message,
              "the store " + home_.path("empty.sqlite") + " has no table threads");
    EXPECT_EQ(count_providers(empty).error().message, no_table.message);
    EXPECT_EQ(RowUpdater::prepare(empty).error().message, no_table.message);
    EXPECT_EQ(read_backfill(empty, kNow).value().state, BackfillState::Ready);

    const std::vector<std::string> all{"id", "rollout_path", "model_provider"};
    for (const std::string& left_out : all) {
        std::string columns = "other";
        for (const std::string& name : all) columns += name == left_out ? "" : ", " + name;
        run_sql(path_, "DROP TABLE IF EXISTS threads; CREATE TABLE threads(" + columns + ")");
        auto db = open();
        const Error error = read_threads(db, RowDetail::Brief).error();
        EXPECT_EQ(error.kind, ErrorClass::Failed);
        EXPECT_EQ(error.message,
                  "the table threads of the store " + path_ + " has no column " + left_out);
    }
}

TEST_F(StoreRowsTest, DamageBehindTheHeaderIsDamage) {
    make_store(path_, {.rows = std::vector<testing::SampleRow>(1, {.id = "x"})});
    std::string bytes = home_.read("state_5.sqlite");
    bytes.replace(4096, bytes.size() - 4096, std::string(bytes.size() - 4096, '\x5A'));
    home_.write("state_5.sqlite", bytes);
    auto db = open();
    const auto got = read_threads(db, RowDetail::Brief);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().kind, ErrorClass::Integrity);
    EXPECT_NE(got.error().message.find(path_), std::string::npos);
}

TEST_F(StoreRowsTest, ProvidersAreCountedMostFirstThenByName) {
    auto db = with({.rows = {{.id = "1", .provider = "b"},
                             {.id = "2", .provider = "c"},
                             {.id = "3", .provider = "a"},
                             {.id = "4", .provider = "c"},
                             {.id = "5", .provider = {}}},
                    .allows_null = true});
    const auto counts = count_providers(db).value();
    ASSERT_EQ(counts.size(), 4U);
    EXPECT_EQ(counts[0].provider, "c");
    EXPECT_EQ(counts[0].rows, 2);
    EXPECT_EQ(counts[1].provider, std::nullopt);
    EXPECT_EQ(counts[2].provider, "a");
    EXPECT_EQ(counts[3].provider, "b");
}

TEST_F(StoreRowsTest, RowsChangeOnlyFromWhatTheySaid) {
    make_store(path_, {.rows = {{.id = "1", .provider = "a"},
                                {.id = "2", .provider = {}},
                                {.id = "3", .provider = "other"}},
                       .allows_null = true});
    auto db = open(StoreAccess::Write);
    auto transaction = sqlite::Transaction::begin(db, sqlite::TransactionKind::Immediate).value();
    auto updater = RowUpdater::prepare(db).value();
    EXPECT_EQ(updater.update("1", "a", "new").value(), RowUpdate::Changed);
    EXPECT_EQ(updater.update("1", "a", "new").value(), RowUpdate::AlreadyRight);
    EXPECT_EQ(updater.update("2", std::nullopt, "new").value(), RowUpdate::Changed);
    EXPECT_EQ(updater.update("3", "a", "new").value(), RowUpdate::Foreign);
    EXPECT_EQ(updater.update("3", std::nullopt, "new").value(), RowUpdate::Foreign);
    EXPECT_EQ(updater.update("gone", "a", "new").value(), RowUpdate::AlreadyRight);
    transaction.commit().value();
    const std::map<std::string, std::optional<std::string>> want{
        {"1", "new"}, {"2", "new"}, {"3", "other"}};
    EXPECT_EQ(testing::providers_in(path_), want);
    // Undoing it, one row goes back to NULL.
    EXPECT_EQ(updater.update("2", "new", std::nullopt).value(), RowUpdate::Changed);
    EXPECT_EQ(testing::providers_in(path_).at("2"), std::nullopt);
}

TEST_F(StoreRowsTest, ChangingAProviderTouchesNothingElse) {
    make_store(path_, {.rows = {{.id = "1", .provider = "a", .updated_at = 77}}});
    const auto everything = [this] {
        return open()
            .query_text(
                "SELECT json_array(id, rollout_path, created_at, updated_at, created_at_ms, "
                "updated_at_ms, title, cwd, archived, preview, tokens_used) FROM threads")
            .value();
    };
    const std::string before = everything();
    auto db = open(StoreAccess::Write);
    EXPECT_EQ(RowUpdater::prepare(db).value().update("1", "a", "b").value(), RowUpdate::Changed);
    EXPECT_EQ(everything(), before);
}

TEST_F(StoreRowsTest, ALockedStoreIsRetryableWhenItIsToChange) {
    make_store(path_, {.rows = {{.id = "1", .provider = "a"}}});
    auto codex = open(StoreAccess::Write);
    const auto held = sqlite::Transaction::begin(codex, sqlite::TransactionKind::Immediate).value();
    auto db = open(StoreAccess::Write);
    const auto refused = sqlite::Transaction::begin(db, sqlite::TransactionKind::Immediate);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Retryable);
    EXPECT_NE(refused.error().message.find("is locked"), std::string::npos);
}

struct BackfillRow {
    std::optional<std::string> status;
    std::int64_t updated_at;
    BackfillState want;
    int line = __builtin_LINE();
};

TEST_F(StoreRowsTest, BackfillIsReadyRunningOrStale) {
    constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    const BackfillRow rows[] = {
        BackfillRow{std::nullopt, 0, BackfillState::Ready},
        BackfillRow{"complete", 0, BackfillState::Ready},
        BackfillRow{"Complete", kNowSeconds, BackfillState::Running},  // Case matters.
        BackfillRow{"complete ", kNowSeconds, BackfillState::Running},
        BackfillRow{"running", kNowSeconds, BackfillState::Running},
        BackfillRow{"running", kNowSeconds - 899, BackfillState::Running},
        BackfillRow{"running", kNowSeconds - 900, BackfillState::Stale},
        BackfillRow{"running", 0, BackfillState::Stale},
        BackfillRow{"running", kMin, BackfillState::Stale},
        BackfillRow{"running", kNowSeconds + 5000, BackfillState::Running},
        BackfillRow{"running", kMax, BackfillState::Running},
        BackfillRow{"pending", 0, BackfillState::Running},
        BackfillRow{"something new", 0, BackfillState::Running},
    };
    for (const BackfillRow& row : rows) {
        const ::testing::ScopedTrace trace(__FILE__, row.line, row.status.value_or("no table"));
        const TemporaryHome home;
        make_store(home.path("s"), {.backfill = row.status, .backfill_updated_at = row.updated_at});
        auto db =
            open_store({.kind = StoreKind::Cli, .path = home.path("s")}, StoreAccess::Read, {})
                .value();
        const Backfill got = read_backfill(db, kNow).value();
        EXPECT_EQ(got.state, row.want);
        EXPECT_EQ(got.status, row.status);
        EXPECT_EQ(got.updated_at.has_value(), row.status.has_value());
    }
}

TEST_F(StoreRowsTest, BackfillOfAnotherShapeIsReadAsFarAsItGoes) {
    struct Row {
        std::string sql;
        BackfillState want;
    };
    for (const Row& row :
         {Row{"CREATE TABLE backfill_state(id, status)", BackfillState::Ready},
          Row{"CREATE TABLE backfill_state(status)", BackfillState::Ready},
          Row{"CREATE TABLE backfill_state(id)", BackfillState::Ready},
          Row{"CREATE TABLE backfill_state(id, status); INSERT INTO backfill_state "
              "VALUES (2, 'running')",
              BackfillState::Ready},
          Row{"CREATE TABLE backfill_state(id, status); INSERT INTO backfill_state "
              "VALUES (1, 'running')",
              BackfillState::Running},
          Row{"CREATE TABLE backfill_state(id, status, updated_at); INSERT INTO backfill_state "
              "VALUES (1, NULL, 'x')",
              BackfillState::Running}}) {
        const TemporaryHome home;
        run_sql(home.path("s"), row.sql);
        auto db =
            open_store({.kind = StoreKind::Cli, .path = home.path("s")}, StoreAccess::Read, {})
                .value();
        EXPECT_EQ(read_backfill(db, kNow).value().state, row.want) << row.sql;
        EXPECT_EQ(read_backfill(db, kNow).value().updated_at, std::nullopt);
    }
}

}  // namespace
}  // namespace trueup::codex
