#include "extract/config/column_type.h"

#include <gtest/gtest.h>

namespace trueup::extract {
namespace {

struct Row {
    std::string_view text;
    std::string_view want;  // Empty: refused.
    int line = __builtin_LINE();
};

constexpr Row kRows[] = {
    Row{"bool", "BOOLEAN"},
    Row{"Boolean", "BOOLEAN"},
    Row{"int2", "SMALLINT"},
    Row{"int16", "SMALLINT"},
    Row{"int4", "INTEGER"},
    Row{"INT", "INTEGER"},
    Row{"int8", "BIGINT"},
    Row{"int64", "BIGINT"},
    Row{"float4", "FLOAT"},
    Row{"real", "FLOAT"},
    Row{"double precision", "DOUBLE"},
    Row{"Double  Precision", "DOUBLE"},
    Row{"float64", "DOUBLE"},
    Row{"decimal(18,3)", "DECIMAL(18,3)"},
    Row{" Numeric ( 38 , 38 ) ", "DECIMAL(38,38)"},
    Row{"decimal(10)", "DECIMAL(10,0)"},
    Row{"decimal", "DECIMAL(18,3)"},
    Row{"text", "VARCHAR"},
    Row{"varchar(20)", "VARCHAR"},
    Row{"bpchar", "VARCHAR"},
    Row{"name", "VARCHAR"},
    Row{"bytea", "BLOB"},
    Row{"varbinary", "BLOB"},
    Row{"date", "DATE"},
    Row{"time", "TIME"},
    Row{"timetz", "TIME WITH TIME ZONE"},
    Row{"jsonb", "JSON"},
    Row{"uuid", "UUID"},
    Row{"timestamp", "TIMESTAMP"},
    Row{"timestamp without time zone", "TIMESTAMP"},
    Row{"timestamp(3)", "TIMESTAMP_MS"},
    Row{"timestamp(9)", "TIMESTAMP_NS"},
    Row{"timestamp_ns", "TIMESTAMP_NS"},
    Row{"timestamptz", "TIMESTAMP WITH TIME ZONE"},
    Row{"timestamp_utc", "TIMESTAMP WITH TIME ZONE"},
    Row{"timestamp(6) with time zone", "TIMESTAMP WITH TIME ZONE"},
    Row{"ubigint", "UBIGINT"},
    Row{"hugeint", "HUGEINT"},
    Row{"interval", "INTERVAL"},
    Row{"text[]", "VARCHAR[]"},
    Row{"int[3][]", "INTEGER[3][]"},
    Row{"decimal(4,2)[]", "DECIMAL(4,2)[]"},
    Row{"", ""},
    Row{"[]", ""},
    Row{"int[", ""},
    Row{"int[0]", ""},
    Row{"int[x]", ""},
    Row{"bigit", ""},
    Row{"int; DROP TABLE x", ""},
    Row{"decimal(39,0)", ""},
    Row{"decimal(0,0)", ""},
    Row{"decimal(5,6)", ""},
    Row{"decimal(5,-1)", ""},
    Row{"decimal(1,2,3)", ""},
    Row{"decimal(x)", ""},
    Row{"decimal(5", ""},
    Row{"integer(5)", ""},
    Row{"timestamp(10)", ""},
    Row{"timestamptz_ns", ""},
    Row{"struct(a int)", ""},
    Row{"map(int, int)", ""},
};

TEST(ColumnType, NamesAreCanonicalAndTheRestIsRefused) {
    for (const Row& row : kRows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto got = canonical_type(row.text);
        ASSERT_EQ(got.has_value(), !row.want.empty());
        if (!got) {
            EXPECT_EQ(got.error().kind, ErrorClass::Config);
            EXPECT_TRUE(got.error().message.starts_with("has the ")) << got.error().message;
            continue;
        }
        EXPECT_EQ(*got, row.want);
        EXPECT_EQ(canonical_type(*got).value(), *got) << "not idempotent";
    }
}

}  // namespace
}  // namespace trueup::extract
