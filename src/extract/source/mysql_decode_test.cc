#include "extract/source/mysql_decode.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "extract/source/value.h"

namespace trueup::extract::mysql_source {
namespace {

using columnar::Int128;
using columnar::Type;
using columnar::TypeId;

constexpr Type kBoolean{TypeId::Boolean};

/// As the server sends a number: the lowest byte first.
template <class T>
std::string wire(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

std::string date(int year, int month, int day) {
    return wire(static_cast<std::uint16_t>(year)) + static_cast<char>(month) +
           static_cast<char>(day);
}

std::string span(bool is_negative, std::uint32_t days, int hour, int minute, int second) {
    return std::string(1, is_negative ? '\1' : '\0') + wire(days) + static_cast<char>(hour) +
           static_cast<char>(minute) + static_cast<char>(second);
}

struct Outcome {
    Decoded decoded;
    columnar::Column column;
    template <class T>
    T value() const {
        return column.values<T>()[0];
    }
};

Outcome decode(Wire form, std::string_view bytes, Type type, DecodeLimits limits = {}) {
    columnar::Column column(type);
    column.use_own();
    const Decoded decoded = decode_value(form, bytes, column, 0, limits);
    return {decoded, std::move(column)};
}

template <class T>
void expect_number(Wire form, TypeId type, T value) {
    const Outcome outcome = decode(form, wire(value), {type});
    EXPECT_EQ(outcome.decoded, Decoded::Yes);
    EXPECT_EQ(outcome.value<T>(), value);
    const std::string cut = wire(value).substr(1);
    EXPECT_EQ(decode(form, cut, {type}).decoded, Decoded::Malformed);
    EXPECT_EQ(decode(form, wire(value) + "x", {type}).decoded, Decoded::Malformed);
}

TEST(MysqlDecode, NumbersComeAsTheyAre) {
    expect_number<std::int8_t>(Wire::Int8, TypeId::TinyInt, -128);
    expect_number<std::uint8_t>(Wire::UInt8, TypeId::UTinyInt, 255);
    expect_number<std::int16_t>(Wire::Int16, TypeId::SmallInt, -32768);
    expect_number<std::uint16_t>(Wire::UInt16, TypeId::USmallInt, 65535);
    expect_number<std::int32_t>(Wire::Int32, TypeId::Integer, -8388608);
    expect_number<std::uint32_t>(Wire::UInt32, TypeId::UInteger, 4294967295U);
    expect_number(Wire::Int64, TypeId::BigInt, std::numeric_limits<std::int64_t>::min());
    expect_number(Wire::UInt64, TypeId::UBigInt, std::numeric_limits<std::uint64_t>::max());
    expect_number(Wire::Float, TypeId::Float, 0.1F);
    expect_number(Wire::Double, TypeId::Double, 5e-324);
}

TEST(MysqlDecode, ATinyintThatIsABooleanHoldsTwoValues) {
    EXPECT_EQ(decode(Wire::Int8, std::string_view("\1", 1), kBoolean).value<std::uint8_t>(), 1);
    EXPECT_EQ(decode(Wire::Int8, std::string_view("\0", 1), kBoolean).value<std::uint8_t>(), 0);
    EXPECT_EQ(decode(Wire::Int8, "\2", kBoolean).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Int8, "", kBoolean).decoded, Decoded::Malformed);
}

TEST(MysqlDecode, DecimalsAreExactOrRefused) {
    struct Row {
        std::string_view text;
        Int128 unscaled;
        Type type;
        Decoded decoded;
        int line = __builtin_LINE();
    };
    const Type money{TypeId::Decimal, 12, 2};
    const Type wide{TypeId::Decimal, 38, 10};
    const Type narrow{TypeId::Decimal, 18, 0};
    const Row rows[] = {
        Row{"12.50", 1250, money, Decoded::Yes},
        Row{"-0.01", -1, money, Decoded::Yes},
        Row{"0.00", 0, money, Decoded::Yes},
        Row{"9999999999.99", 999'999'999'999, money, Decoded::Yes},
        Row{"10000000000.00", 0, money, Decoded::Misfit},
        Row{"1.5", 150, money, Decoded::Yes},
        Row{"1.005", 0, money, Decoded::Misfit},
        Row{"999999999999999999", 999'999'999'999'999'999, narrow, Decoded::Yes},
        Row{"-999999999999999999", -999'999'999'999'999'999, narrow, Decoded::Yes},
        Row{"99999999999999999999", 0, narrow, Decoded::Misfit},
        Row{"9999999999999999999999999999.9999999999", power_of_ten(38) - 1, wide, Decoded::Yes},
        Row{"-9999999999999999999999999999.9999999999", 1 - power_of_ten(38), wide, Decoded::Yes},
        Row{"99999999999999999999999999999999999999999999.0000000000", 0, wide, Decoded::Misfit},
        Row{"", 0, money, Decoded::Misfit},
        Row{"-", 0, money, Decoded::Misfit},
        Row{"1.2x", 0, money, Decoded::Misfit},
        Row{"1..0", 0, money, Decoded::Misfit},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const Outcome outcome = decode(Wire::Decimal, row.text, row.type);
        ASSERT_EQ(outcome.decoded, row.decoded);
        if (row.decoded != Decoded::Yes) continue;
        const Int128 got =
            row.type.width > 18 ? outcome.value<Int128>() : Int128{outcome.value<std::int64_t>()};
        EXPECT_TRUE(got == row.unscaled);
    }
}

RC_GTEST_PROP(MysqlDecode, EveryDecimalIsReadAsTheOtherSourcesReadIt, (std::int64_t number)) {
    const auto scale = *rc::gen::inRange(0, 10);
    const Type type{TypeId::Decimal, 38, static_cast<std::uint8_t>(scale)};
    std::string digits = std::to_string(number);
    const bool is_negative = digits.starts_with('-');
    if (is_negative) digits.erase(0, 1);
    while (std::ssize(digits) <= scale) digits.insert(0, "0");
    if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
    if (is_negative) digits.insert(0, "-");
    const Outcome outcome = decode(Wire::Decimal, digits, type);
    RC_ASSERT(outcome.decoded == Decoded::Yes);
    RC_ASSERT(outcome.value<Int128>() == parse_decimal(digits, {38, scale}).value());
}

TEST(MysqlDecode, DatesThatNoCalendarHasAreMisfits) {
    const Type type{TypeId::Date};
    EXPECT_EQ(decode(Wire::Date, date(1970, 1, 1), type).value<std::int32_t>(), 0);
    EXPECT_EQ(decode(Wire::Date, date(2024, 2, 29), type).value<std::int32_t>(), 19'782);
    EXPECT_EQ(decode(Wire::Date, date(9999, 12, 31), type).value<std::int32_t>(), 2'932'896);
    for (const std::string& none :
         {std::string(), date(0, 0, 0), date(2023, 2, 29), date(2024, 0, 1), date(2024, 1, 0),
          date(2024, 13, 1), date(0, 1, 1)}) {
        EXPECT_EQ(decode(Wire::Date, none, type).decoded, Decoded::Misfit) << none;
    }
    EXPECT_EQ(decode(Wire::Date, "abc", type).decoded, Decoded::Malformed);
    EXPECT_EQ(text_of_value(Wire::Date, ""), "0000-00-00");
    EXPECT_EQ(text_of_value(Wire::Date, date(2024, 0, 10)), "2024-00-10");
}

TEST(MysqlDecode, MomentsHaveAsManyBytesAsTheyNeed) {
    const Type type{TypeId::Timestamp};
    const std::string day = date(1970, 1, 2);
    EXPECT_EQ(decode(Wire::Datetime, day, type).value<std::int64_t>(), 86'400'000'000);
    const std::string second = day + std::string("\0\0\1", 3);
    EXPECT_EQ(decode(Wire::Datetime, second, type).value<std::int64_t>(), 86'401'000'000);
    const std::string micro = second + wire(std::uint32_t{7});
    EXPECT_EQ(decode(Wire::Datetime, micro, type).value<std::int64_t>(), 86'401'000'007);
    EXPECT_EQ(decode(Wire::Datetime, date(9999, 12, 31) + "\x17\x3b\x3b" + wire(999'999U), type)
                  .value<std::int64_t>(),
              253'402'300'799'999'999);
    EXPECT_EQ(decode(Wire::Datetime, "", type).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Datetime, day + std::string("\x18\0\0", 3), type).decoded,
              Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Datetime, second + wire(1'000'000U), type).decoded, Decoded::Misfit);
    for (std::size_t size = 0; size <= micro.size() + 1; ++size) {
        const std::string bytes = (micro + "x").substr(0, size);
        const bool is_form = size == 0 || size == 4 || size == 7 || size == 11;
        EXPECT_EQ(decode(Wire::Datetime, bytes, type).decoded == Decoded::Malformed, !is_form);
    }
    EXPECT_EQ(text_of_value(Wire::Datetime, ""), "0000-00-00 00:00:00");
}

TEST(MysqlDecode, SpansAreTimesOfDayOrMisfits) {
    const Type type{TypeId::Time};
    EXPECT_EQ(decode(Wire::Time, "", type).value<std::int64_t>(), 0);
    EXPECT_EQ(decode(Wire::Time, span(false, 0, 23, 59, 59), type).value<std::int64_t>(),
              86'399'000'000);
    EXPECT_EQ(decode(Wire::Time, span(false, 0, 0, 0, 1) + wire(5U), type).value<std::int64_t>(),
              1'000'005);
    EXPECT_EQ(decode(Wire::Time, span(false, 1, 0, 0, 0), type).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Time, span(true, 0, 0, 0, 1), type).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Time, "abc", type).decoded, Decoded::Malformed);
    EXPECT_EQ(text_of_value(Wire::Time, span(true, 34, 22, 59, 59) + wire(5U)),
              "-838:59:59.000005");
}

TEST(MysqlDecode, BitsAreANumber) {
    const Type type{TypeId::UBigInt};
    EXPECT_EQ(decode(Wire::Bit, "\x01\x02", type).value<std::uint64_t>(), 0x102U);
    EXPECT_EQ(decode(Wire::Bit, std::string(8, '\xff'), type).value<std::uint64_t>(),
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(decode(Wire::Bit, std::string(9, '\xff'), type).decoded, Decoded::Malformed);
    EXPECT_EQ(decode(Wire::Bit, "", type).decoded, Decoded::Malformed);
    EXPECT_EQ(decode(Wire::Bit, "\x01", kBoolean).value<std::uint8_t>(), 1);
}

TEST(MysqlDecode, TextsAreCheckedAndLimited) {
    const DecodeLimits limits{.value_bytes_max = 5, .checks_utf8 = true};
    const Type text{TypeId::Varchar};
    EXPECT_EQ(decode(Wire::Bytes, "hello", text, limits).value<columnar::BytesRef>().view(),
              "hello");
    EXPECT_EQ(decode(Wire::Bytes, "hello!", text, limits).decoded, Decoded::TooLong);
    EXPECT_EQ(decode(Wire::Bytes, "\xff", text, limits).decoded, Decoded::Misfit);
    EXPECT_EQ(decode(Wire::Bytes, "\xff", {TypeId::Blob}, limits).decoded, Decoded::Yes);
    EXPECT_EQ(text_of_value(Wire::Bytes, "\xff"), "x'ff'");
}

TEST(MysqlDecode, AGeometryLosesItsReferenceSystem) {
    const std::string bytes("\0\0\0\0wkb", 7);
    EXPECT_EQ(decode(Wire::Geometry, bytes, {TypeId::Blob}).value<columnar::BytesRef>().view(),
              "wkb");
    EXPECT_EQ(decode(Wire::Geometry, "abc", {TypeId::Blob}).decoded, Decoded::Malformed);
}

TEST(MysqlDecode, AUuidMayBeBytesOrText) {
    const Type type{TypeId::Uuid};
    const std::string bytes("\xc4\xca\x42\x38\xa0\xb9\x23\x82\x0d\xcc\x50\x9a\x6f\x75\x84\x9b", 16);
    const auto of_bytes = decode(Wire::TypedByText, bytes, type);
    const auto of_text = decode(Wire::TypedByText, "c4ca4238-a0b9-2382-0dcc-509a6f75849b", type);
    ASSERT_EQ(of_bytes.decoded, Decoded::Yes);
    ASSERT_EQ(of_text.decoded, Decoded::Yes);
    EXPECT_TRUE(of_bytes.value<Int128>() == of_text.value<Int128>());
    EXPECT_EQ(decode(Wire::TypedByText, "c4ca", type).decoded, Decoded::Misfit);
}

}  // namespace
}  // namespace trueup::extract::mysql_source
