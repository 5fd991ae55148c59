#include "sqlite/statement.h"

#include <gtest/gtest.h>

#include <limits>

#include "sqlite/transaction.h"

namespace trueup::sqlite {
namespace {

Connection memory() { return Connection::open_in_memory().value(); }

TEST(Statement, RefusesWhatIsNotExactlyOneStatement) {
    struct Row {
        std::string_view sql;
        std::optional<ErrorClass> want;  // Nothing: accepted.
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"SELECT 1", std::nullopt},
        Row{"SELECT 1;", std::nullopt},
        Row{"", ErrorClass::Bug},
        Row{"-- only a comment", ErrorClass::Bug},
        Row{"SELECT 1; SELECT 2", ErrorClass::Bug},
        Row{"SELEC 1", ErrorClass::Failed},
        Row{"SELECT * FROM missing", ErrorClass::Failed},
    };
    Connection db = memory();
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.sql);
        const auto got = Statement::prepare(db, row.sql);
        ASSERT_EQ(got.has_value(), !row.want.has_value());
        if (!got) {
            EXPECT_EQ(got.error().kind, *row.want);
        }
    }
}

TEST(Statement, RoundTripsEveryStorageClass) {
    Connection db = memory();
    ASSERT_TRUE(db.exec("CREATE TABLE t(a, b, c, d, e, f, g) STRICT").has_value() == false);
    ASSERT_TRUE(db.exec("CREATE TABLE t(a, b, c, d, e, f, g)").has_value());
    const std::string text("nul\0inside", 10);
    const std::string_view nothing;  // Empty with a null pointer: text, not NULL.
    ASSERT_TRUE(db.run("INSERT INTO t VALUES(?,?,?,?,?,?,?)",
                       {std::numeric_limits<std::int64_t>::min(), 0.5, text, as_bytes(text),
                        nullptr, nothing, Bytes{}})
                    .has_value());
    EXPECT_EQ(db.changes(), 1);
    Statement read = Statement::prepare(db, "SELECT * FROM t").value();
    ASSERT_TRUE(read.step().value());
    ASSERT_EQ(read.column_count(), 7);
    const ColumnType types[] = {ColumnType::Integer, ColumnType::Float, ColumnType::Text,
                                ColumnType::Blob,    ColumnType::Null,  ColumnType::Text,
                                ColumnType::Blob};
    for (int column = 0; column < 7; ++column) {
        EXPECT_EQ(read.column_type(column), types[column]) << column;
    }
    EXPECT_EQ(read.column_name(1), "b");
    EXPECT_EQ(read.column_int64(0), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(read.column_double(1), 0.5);
    EXPECT_EQ(read.column_text(2), text);
    EXPECT_EQ(as_text(read.column_blob(3)), text);
    EXPECT_EQ(read.column_optional_text(4), std::nullopt);
    EXPECT_EQ(read.column_optional_int64(4), std::nullopt);
    EXPECT_EQ(read.column_optional_text(5), "");
    EXPECT_TRUE(read.column_blob(6).empty());
    EXPECT_FALSE(read.step().value());
}

TEST(Statement, CountsParametersAndForgetsThemOnReset) {
    Connection db = memory();
    Statement statement = Statement::prepare(db, "SELECT ?, ?").value();
    EXPECT_EQ(statement.bind({1}).error().kind, ErrorClass::Bug);
    EXPECT_EQ(statement.bind_int64(3, 1).error().kind, ErrorClass::Bug);
    ASSERT_TRUE(statement.bind({std::optional<int>(7), std::optional<std::string>()}).has_value());
    ASSERT_TRUE(statement.step().value());
    EXPECT_EQ(statement.column_int64(0), 7);
    EXPECT_TRUE(statement.is_null(1));
    statement.reset();
    ASSERT_TRUE(statement.step().value());
    EXPECT_TRUE(statement.is_null(0));
}

TEST(Statement, FailingRowNamesTheDatabase) {
    Connection db = memory();
    ASSERT_TRUE(db.exec("CREATE TABLE t(a INTEGER NOT NULL) STRICT").has_value());
    const auto refused = db.run("INSERT INTO t VALUES(?)", {"text"});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Failed);
    EXPECT_NE(refused.error().message.find("in memory"), std::string::npos);
}

TEST(Transaction, RollsBackUnlessCommitted) {
    Connection db = memory();
    ASSERT_TRUE(db.exec("CREATE TABLE t(a)").has_value());
    {
        const Transaction lost = Transaction::begin(db, TransactionKind::Immediate).value();
        ASSERT_TRUE(db.exec("INSERT INTO t VALUES(1)").has_value());
    }
    EXPECT_EQ(db.query_int64("SELECT count(*) FROM t").value(), 0);
    {
        Transaction kept = Transaction::begin(db, TransactionKind::Deferred).value();
        ASSERT_TRUE(db.exec("INSERT INTO t VALUES(1)").has_value());
        Transaction moved = std::move(kept);
        ASSERT_TRUE(moved.commit().has_value());
        EXPECT_EQ(moved.commit().error().kind, ErrorClass::Bug);
    }
    EXPECT_EQ(db.query_int64("SELECT count(*) FROM t").value(), 1);
    EXPECT_FALSE(db.query_int64("SELECT a FROM t WHERE a = 2").has_value());
}

}  // namespace
}  // namespace trueup::sqlite
