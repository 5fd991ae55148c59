#include "extract/source/duckdb_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "columnar/engine.h"
#include "extract/source/source_test_support.h"

namespace trueup::extract {
namespace {

class DuckDbSourceTest : public testing::Test {
  protected:
    void SetUp() override {
        source_.engine = Engine::DuckDb;
        source_.path = folder_.path("shop.duckdb");
    }

    void run_sql(const std::string& statements) const {
        const auto engine = columnar::Engine::open({}).value();
        const auto session = engine->connect().value();
        const auto outcome = session->execute("ATTACH " + columnar::quote_text(source_.path) +
                                              " AS made; USE made; " + statements);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    }
    std::unique_ptr<SourceSession> session() {
        database_ = open_duckdb(source_).value();
        return std::move(database_->open_sessions(1, Consistency::Snapshot).value()[0]);
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

TEST_F(DuckDbSourceTest, TypesThatPartsDoNotHaveBecomeText) {
    run_sql(
        "CREATE TABLE t (i INTEGER PRIMARY KEY, h HUGEINT, e ENUM('a','b'), l STRUCT(x INTEGER)[], "
        "s STRUCT(x INTEGER), v INTERVAL, d DECIMAL(38,2), ts TIMESTAMP_S, z TIMESTAMPTZ, u UUID)");
    const auto reader = session();
    const Relation relation = reader->describe(table("T")).value();
    EXPECT_EQ(type_names(relation),
              (std::vector<std::string>{"INTEGER", "VARCHAR", "VARCHAR", "JSON", "JSON", "VARCHAR",
                                        "DECIMAL(38,2)", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
                                        "UUID"}));
    EXPECT_EQ(relation.columns[1].fidelity, Fidelity::Text);
    EXPECT_FALSE(relation.columns[0].is_nullable);
    ASSERT_FALSE(relation.keys.empty());
    EXPECT_TRUE(relation.keys[0].is_primary);
}

TEST_F(DuckDbSourceTest, BoundsOfEveryTypeTile) {
    run_sql(
        "CREATE TABLE t AS SELECT * FROM (VALUES ('a', DATE '2024-01-01', 1.5::DOUBLE, "
        "'\\x00ab'::BLOB), ('B', DATE '2024-01-02', -2.5, '\\x00'::BLOB), "
        "('ü', DATE '2024-01-03', 0.1, 'z'::BLOB), (NULL, NULL, NULL, NULL)) v(a, b, c, d)");
    const auto reader = session();
    const Relation relation = reader->describe(table("t")).value();
    for (const char* column : {"a", "b", "c", "d"}) {
        SCOPED_TRACE(column);
        const ChunkKey key = reader->key_of(relation, {column}).value();
        const Key first = reader->first_key(relation, key, {}).value().value();
        const Key last = reader->last_key(relation, key).value().value();
        EXPECT_TRUE(reader->sorts_before(relation, key, first, last).value());
        EXPECT_EQ(reader->count(relation, &key, {.upper = last}).value(), 2);
        EXPECT_EQ(reader->count(relation, &key, {.lower = last}).value(), 1);
        EXPECT_EQ(reader->count(relation, &key, {.is_null_keys = true}).value(), 1);
        EXPECT_EQ(reader->walk_keys(relation, key, {.every = 2, .keys_max = 9}).value(),
                  std::vector<Key>{last});
    }
}

TEST_F(DuckDbSourceTest, BothBoundsOfACompositeKeyHold) {
    run_sql(
        "CREATE TABLE t AS SELECT 'k' || (i % 5) AS a, i AS b FROM range(100) r(i); "
        "INSERT INTO t VALUES (NULL, 1), ('k1', NULL)");
    const auto reader = session();
    const Relation relation = reader->describe(table("t")).value();
    const ChunkKey key = reader->key_of(relation, {"a", "b"}).value();
    const Key lower{std::string("k1"), std::int64_t{50}};
    const Key upper{std::string("k3"), std::int64_t{13}};
    const auto count = [&](const Bounds& bounds) {
        return reader->count(relation, &key, bounds).value();
    };
    EXPECT_EQ(count({.upper = lower}), 20 + 10);
    EXPECT_EQ(count({.lower = lower, .upper = upper}), 10 + 20 + 2);
    EXPECT_EQ(count({.lower = upper}), 18 + 20);
    EXPECT_EQ(count({.is_null_keys = true}), 2);
}

TEST_F(DuckDbSourceTest, AnOverrideLosesNothingSilently) {
    run_sql("CREATE TABLE t AS SELECT * FROM (VALUES (1.0::DOUBLE), (2.5)) v(x)");
    const auto reader = session();
    Export wanted = table("t");
    const auto read = [&] {
        const Relation relation = reader->describe(wanted).value();
        const auto chunk = reader->read({.relation = &relation});
        if (!chunk) {
            return std::pair{std::vector<std::string>{chunk.error().message}, std::int64_t{0}};
        }
        auto found = rows_of(**chunk, relation);
        return std::pair{found, (*chunk)->values_nulled()};
    };
    wanted.columns = {{.column = "x", .type = "INTEGER"}};
    EXPECT_NE(read().first.at(0).find("t.x: the value 2.5 is no INTEGER"), std::string::npos);
    wanted.columns[0].on_value_error = OnValueError::Null;
    EXPECT_EQ(read().first, (std::vector<std::string>{"1", "NULL"}));
    EXPECT_EQ(read().second, 1);
    wanted.columns[0].on_value_error = OnValueError::Text;
    EXPECT_EQ(read().first, (std::vector<std::string>{"1.0", "2.5"}));
}

TEST_F(DuckDbSourceTest, ListsOfPlainValuesStayLists) {
    run_sql(
        "CREATE TABLE t (a INTEGER[], b VARCHAR[], c INTEGER[][], d INTEGER[2], e HUGEINT[], n "
        "INTEGER); INSERT INTO t VALUES ([1, NULL, 3], ['x', NULL, 'a text of more than twelve "
        "bytes'], [[1], []], [1, 2], [5], 1), (NULL, [], NULL, NULL, NULL, 2), ([], NULL, NULL, "
        "NULL, NULL, 3)");
    const auto reader = session();
    Export wanted = table("t");
    Relation relation = reader->describe(wanted).value();
    EXPECT_EQ(type_names(relation), (std::vector<std::string>{"INTEGER[]", "VARCHAR[]", "JSON",
                                                              "JSON", "JSON", "INTEGER"}));
    EXPECT_EQ(relation.columns[0].fidelity, Fidelity::Exact);
    auto chunk = reader->read({.relation = &relation}).value();
    EXPECT_EQ(rows_of(*chunk, relation),
              (std::vector<std::string>{
                  "[1, NULL, 3]|[x, NULL, a text of more than twelve bytes]|[[1],[]]|[1,2]|[5]|1",
                  "NULL|[]|NULL|NULL|NULL|2", "[]|NULL|NULL|NULL|NULL|3"}));
    // CSV has none.
    wanted.output.format = Format::Csv;
    relation = reader->describe(wanted).value();
    EXPECT_EQ(type_names(relation)[0], "JSON");
    EXPECT_EQ(relation.columns[0].fidelity, Fidelity::Text);
    chunk = reader->read({.relation = &relation}).value();
    EXPECT_EQ(rows_of(*chunk, relation)[1], "NULL|[]|NULL|NULL|NULL|2");
}

TEST_F(DuckDbSourceTest, AListCanBeOneOfAnotherType) {
    run_sql("CREATE TABLE t AS SELECT [1, NULL, 300] AS l, [1, 2]::INTEGER[2] AS a, 1 AS n");
    const auto reader = session();
    Export wanted = table("t");
    wanted.columns = {{.column = "l", .type = "BIGINT[]"}, {.column = "a", .type = "INTEGER[]"}};
    const Relation relation = reader->describe(wanted).value();
    const auto chunk = reader->read({.relation = &relation}).value();
    EXPECT_EQ(rows_of(*chunk, relation), (std::vector<std::string>{"[1, NULL, 300]|[1, 2]|1"}));
    wanted.columns = {{.column = "l", .type = "TINYINT[]"}};
    const Relation narrow = reader->describe(wanted).value();
    const auto failed = reader->read({.relation = &narrow});
    const std::string said =
        failed ? rows_of(**failed, narrow).back() : "error: " + failed.error().message;
    EXPECT_NE(said.find("t.l: the value [1, NULL, 300] is no TINYINT[]"), std::string::npos)
        << said;
}

TEST_F(DuckDbSourceTest, AListOfWhatIsNoneIsRefused) {
    run_sql("CREATE TABLE t AS SELECT 1 AS n, [1] AS l");
    const auto reader = session();
    Export wanted = table("t");
    wanted.columns = {{.column = "n", .type = "INTEGER[]"}};
    const auto single = reader->describe(wanted);
    ASSERT_FALSE(single.has_value());
    EXPECT_EQ(single.error().kind, ErrorClass::Config);
    EXPECT_EQ(single.error().message,
              "t.n: the type INTEGER[] is one of lists, and INTEGER is none");
    wanted.columns = {{.column = "l", .type = "BIGINT[]"}};
    wanted.output.format = Format::Csv;
    const auto csv = reader->describe(wanted);
    ASSERT_FALSE(csv.has_value());
    EXPECT_EQ(csv.error().message, "t.l: the type BIGINT[] is one of lists, and CSV has none");
}

TEST_F(DuckDbSourceTest, MissingThingsAreNamed) {
    run_sql("CREATE TABLE orders (id INTEGER)");
    const auto reader = session();
    const auto missing = reader->describe(table("ordres"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().kind, ErrorClass::Config);
    EXPECT_NE(missing.error().message.find("did you mean \"orders\"?"), std::string::npos);
    Source nowhere;
    nowhere.path = folder_.path("none");
    EXPECT_EQ(open_duckdb(nowhere).error().kind, ErrorClass::Failed);
}

TEST_F(DuckDbSourceTest, ListsWhatPeopleMade) {
    run_sql(
        "CREATE TABLE orders (id INTEGER); CREATE SCHEMA s; CREATE TABLE s.orders (id INTEGER); "
        "CREATE VIEW recent AS SELECT * FROM orders");
    const auto reader = session();
    const auto tables = reader->list_tables().value();
    std::vector<std::string> found;
    for (const TableListing& listed : tables) {
        found.push_back(listed.name.schema + "." + listed.name.name +
                        (listed.is_view ? " view" : ""));
        Export wanted;
        wanted.table = listed.name;
        EXPECT_TRUE(reader->describe(wanted).has_value()) << found.back();
    }
    EXPECT_EQ(found, (std::vector<std::string>{".orders", ".recent view", "s.orders"}));
}

TEST_F(DuckDbSourceTest, IsWhatTheConfigurationNames) {
    run_sql("CREATE TABLE t (id INTEGER)");
    EXPECT_EQ(open_database(source_).value()->identity().engine, "duckdb");
}

}  // namespace
}  // namespace trueup::extract
