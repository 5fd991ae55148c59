#include "columnar/type.h"

#include <gtest/gtest.h>

namespace trueup::columnar {
namespace {

struct Row {
    std::string_view input;
    std::optional<std::string_view> canonical;  // Nothing: not a type of a part.
    int line = __builtin_LINE();
};

constexpr Row kRows[] = {
    Row{"bigint", "BIGINT"},
    Row{"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"},
    Row{"decimal( 12 , 2 )", "DECIMAL(12,2)"},
    Row{"DECIMAL(38,38)", "DECIMAL(38,38)"},
    Row{"DECIMAL(39,0)", std::nullopt},
    Row{"DECIMAL(5,6)", std::nullopt},
    Row{"DECIMAL(0,0)", std::nullopt},
    Row{"DECIMAL(5)", std::nullopt},
    Row{"HUGEINT", std::nullopt},
    Row{"int[]", "INTEGER[]"},
    Row{"decimal(12,2) []", "DECIMAL(12,2)[]"},
    Row{"TIMESTAMPTZ[]", "TIMESTAMP WITH TIME ZONE[]"},
    Row{"INTEGER[][]", std::nullopt},
    Row{"INTEGER[3]", std::nullopt},
    Row{"HUGEINT[]", std::nullopt},
    Row{"[]", std::nullopt},
    Row{"", std::nullopt},
};

TEST(TypeNames, ParseIsTheInverseOfName) {
    for (const Row& row : kRows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.input);
        const auto type = parse_type(row.input);
        ASSERT_EQ(type.has_value(), row.canonical.has_value());
        if (!type) continue;
        EXPECT_EQ(name_of(*type), *row.canonical);
        EXPECT_EQ(parse_type(name_of(*type)), type);
    }
}

TEST(TypeNames, EveryIdHasOne) {
    for (int i = 0; i <= static_cast<int>(TypeId::TimestampTz); ++i) {
        const Type type{static_cast<TypeId>(i), 18, 3};
        const auto parsed = parse_type(name_of(type));
        ASSERT_TRUE(parsed.has_value());
        EXPECT_EQ(parsed->id, type.id);
        EXPECT_GT(value_bytes(type), 0U);
        const Type list = list_of(type);
        EXPECT_EQ(element_of(list), type);
        EXPECT_EQ(parse_type(name_of(list)), list_of(*parsed));
        EXPECT_NE(list, type);
    }
}

}  // namespace
}  // namespace trueup::columnar
