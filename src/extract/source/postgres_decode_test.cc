#include "extract/source/postgres_decode.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "extract/source/postgres_copy.h"
#include "extract/source/postgres_test_support.h"
#include "extract/source/value.h"

namespace trueup::extract::postgres_source {
namespace {

using columnar::Int128;
using columnar::Type;
using columnar::TypeId;

/// As the server sends a numeric: from its decimal text.
std::string numeric(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const std::size_t point = std::min(text.find('.'), text.size());
    std::string whole(text.substr(0, point));
    std::string fraction(text.substr(std::min(point + 1, text.size())));
    const std::size_t shown_scale = fraction.size();
    while (whole.size() % 4 != 0) whole.insert(0, "0");
    while (fraction.size() % 4 != 0) fraction += '0';
    std::vector<int> words;
    for (const std::string& digits : {whole, fraction}) {
        for (std::size_t i = 0; i < digits.size(); i += 4) {
            words.push_back(std::stoi(digits.substr(i, 4)));
        }
    }
    int weight = static_cast<int>(whole.size() / 4) - 1;
    while (!words.empty() && words.front() == 0) {
        words.erase(words.begin());
        --weight;
    }
    while (!words.empty() && words.back() == 0) words.pop_back();
    std::string bytes = wire(static_cast<std::int16_t>(words.size())) +
                        wire(static_cast<std::int16_t>(words.empty() ? 0 : weight)) +
                        wire(static_cast<std::int16_t>(is_negative ? 0x4000 : 0)) +
                        wire(static_cast<std::int16_t>(shown_scale));
    for (const int word : words) bytes += wire(static_cast<std::int16_t>(word));
    return bytes;
}

/// The unscaled number, or nothing for a misfit.
std::optional<Int128> decimal(std::string_view text, int width, int scale) {
    const Type type{TypeId::Decimal, static_cast<std::uint8_t>(width),
                    static_cast<std::uint8_t>(scale)};
    const Outcome out = decode(Wire::Numeric, numeric(text), type);
    if (out.decoded != Decoded::Yes) return std::nullopt;
    switch (columnar::value_bytes(type)) {
        case 2: return out.column.values<std::int16_t>()[0];
        case 4: return out.column.values<std::int32_t>()[0];
        case 8: return out.column.values<std::int64_t>()[0];
        default: return out.column.values<Int128>()[0];
    }
}

TEST(PostgresNumeric, AgreesWithItsText) {
    struct Row {
        std::string_view text;
        int width;
        int scale;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"0", 4, 2},
        Row{"0.00", 4, 2},
        Row{"-0.01", 4, 2},
        Row{"99.99", 4, 2},
        Row{"-99.99", 4, 2},
        Row{"1", 4, 0},
        Row{"10000", 9, 2},
        Row{"10000000", 9, 0},
        Row{"0.0001", 9, 4},
        Row{"0.00001", 9, 5},
        Row{"123456.789", 12, 3},
        Row{"123456789012345678", 18, 0},
        Row{"-999999999999999999", 18, 0},
        Row{"0.000000000000000001", 18, 18},
        Row{"99999999999999999999999999999999999999", 38, 0},
        Row{"-9999999999999999999999999999.9999999999", 38, 10},
        Row{"0.00000000000000000000000000000000000001", 38, 38},
        Row{"10000000000000000000000000000000000000", 38, 0},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto want = parse_decimal(row.text, {row.width, row.scale});
        ASSERT_TRUE(want.has_value());
        const auto got = decimal(row.text, row.width, row.scale);
        ASSERT_TRUE(got.has_value());
        EXPECT_TRUE(*got == *want);
    }
}

TEST(PostgresNumeric, WhatDoesNotFitIsAMisfit) {
    EXPECT_EQ(decimal("100", 4, 2), std::nullopt);
    EXPECT_EQ(decimal("0.001", 4, 2), std::nullopt);
    EXPECT_EQ(decimal("10000000000", 9, 0), std::nullopt);
    EXPECT_EQ(decimal("1000000000000000000", 18, 0), std::nullopt);
    EXPECT_EQ(decimal("100000000000000000000000000000000000000", 38, 0), std::nullopt);
    EXPECT_EQ(decimal("1" + std::string(200, '0'), 38, 0), std::nullopt);
    EXPECT_EQ(decimal("0." + std::string(200, '0') + "1", 38, 38), std::nullopt);
}

TEST(PostgresNumeric, SpecialOnesAreMisfitsThatHaveAName) {
    const Type type{TypeId::Decimal, 9, 2};
    for (const auto& [sign, name] : {std::pair<int, std::string_view>{0xc000, "NaN"},
                                     {0xd000, "Infinity"},
                                     {0xf000, "-Infinity"}}) {
        const std::string bytes = wire<std::int16_t>(0) + wire<std::int16_t>(0) +
                                  wire(static_cast<std::int16_t>(sign)) + wire<std::int16_t>(0);
        EXPECT_EQ(decode(Wire::Numeric, bytes, type).decoded, Decoded::Misfit);
        EXPECT_EQ(text_of_value(Wire::Numeric, bytes, type), name);
    }
}

TEST(PostgresNumeric, BrokenOnesAreMalformed) {
    const Type type{TypeId::Decimal, 9, 2};
    const std::string good = numeric("123456.78");
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_EQ(decode(Wire::Numeric, good.substr(0, length), type).decoded, Decoded::Malformed);
    }
    EXPECT_EQ(decode(Wire::Numeric, good + "x", type).decoded, Decoded::Malformed);
    std::string large_word = good;
    large_word[8] = 0x7f;
    EXPECT_EQ(decode(Wire::Numeric, large_word, type).decoded, Decoded::Malformed);
    std::string other_sign = good;
    other_sign[4] = 0x20;
    EXPECT_EQ(decode(Wire::Numeric, other_sign, type).decoded, Decoded::Malformed);
}

RC_GTEST_PROP(PostgresNumeric, AnyNumberIsItsText, ()) {
    const int width = *rc::gen::inRange(1, 39);
    const int scale = *rc::gen::inRange(0, width + 1);
    std::string text = *rc::gen::element(std::string(), std::string("-"));
    const int whole = *rc::gen::inRange(1, 45);
    for (int i = 0; i < whole; ++i) text += static_cast<char>('0' + *rc::gen::inRange(0, 10));
    const int behind = *rc::gen::inRange(0, 45);
    if (behind > 0) text += '.';
    for (int i = 0; i < behind; ++i) text += static_cast<char>('0' + *rc::gen::inRange(0, 10));
    const auto want = parse_decimal(text, {width, scale});
    const auto got = decimal(text, width, scale);
    RC_ASSERT(got.has_value() == want.has_value());
    if (want) RC_ASSERT(*got == *want);
    std::string shown = text_of_value(Wire::Numeric, numeric(text), {});
    RC_ASSERT(parse_decimal(shown, {width, scale}) == want);
}

TEST(PostgresDecode, NumbersAreBigEndian) {
    EXPECT_EQ(decode(Wire::Int2, wire<std::int16_t>(-2), {TypeId::SmallInt})
                  .column.values<std::int16_t>()[0],
              -2);
    EXPECT_EQ(decode(Wire::Int4, wire<std::int32_t>(-70000), {TypeId::Integer})
                  .column.values<std::int32_t>()[0],
              -70000);
    const auto least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(decode(Wire::Int8, wire(least), {TypeId::BigInt}).column.values<std::int64_t>()[0],
              least);
    EXPECT_EQ(decode(Wire::Float8, wire(std::bit_cast<std::int64_t>(-0.1)), {TypeId::Double})
                  .column.values<double>()[0],
              -0.1);
}

TEST(PostgresDecode, KeysAreNumbersWhereTheyCanBe) {
    EXPECT_EQ(whole_number(Wire::Int2, wire<std::int16_t>(-2)), -2);
    EXPECT_EQ(whole_number(Wire::Int4, wire<std::int32_t>(-3)), -3);
    EXPECT_EQ(whole_number(Wire::Int8, wire<std::int64_t>(-4)), -4);
    EXPECT_EQ(whole_number(Wire::Oid, wire<std::int32_t>(-1)), 4'294'967'295);
    EXPECT_EQ(whole_number(Wire::Tid, wire<std::int32_t>(-1) + wire<std::int16_t>(7)),
              4'294'967'295);
    EXPECT_EQ(whole_number(Wire::Tid, wire<std::int32_t>(1)), std::nullopt);
    EXPECT_EQ(whole_number(Wire::Bytes, wire<std::int32_t>(1)), std::nullopt);
}

TEST(PostgresDecode, TheEpochIsAnotherOne) {
    EXPECT_EQ(
        decode(Wire::Date, wire<std::int32_t>(0), {TypeId::Date}).column.values<std::int32_t>()[0],
        parse_date("2000-01-01"));
    EXPECT_EQ(decode(Wire::Timestamp, wire<std::int64_t>(0), {TypeId::Timestamp})
                  .column.values<std::int64_t>()[0],
              parse_timestamp("2000-01-01 00:00:00")->micros);
}

TEST(PostgresDecode, InfinitiesAreMisfits) {
    for (const auto end :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        EXPECT_EQ(decode(Wire::Timestamp, wire(end), {TypeId::Timestamp}).decoded, Decoded::Misfit);
    }
    const auto never = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(decode(Wire::Date, wire(never), {TypeId::Date}).decoded, Decoded::Misfit);
    EXPECT_EQ(text_of_value(Wire::Date, wire(never), {TypeId::Date}), "infinity");
    EXPECT_EQ(decode(Wire::Time, wire<std::int64_t>(86'400'000'000), {TypeId::Time}).decoded,
              Decoded::Misfit);
}

TEST(PostgresDecode, ValuesOfAnotherSizeAreMalformed) {
    for (const Wire form :
         {Wire::Bool, Wire::Int2, Wire::Int4, Wire::Int8, Wire::Oid, Wire::Float4, Wire::Float8,
          Wire::Uuid, Wire::Date, Wire::Time, Wire::Timestamp, Wire::Jsonb}) {
        EXPECT_EQ(decode(form, "", {TypeId::Varchar}).decoded, Decoded::Malformed);
        EXPECT_EQ(decode(form, "abc", {TypeId::Varchar}).decoded, Decoded::Malformed);
    }
}

TEST(PostgresDecode, TextsHaveLimits) {
    const Type text{TypeId::Varchar};
    EXPECT_EQ(decode(Wire::Bytes, "abc", text, {.value_bytes_max = 3}).decoded, Decoded::Yes);
    EXPECT_EQ(decode(Wire::Bytes, "abcd", text, {.value_bytes_max = 3}).decoded, Decoded::TooLong);
    EXPECT_EQ(decode(Wire::Bytes, "\xff", text, {.checks_utf8 = true}).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Bytes, "\xff", {TypeId::Blob}, {.checks_utf8 = true}).decoded,
              Decoded::Yes);
    EXPECT_EQ(
        decode(Wire::Jsonb, "\x01{}", {TypeId::Json}).column.values<columnar::BytesRef>()[0].view(),
        "{}");
}

TEST(PostgresCopy, TheHeaderMayHaveAnExtension) {
    const std::string signature("PGCOPY\n\377\r\n\0", 11);
    const std::string plain = signature + wire<std::int32_t>(0) + wire<std::int32_t>(0);
    EXPECT_EQ(behind_copy_header(plain), "");
    EXPECT_EQ(behind_copy_header(plain + "row"), "row");
    const std::string extended =
        signature + wire<std::int32_t>(1) + wire<std::int32_t>(2) + "xyrow";
    EXPECT_EQ(behind_copy_header(extended), "row");
    for (std::size_t length = 0; length < plain.size(); ++length) {
        EXPECT_EQ(behind_copy_header(plain.substr(0, length)), std::nullopt);
    }
    const std::string critical = signature + wire<std::int32_t>(1 << 16) + wire<std::int32_t>(0);
    EXPECT_EQ(behind_copy_header(critical), std::nullopt);
    const std::string endless = signature + wire<std::int32_t>(0) + wire<std::int32_t>(-1);
    EXPECT_EQ(behind_copy_header(endless), std::nullopt);
}

TEST(PostgresCopy, FieldsThatAreNotThereAreLost) {
    const std::string row =
        wire<std::int16_t>(2) + wire<std::int32_t>(-1) + wire<std::int32_t>(2) + "ab";
    CopyFields fields(row);
    EXPECT_EQ(fields.number16(), 2);
    EXPECT_EQ(fields.field(), std::nullopt);
    EXPECT_EQ(fields.field(), "ab");
    EXPECT_TRUE(fields.is_whole());
    for (std::size_t length = 0; length < row.size(); ++length) {
        CopyFields torn(std::string_view(row).substr(0, length));
        torn.number16();
        torn.field();
        torn.field();
        EXPECT_FALSE(torn.is_whole()) << length;
    }
    const std::string below_zero = wire<std::int32_t>(-2);
    CopyFields negative(below_zero);
    EXPECT_EQ(negative.field(), std::nullopt);
    EXPECT_TRUE(negative.is_lost());
    // An empty value would look like one that was there.
    EXPECT_EQ(negative.field(), std::nullopt);
}

}  // namespace
}  // namespace trueup::extract::postgres_source
