#include "base/clock.h"

#include <gtest/gtest.h>

namespace trueup {
namespace {

struct Row {
    std::string_view input;
    std::optional<UnixMicros> want;  // Nothing: the input must be rejected.
    int line = __builtin_LINE();
};

TEST(ParseRfc3339, TakesWhatWeWriteAndNothingElse) {
    const Row rows[] = {
        Row{"1970-01-01T00:00:00Z", 0},
        Row{"1970-01-01T00:00:00.000001Z", 1},
        Row{"1970-01-01T00:00:01.5Z", 1'500'000},
        Row{"1969-12-31T23:59:59.999999Z", -1},
        Row{"2024-02-29T12:00:00Z", 1'709'208'000'000'000},
        Row{"2023-02-29T12:00:00Z", std::nullopt},
        Row{"2024-13-01T00:00:00Z", std::nullopt},
        Row{"2024-01-01T24:00:00Z", std::nullopt},
        Row{"2024-01-01T00:60:00Z", std::nullopt},
        Row{"2024-01-01 00:00:00Z", std::nullopt},
        Row{"2024-01-01T00:00:00", std::nullopt},
        Row{"2024-01-01T00:00:00+00:00", std::nullopt},
        Row{"2024-01-01T00:00:00.Z", std::nullopt},
        Row{"2024-01-01T00:00:00.1234567Z", std::nullopt},
        Row{"2024-01-01T00:00:00.-1Z", std::nullopt},
        Row{"2024-01-0xT00:00:00Z", std::nullopt},
        Row{"Z", std::nullopt},
        Row{"", std::nullopt},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, std::string(row.input));
        const auto got = parse_rfc3339(row.input);
        EXPECT_EQ(got, row.want);
        if (!got) continue;
        EXPECT_EQ(parse_rfc3339(rfc3339(*got)), got);
    }
}

}  // namespace
}  // namespace trueup
