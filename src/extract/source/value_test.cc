#include "extract/source/value.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace trueup::extract {
namespace {

struct DecimalRow {
    std::string_view text;
    DecimalShape shape;
    std::optional<std::int64_t> unscaled;
    int line = __builtin_LINE();
};

constexpr DecimalRow kDecimals[] = {
    DecimalRow{"0", {5, 2}, 0},
    DecimalRow{"-12.5", {5, 2}, -1250},
    DecimalRow{"12.500", {5, 2}, 1250},
    DecimalRow{"12.501", {5, 2}, std::nullopt},
    DecimalRow{"999.99", {5, 2}, 99999},
    DecimalRow{"1000", {5, 2}, std::nullopt},
    DecimalRow{"1e3", {6, 2}, 100000},
    DecimalRow{"1.25E-1", {5, 3}, 125},
    DecimalRow{"0.001e3", {5, 2}, 100},
    DecimalRow{"+7", {5, 0}, 7},
    DecimalRow{"", {5, 2}, std::nullopt},
    DecimalRow{".5", {5, 2}, std::nullopt},
    DecimalRow{"5.", {5, 2}, std::nullopt},
    DecimalRow{"1e", {5, 2}, std::nullopt},
    DecimalRow{"1e999999999", {5, 2}, std::nullopt},
    DecimalRow{"NaN", {5, 2}, std::nullopt},
    DecimalRow{"12 ", {5, 2}, std::nullopt},
};

TEST(ParseDecimal, RoundsNothing) {
    for (const DecimalRow& row : kDecimals) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto value = parse_decimal(row.text, row.shape);
        ASSERT_EQ(value.has_value(), row.unscaled.has_value());
        if (value) {
            EXPECT_EQ(static_cast<std::int64_t>(*value), *row.unscaled);
        }
    }
}

TEST(ParseDecimal, TakesThirtyEightDigits) {
    const auto value = parse_decimal("99999999999999999999999999999999999999", {38, 0});
    ASSERT_TRUE(value.has_value());
    EXPECT_TRUE(*value == power_of_ten(37) * 9 + (power_of_ten(37) - 1));
    EXPECT_FALSE(parse_decimal("100000000000000000000000000000000000000", {38, 0}).has_value());
    // These leave 128 bits, where they would look like smaller numbers.
    EXPECT_FALSE(parse_decimal("200000000000000000000000000000000000000", {38, 0}).has_value());
    EXPECT_FALSE(parse_decimal("2202259402295422029542202940229542", {38, 10}).has_value());
    EXPECT_FALSE(parse_decimal("-999999999999999999999999999999999999999", {38, 0}).has_value());
}

TEST(DecimalOf, SpellsTheShortestText) {
    EXPECT_TRUE(decimal_of(0.1, {3, 2}) == 10);
    EXPECT_TRUE(decimal_of(-1234.56, {12, 2}) == -123456);
    EXPECT_FALSE(decimal_of(0.125, {12, 2}).has_value());
    EXPECT_FALSE(decimal_of(1e300, {38, 2}).has_value());
    EXPECT_FALSE(decimal_of(std::numeric_limits<double>::infinity(), {12, 2}).has_value());
    EXPECT_FALSE(decimal_of(std::numeric_limits<double>::quiet_NaN(), {12, 2}).has_value());
    EXPECT_TRUE(decimal_of(123456789012345.67, {17, 2}).has_value());
}

// Any number of cents that is written as the nearest double comes back.
TEST(DecimalOf, IsTheInverseOfTheNearestDouble) {
    EXPECT_TRUE(rc::check([] {
        const auto cents = *rc::gen::inRange<std::int64_t>(-999'999'999'999, 999'999'999'999);
        const double value = static_cast<double>(cents) / 100;
        const auto back = decimal_of(value, {14, 2});
        RC_ASSERT(back.has_value());
        RC_ASSERT(static_cast<std::int64_t>(*back) == cents);
    }));
}

struct TimestampRow {
    std::string_view text;
    std::optional<std::int64_t> micros;
    bool has_zone = false;
    int line = __builtin_LINE();
};

constexpr TimestampRow kTimestamps[] = {
    TimestampRow{"1970-01-01", 0},
    TimestampRow{"1970-01-01 00:00:01", 1'000'000},
    TimestampRow{"1970-01-01T00:00:00.5", 500'000},
    TimestampRow{"1970-01-01T00:00:00.123456000", 123'456},
    TimestampRow{"1970-01-01T00:00:00.1234567", std::nullopt},
    TimestampRow{"1969-12-31 23:59:59.999999", -1},
    TimestampRow{"1970-01-01T01:00:00+01:00", 0, true},
    TimestampRow{"1970-01-01 00:00:00Z", 0, true},
    TimestampRow{"1970-01-01 00:00 -0130", 5'400'000'000, true},
    TimestampRow{"2000-02-29", 951'782'400'000'000},
    TimestampRow{"2001-02-29", std::nullopt},
    TimestampRow{"0000-01-01", std::nullopt},
    TimestampRow{"2000-13-01", std::nullopt},
    TimestampRow{"2000-01-01 24:00:00", std::nullopt},
    TimestampRow{"2000-01-01 10:00:00 ", std::nullopt},
    TimestampRow{"2000-01-01x", std::nullopt},
    TimestampRow{"20000101", std::nullopt},
    TimestampRow{"", std::nullopt},
};

TEST(ParseTimestamp, IsoAndNothingElse) {
    for (const TimestampRow& row : kTimestamps) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto parsed = parse_timestamp(row.text);
        ASSERT_EQ(parsed.has_value(), row.micros.has_value());
        if (!parsed) continue;
        EXPECT_EQ(parsed->micros, *row.micros);
        EXPECT_EQ(parsed->has_zone, row.has_zone);
    }
}

TEST(ParseDate, CountsEveryDay) {
    EXPECT_EQ(parse_date("0001-01-01"), -719'162);
    EXPECT_EQ(parse_date("9999-12-31"), 2'932'896);
    EXPECT_EQ(parse_date("2024-03-01").value() - parse_date("2024-02-28").value(), 2);
}

TEST(ParseUuid, WithAndWithoutHyphens) {
    const auto plain = parse_uuid("00112233445566778899aabbccddeeff");
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(plain, parse_uuid("{00112233-4455-6677-8899-AABBCCDDEEFF}"));
    EXPECT_FALSE(parse_uuid("00112233-4455-6677-8899-aabbccddeef").has_value());
    EXPECT_FALSE(parse_uuid("0011223-34455-6677-8899-aabbccddeeff").has_value());
    EXPECT_FALSE(parse_uuid("g0112233445566778899aabbccddeeff").has_value());
}

// No text of any kind may do more than be refused.
TEST(Parsers, TakeAnyBytes) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        static_cast<void>(parse_timestamp(text));
        static_cast<void>(parse_time(text));
        static_cast<void>(parse_uuid(text));
        static_cast<void>(parse_decimal(text, {38, 10}));
    }));
}

}  // namespace
}  // namespace trueup::extract
