#include "extract/source/sqlite_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "extract/source/source_test_support.h"
#include "sqlite/connection.h"

namespace trueup::extract {
namespace {

class SqliteSourceTest : public testing::Test {
  protected:
    void SetUp() override { source_.path = folder_.path("shop.db"); }

    void run_sql(const std::string& sql) const {
        auto connection =
            sqlite::Connection::open(source_.path, {.mode = sqlite::OpenMode::ReadWriteCreate});
        ASSERT_TRUE(connection.has_value());
        const auto outcome = connection->exec(sql);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    }
    std::unique_ptr<SourceSession> session(Consistency consistency = Consistency::Snapshot) {
        database_ = open_sqlite(source_).value();
        return std::move(database_->open_sessions(1, consistency).value()[0]);
    }
    static Export table(const std::string& name) {
        Export wanted;
        wanted.table = TableName{"", name};
        return wanted;
    }

    TemporaryFolder folder_;
    Source source_;
    std::unique_ptr<SourceDatabase> database_;
};

TEST_F(SqliteSourceTest, TypesByDeclaration) {
    run_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b BOOLEAN NOT NULL, d DECIMAL(12,2), big "
        "NUMERIC(40),"
        "x, j JSON, u UUID, n VARCHAR(20), r REAL, day DATE, at DATETIME, raw BLOB, any NUMERIC);"
        "INSERT INTO t (id, b, x, any) VALUES (1, 1, x'00', 2.5)");
    auto reader = session();
    const Relation relation = reader->describe(table("T")).value();
    EXPECT_EQ(relation.name, "t");
    const std::vector<std::string> wanted = {
        "BIGINT",  "BOOLEAN", "DECIMAL(12,2)", "VARCHAR",   "BLOB", "JSON",  "UUID",
        "VARCHAR", "DOUBLE",  "DATE",          "TIMESTAMP", "BLOB", "DOUBLE"};
    EXPECT_EQ(type_names(relation), wanted);
    EXPECT_FALSE(relation.columns[1].is_nullable);
    ASSERT_FALSE(relation.keys.empty());
    EXPECT_EQ(text_of(relation.keys[0]), "id");
    EXPECT_TRUE(relation.keys[0].is_ordered);
    EXPECT_FALSE(relation.keys[0].may_be_null);
}

TEST_F(SqliteSourceTest, MissingNamesGetNearMatches) {
    run_sql("CREATE TABLE orders (id INTEGER PRIMARY KEY)");
    auto reader = session();
    const auto missing = reader->describe(table("order"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().kind, ErrorClass::Config);
    EXPECT_NE(missing.error().message.find("did you mean \"orders\"?"), std::string::npos);
    const Relation relation = reader->describe(table("orders")).value();
    EXPECT_EQ(reader->key_of(relation, {"idd"}).error().kind, ErrorClass::Config);
}

TEST_F(SqliteSourceTest, KeysOfEveryKindOfTable) {
    run_sql(
        "CREATE TABLE composite (a TEXT, b INT, c INT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        "CREATE TABLE named (code TEXT PRIMARY KEY, v INT);"
        "CREATE TABLE uniq (v INT, code TEXT NOT NULL UNIQUE);"
        "CREATE TABLE bare (v INT)");
    auto reader = session();
    const auto best = [&](const std::string& name) {
        return reader->describe(table(name)).value().keys.at(0);
    };
    EXPECT_EQ(text_of(best("composite")), "(a, b)");
    EXPECT_FALSE(best("composite").may_be_null);
    EXPECT_TRUE(best("composite").is_ordered);
    EXPECT_EQ(text_of(best("named")), "code");
    EXPECT_TRUE(best("named").may_be_null);  // SQLite lets a PRIMARY KEY hold NULLs.
    EXPECT_EQ(text_of(best("uniq")), "code");
    EXPECT_TRUE(best("bare").is_physical);
}

TEST_F(SqliteSourceTest, ARowLimitStopsAtANewKeyInTheSourcesOrder) {
    run_sql(
        "CREATE TABLE t (k TEXT COLLATE NOCASE, n INTEGER); CREATE INDEX i ON t (k);"
        "INSERT INTO t VALUES ('a',1),('A',2),('b',3),('B',4),('b',5),('c',6)");
    auto reader = session();
    const Relation relation = reader->describe(table("t")).value();
    const ChunkKey key = reader->key_of(relation, {"k"}).value();
    ASSERT_TRUE(key.is_ordered);
    auto chunk = reader->read({.relation = &relation, .key = &key, .rows_soft_max = 3}).value();
    EXPECT_EQ(rows_of(*chunk, relation).size(), 5U);  // Both spellings of b belong together.
    ASSERT_TRUE(chunk->stopped_at().has_value());
    EXPECT_EQ(std::get<std::string>(chunk->stopped_at()->at(0)), "c");
    const Bounds rest{.lower = chunk->stopped_at()};
    EXPECT_EQ(reader->count(relation, &key, rest).value(), 1);
}

TEST_F(SqliteSourceTest, CompositeBoundsTileWithNulls) {
    run_sql(
        "CREATE TABLE t (a INT, b INT, n INT);"
        "INSERT INTO t VALUES (1,1,1),(1,2,2),(2,1,3),(2,NULL,4),(NULL,1,5),(3,3,6)");
    auto reader = session();
    const Relation relation = reader->describe(table("t")).value();
    const ChunkKey key = reader->key_of(relation, {"a", "b"}).value();
    const Key cut = {std::int64_t{2}, std::int64_t{1}};
    EXPECT_EQ(reader->count(relation, &key, {.upper = cut}).value(), 2);
    EXPECT_EQ(reader->count(relation, &key, {.lower = cut}).value(), 2);
    EXPECT_EQ(reader->count(relation, &key, {.is_null_keys = true}).value(), 2);
    EXPECT_TRUE(reader->has_null_keys(relation, key).value());
}

TEST_F(SqliteSourceTest, AMisfitIsNamedOrNulledOrText) {
    run_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT);"
        "INSERT INTO t VALUES (7, 'abc'), (8, 5), (9, NULL)");
    auto reader = session();
    Export wanted = table("t");
    const auto read = [&] {
        const Relation relation = reader->describe(wanted).value();
        auto chunk = reader->read({.relation = &relation}).value();
        return std::pair{rows_of(*chunk, relation), chunk->values_nulled()};
    };
    EXPECT_EQ(read().first.at(0), "error: t.n, id 7: the text abc is no BIGINT");
    wanted.columns = {{.column = "n", .type = "BIGINT", .on_value_error = OnValueError::Null}};
    EXPECT_EQ(read().first, (std::vector<std::string>{"7|NULL", "8|5", "9|NULL"}));
    EXPECT_EQ(read().second, 1);
    wanted.columns[0].on_value_error = OnValueError::Text;
    EXPECT_EQ(read().first, (std::vector<std::string>{"7|abc", "8|5", "9|NULL"}));
}

TEST_F(SqliteSourceTest, InvalidUtf8AndLongValuesAreErrors) {
    run_sql("CREATE TABLE t (s TEXT); INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))");
    auto reader = session();
    const Relation relation = reader->describe(table("t")).value();
    auto chunk = reader->read({.relation = &relation}).value();
    EXPECT_EQ(rows_of(*chunk, relation).at(0),
              "error: t.s, rowid 1: the text x'61ff' is no VARCHAR");
    auto limited = reader->read({.relation = &relation, .value_bytes_max = 1}).value();
    EXPECT_NE(rows_of(*limited, relation).at(0).find("longer than"), std::string::npos);
}

TEST_F(SqliteSourceTest, SessionsOfASnapshotIgnoreLaterCommits) {
    run_sql("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const auto database = open_sqlite(source_).value();
    auto sessions = database->open_sessions(2, Consistency::Snapshot).value();
    run_sql("INSERT INTO t VALUES (1)");
    for (auto& one : sessions) {
        const Relation relation = one->describe(table("t")).value();
        EXPECT_EQ(one->count(relation, nullptr, {}).value(), 0);
    }
    auto later = database->open_sessions(1, Consistency::Snapshot).value();
    const Relation relation = later[0]->describe(table("t")).value();
    EXPECT_EQ(later[0]->count(relation, nullptr, {}).value(), 1);
}

TEST_F(SqliteSourceTest, StateChangesWithEveryCommit) {
    run_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const auto age = [&] {  // As if the last change were a while ago.
        for (const char* suffix : {"", "-wal"}) {
            const std::string file = source_.path + suffix;
            if (!std::filesystem::exists(file)) continue;
            const auto time = std::filesystem::last_write_time(file);
            std::filesystem::last_write_time(file, time - std::chrono::hours(1));
        }
    };
    const auto database = open_sqlite(source_).value();
    EXPECT_FALSE(database->state().value().has_value()) << "a fresh change cannot be told apart";
    age();
    const auto before = database->state().value();
    ASSERT_TRUE(before.has_value());
    EXPECT_EQ(database->state().value(), before);
    run_sql("INSERT INTO t VALUES (1)");
    age();
    EXPECT_NE(database->state().value(), before);
}

TEST_F(SqliteSourceTest, QueriesHaveColumnsAndAnOrder) {
    run_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1,'x'),(2,'y')");
    auto reader = session();
    Export wanted;
    wanted.query = "SELECT id * 2 AS twice, s FROM t -- all\n;";
    const Relation relation = reader->describe(wanted).value();
    EXPECT_EQ(columnar::name_of(relation.columns[0].type), "BIGINT");
    const ChunkKey key = reader->key_of(relation, {"twice"}).value();
    EXPECT_EQ(reader->count(relation, &key, {.lower = Key{std::int64_t{4}}}).value(), 1);
    wanted.query = "SELECT nothing FROM t";
    EXPECT_EQ(reader->describe(wanted).error().kind, ErrorClass::Config);
    wanted.query = "SELECT id, id FROM t";
    EXPECT_EQ(reader->describe(wanted).error().kind, ErrorClass::Config);
}

TEST_F(SqliteSourceTest, ListsWhatPeopleMade) {
    run_sql(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE \"a b\" (x); "
        "CREATE VIEW recent AS SELECT * FROM orders; CREATE VIRTUAL TABLE notes USING fts5(t); "
        "CREATE TABLE sqliteish (x); ANALYZE");
    const auto tables = session()->list_tables().value();
    std::vector<std::string> found;
    for (const TableListing& listed : tables) {
        EXPECT_EQ(listed.name.schema, "");
        found.push_back(listed.name.name + (listed.is_view ? " view" : ""));
    }
    const std::vector<std::string> wanted = {"a b", "notes", "orders", "recent view", "sqliteish"};
    EXPECT_EQ(found, wanted);
}

TEST_F(SqliteSourceTest, NoDatabaseNoSource) {
    EXPECT_EQ(open_sqlite(source_).error().kind, ErrorClass::Failed);
    ASSERT_TRUE(replace_file(source_.path, std::string(4096, 'x'), "test").has_value());
    EXPECT_EQ(open_sqlite(source_).error().kind, ErrorClass::Failed);
}

}  // namespace
}  // namespace trueup::extract
