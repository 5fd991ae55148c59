#include "extract/source/postgres_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "extract/source/postgres_test_support.h"

namespace trueup::extract::postgres_source {
namespace {

using columnar::list_of;
using columnar::ListEntry;
using columnar::Type;
using columnar::TypeId;

constexpr std::int32_t kInt4Oid = 23;
constexpr std::int32_t kTextOid = 25;
constexpr std::int32_t kDateOid = 1082;

/// What stands before the elements, of an array with dimensions of these sizes.
std::string head(std::int32_t oid, const std::vector<std::int32_t>& sizes,
                 std::int32_t lower_bound = 1, std::int32_t flags = 0) {
    std::string bytes = wire(static_cast<std::int32_t>(sizes.size())) + wire(flags) + wire(oid);
    for (const std::int32_t size : sizes) bytes += wire(size) + wire(lower_bound);
    return bytes;
}
std::string element(std::string_view value) {
    return wire(static_cast<std::int32_t>(value.size())) + std::string(value);
}
std::string null_element() { return wire<std::int32_t>(-1); }
std::string number(std::int32_t value) { return element(wire(value)); }

Outcome decode_numbers(const std::string& bytes) {
    return decode(Wire::Array, bytes, list_of({TypeId::Integer}));
}

/// The list of row 0.
std::vector<std::optional<std::int32_t>> numbers_of(const Outcome& out) {
    const ListEntry entry = out.column.values<ListEntry>()[0];
    std::vector<std::optional<std::int32_t>> list;
    for (std::size_t at = entry.offset; at < entry.offset + entry.length; ++at) {
        const bool is_null = out.column.elements().is_null(at);
        list.push_back(is_null ? std::nullopt
                               : std::optional(out.column.elements().values<std::int32_t>()[at]));
    }
    return list;
}

TEST(PostgresArray, OneDimensionIsAList) {
    const std::string bytes = head(kInt4Oid, {3}, 1, 1) + number(7) + null_element() + number(-1);
    const Outcome out = decode_numbers(bytes);
    EXPECT_EQ(out.decoded, Decoded::Yes);
    EXPECT_EQ(numbers_of(out), (std::vector<std::optional<std::int32_t>>{7, std::nullopt, -1}));
}

TEST(PostgresArray, WhereItsCountingBeginsDoesNotMatter) {
    for (const std::int32_t bound : {-5, 0, std::numeric_limits<std::int32_t>::max()}) {
        const Outcome out = decode_numbers(head(kInt4Oid, {1}, bound) + number(7));
        EXPECT_EQ(out.decoded, Decoded::Yes);
        EXPECT_EQ(numbers_of(out), (std::vector<std::optional<std::int32_t>>{7}));
    }
}

TEST(PostgresArray, NoDimensionIsTheEmptyList) {
    for (const std::string& bytes : {head(kInt4Oid, {}), head(kInt4Oid, {0})}) {
        const Outcome out = decode_numbers(bytes);
        EXPECT_EQ(out.decoded, Decoded::Yes);
        EXPECT_EQ(out.column.values<ListEntry>()[0].length, 0U);
        EXPECT_FALSE(out.column.is_null(0));
    }
}

TEST(PostgresArray, MoreDimensionsAreAMisfit) {
    const Type type = list_of({TypeId::Integer});
    const std::string square = head(kInt4Oid, {2, 1}) + number(1) + number(2);
    EXPECT_EQ(decode_numbers(square).decoded, Decoded::Misfit);
    EXPECT_EQ(text_of_value(Wire::Array, square, type), "of 2 dimensions");
    const std::string deep = head(kInt4Oid, {1, 1, 1, 1, 1, 1}) + number(1);
    EXPECT_EQ(decode_numbers(deep).decoded, Decoded::Misfit);
}

TEST(PostgresArray, AnElementThatDoesNotFitIsNamed) {
    const Type type = list_of({TypeId::Date});
    const std::string bytes = head(kDateOid, {3}, 1, 1) + number(0) + null_element() +
                              number(std::numeric_limits<std::int32_t>::max());
    EXPECT_EQ(decode(Wire::Array, bytes, type).decoded, Decoded::Misfit);
    EXPECT_EQ(text_of_value(Wire::Array, bytes, type), "with infinity in it");
}

TEST(PostgresArray, AListThatWasGivenUpLeavesNothingBehind) {
    columnar::Column column(list_of({TypeId::Integer}));
    const std::string torn = head(kInt4Oid, {3}, 1, 1) + null_element() + null_element() + "junk";
    ASSERT_EQ(decode_value(Wire::Array, torn, column, 0, {}), Decoded::Malformed);
    EXPECT_EQ(column.elements_size(), 0U);
    const std::string whole = head(kInt4Oid, {2}) + number(1) + number(2);
    ASSERT_EQ(decode_value(Wire::Array, whole, column, 0, {}), Decoded::Yes);
    EXPECT_FALSE(column.elements().is_null(0));
    EXPECT_FALSE(column.elements().is_null(1));
}

TEST(PostgresArray, TextsCanBeReadAsAnotherType) {
    const std::string bytes = head(kTextOid, {2}) + element("12") + element("-3");
    const Outcome out = decode(Wire::TextArray, bytes, list_of({TypeId::Integer}));
    EXPECT_EQ(out.decoded, Decoded::Yes);
    EXPECT_EQ(numbers_of(out), (std::vector<std::optional<std::int32_t>>{12, -3}));
    const std::string word = head(kTextOid, {1}) + element("twelve");
    EXPECT_EQ(decode(Wire::TextArray, word, list_of({TypeId::Integer})).decoded, Decoded::Misfit);
    EXPECT_EQ(text_of_value(Wire::TextArray, word, list_of({TypeId::Integer})),
              "with twelve in it");
}

TEST(PostgresArray, AnotherElementTypeIsMalformed) {
    const std::string bytes = head(kInt4Oid, {1}) + number(7);
    for (const TypeId type : {TypeId::BigInt, TypeId::SmallInt, TypeId::Date, TypeId::Varchar,
                              TypeId::Uuid, TypeId::Boolean, TypeId::UInteger}) {
        EXPECT_EQ(decode(Wire::Array, bytes, list_of({type})).decoded, Decoded::Malformed);
        EXPECT_EQ(decode(Wire::TextArray, bytes, list_of({type})).decoded, Decoded::Malformed);
    }
}

TEST(PostgresArray, WhatNoServerSendsIsMalformed) {
    const std::string good = head(kInt4Oid, {2}, 1, 1) + number(7) + null_element();
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_EQ(decode_numbers(good.substr(0, length)).decoded, Decoded::Malformed) << length;
    }
    const std::string bad[] = {
        good + "x",
        head(kInt4Oid, {1'000'000'000}) + number(7),  // More than the message holds.
        head(kInt4Oid, {-1}),
        head(kInt4Oid, {1}, 1, 2) + number(7),
        head(kInt4Oid, {1, 1, 1, 1, 1, 1, 1}) + number(7),
        wire<std::int32_t>(-1) + wire<std::int32_t>(0) + wire(kInt4Oid),
        head(kInt4Oid, {1}) + wire<std::int32_t>(-2) + wire<std::int32_t>(7),
        head(kInt4Oid, {1}) + wire<std::int32_t>(400) + wire<std::int32_t>(7),
        head(kInt4Oid, {1}) + element("abc"),
        head(kInt4Oid, {2}) + number(7),
    };
    for (const std::string& bytes : bad) {
        EXPECT_EQ(decode_numbers(bytes).decoded, Decoded::Malformed);
        EXPECT_EQ(text_of_value(Wire::Array, bytes, list_of({TypeId::BigInt})), "(malformed)");
    }
}

TEST(PostgresArray, TheLimitIsThatOfTheWholeList) {
    const std::string bytes = head(kTextOid, {2}) + element("abc") + element("def");
    const Type type = list_of({TypeId::Varchar});
    EXPECT_EQ(decode(Wire::Array, bytes, type, {.value_bytes_max = bytes.size()}).decoded,
              Decoded::Yes);
    EXPECT_EQ(decode(Wire::Array, bytes, type, {.value_bytes_max = bytes.size() - 1}).decoded,
              Decoded::TooLong);
}

}  // namespace
}  // namespace trueup::extract::postgres_source
