#include "sqlite/migration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "base/fault.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"

namespace trueup::sqlite {
namespace {

constexpr Migration kTwo[] = {
    {.version = 1, .sql = "CREATE TABLE t(a INTEGER) STRICT; INSERT INTO t VALUES(1)"},
    {.version = 2, .sql = "ALTER TABLE t ADD COLUMN b TEXT"},
};
constexpr Migration kBroken[] = {
    kTwo[0],
    {.version = 2, .sql = "CREATE TABLE u(a); SELECT no_such_column FROM u"},
};
constexpr std::int32_t kId = 0x74727374;
constexpr Schema kSchema{.noun = "ledger", .application_id = kId, .migrations = kTwo};
constexpr Schema kOlder{
    .noun = "ledger", .application_id = kId, .migrations = std::span(kTwo).first<1>()};

class MigrationTest : public testing::Test {
  protected:
    Connection open() const {
        return Connection::open(file(), {.mode = OpenMode::ReadWriteCreate}).value();
    }
    std::string file() const { return folder_.path("x.db"); }
    TemporaryFolder folder_;
};

std::int64_t tables(Connection& db) {
    return db.query_int64("SELECT count(*) FROM sqlite_schema").value();
}

TEST_F(MigrationTest, ClimbsFromEmptyAndFromOlder) {
    Connection db = open();
    EXPECT_EQ(require_current(db, kSchema).error().kind, ErrorClass::Failed);
    ASSERT_TRUE(migrate(db, kOlder).has_value());
    ASSERT_TRUE(require_current(db, kOlder).has_value());
    EXPECT_EQ(require_current(db, kSchema).error().kind, ErrorClass::Failed);
    ASSERT_TRUE(migrate(db, kSchema).has_value());
    ASSERT_TRUE(migrate(db, kSchema).has_value());  // Again: nothing to do.
    EXPECT_TRUE(require_current(db, kSchema).has_value());
    EXPECT_EQ(db.query_int64("SELECT count(*) FROM t WHERE b IS NULL").value(), 1);
}

TEST_F(MigrationTest, NewerIsRefusedUnchanged) {
    Connection db = open();
    ASSERT_TRUE(migrate(db, kSchema).has_value());
    ASSERT_TRUE(db.exec("PRAGMA user_version=7").has_value());
    for (const Status& refused : {migrate(db, kSchema), require_current(db, kSchema)}) {
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorClass::Failed);
        EXPECT_EQ(refused.error().message,
                  file() + " was written by a newer trueup (schema 7, this one knows 2)");
    }
    EXPECT_EQ(db.query_int64("PRAGMA user_version").value(), 7);
}

TEST_F(MigrationTest, DatabasesOfOthersAreRefusedUnchanged) {
    for (const std::string_view theirs :
         {"CREATE TABLE x(a)", "CREATE TABLE x(a); PRAGMA application_id=5; PRAGMA user_version=1",
          "PRAGMA user_version=1", "PRAGMA application_id=5"}) {
        SCOPED_TRACE(theirs);
        std::filesystem::remove(file());
        Connection db = open();
        ASSERT_TRUE(db.exec(theirs).has_value());
        const std::int64_t before = tables(db);
        EXPECT_EQ(migrate(db, kSchema).error().kind, ErrorClass::Failed);
        EXPECT_EQ(tables(db), before);
    }
}

TEST_F(MigrationTest, FailingLadderLeavesNothing) {
    Connection db = open();
    const Schema broken{.noun = "ledger", .application_id = kId, .migrations = kBroken};
    ASSERT_FALSE(migrate(db, broken).has_value());
    EXPECT_EQ(tables(db), 0);
    fault::arm(fault::Action::Fail, 1);
    ASSERT_FALSE(migrate(db, kSchema).has_value());
    fault::arm(fault::Action::None, 0);
    EXPECT_EQ(tables(db), 0);
    EXPECT_TRUE(migrate(db, kSchema).has_value());
}

TEST_F(MigrationTest, ManyOpenersAtOnceClimbOnce) {
    std::vector<std::jthread> workers;
    workers.reserve(4);
    for (int worker = 0; worker < 4; ++worker) {
        workers.emplace_back([this] {
            Connection db = open();
            EXPECT_TRUE(migrate(db, kSchema).has_value());
        });
    }
    workers.clear();
    Connection db = open();
    EXPECT_EQ(db.query_int64("SELECT count(*) FROM t").value(), 1);
}

}  // namespace
}  // namespace trueup::sqlite
