#include "extract/source/key.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string_view>

namespace trueup::extract {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kIntegerMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();

std::string written(const KeyValue& value) { return json::write(to_json(value)); }

/// Same type and same bits: 0.0 is not -0.0. There is one NaN: which bits it has is not kept.
bool is_same(const KeyValue& left, const KeyValue& right) {
    const auto* const real = std::get_if<double>(&left);
    const auto* const other = std::get_if<double>(&right);
    if (real != nullptr && other != nullptr) {
        if (std::isnan(*real)) return std::isnan(*other);
        return std::bit_cast<std::uint64_t>(*real) == std::bit_cast<std::uint64_t>(*other);
    }
    return left == right;
}

KeyValue any_value() {
    switch (*rc::gen::inRange(0, 5)) {
        case 0: return *rc::gen::arbitrary<std::int64_t>();
        case 1: return std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
        case 2: return *rc::gen::arbitrary<std::string>();
        case 3: return Blob{*rc::gen::arbitrary<std::string>()};
        default: return KeyValue();
    }
}

struct ValueRow {
    KeyValue value;
    std::string_view json;
    std::string_view text;
    int line = __builtin_LINE();
};

TEST(Key, ValuesAreWrittenExactlyAndShownPlainly) {
    const ValueRow rows[] = {
        ValueRow{KeyValue(), "null", "NULL"},
        ValueRow{std::int64_t{7}, R"({"integer":"7"})", "7"},
        ValueRow{kIntegerMin, R"({"integer":"-9223372036854775808"})", "-9223372036854775808"},
        ValueRow{kIntegerMax, R"({"integer":"9223372036854775807"})", "9223372036854775807"},
        ValueRow{3.0, R"({"real":"0x1.8p+1"})", "3.0"},
        ValueRow{3.5, R"({"real":"0x1.cp+1"})", "3.5"},
        ValueRow{-0.0, R"({"real":"-0x0p+0"})", "-0.0"},
        ValueRow{1e300, R"({"real":"0x1.7e43c8800759cp+996"})", "1e+300"},
        ValueRow{kInfinity, R"({"real":"inf"})", "inf"},
        ValueRow{-kInfinity, R"({"real":"-inf"})", "-inf"},
        ValueRow{"", R"({"text":""})", "''"},
        ValueRow{"it's", R"({"text":"it's"})", "'it''s'"},
        ValueRow{"Ä\n", "{\"text\":\"Ä\\n\"}", "'Ä\n'"},
        ValueRow{std::string("a\0b", 3), R"({"text":"a\u0000b"})", R"('a\u{00}b')"},
        ValueRow{"a\xFF", R"({"text_hex":"61ff"})", R"('a\xFF')"},
        ValueRow{Blob{}, R"({"blob":""})", "x''"},
        ValueRow{Blob{"ab"}, R"({"blob":"6162"})", "x'6162'"},
    };
    for (const ValueRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.json);
        EXPECT_EQ(written(row.value), row.json);
        EXPECT_EQ(text_of(row.value), row.text);
        const auto read = parse_key(json::Value::array({to_json(row.value)}));
        ASSERT_TRUE(read.has_value()) << read.error().message;
        EXPECT_TRUE(is_same(read->at(0), row.value));
    }
}

TEST(Key, EveryValueReadsBackAsItself) {
    EXPECT_TRUE(rc::check([] {
        const int columns = *rc::gen::inRange(1, 4);
        Key key;
        for (int column = 0; column < columns; ++column) key.push_back(any_value());
        const std::string text = json::write(to_json(key));
        const auto document = json::parse(text, "key");
        RC_ASSERT(document.has_value());
        const auto read = parse_key(*document);
        RC_ASSERT(read.has_value());
        RC_ASSERT(read->size() == key.size());
        for (std::size_t at = 0; at < key.size(); ++at) RC_ASSERT(is_same(read->at(at), key[at]));
    }));
}

TEST(Key, LongValuesAreCutForPeopleBetweenCharacters) {
    const KeyValue text = std::string(119, 'a') + "ÄÄÄ";
    EXPECT_EQ(text_of(text), "'" + std::string(119, 'a') + "…'");
    const KeyValue blob = Blob{std::string(61, 'a')};
    EXPECT_TRUE(text_of(blob).ends_with("61…'")) << text_of(blob);
}

struct RejectRow {
    std::string_view json;
    int line = __builtin_LINE();
};

TEST(Key, WhatIsNoKeyIsRefused) {
    const RejectRow rows[] = {
        RejectRow{"null"},
        RejectRow{"[]"},
        RejectRow{"7"},
        RejectRow{"[7]"},
        RejectRow{R"(["a"])"},
        RejectRow{"[{}]"},
        RejectRow{R"([{"integer":7}])"},
        RejectRow{R"([{"integer":""}])"},
        RejectRow{R"([{"integer":"7x"}])"},
        RejectRow{R"([{"integer":"9223372036854775808"}])"},
        RejectRow{R"([{"integer":"7","text":"7"}])"},
        RejectRow{R"([{"number":"7"}])"},
        RejectRow{R"([{"real":"1.5"}])"},
        RejectRow{R"([{"real":"0x"}])"},
        RejectRow{R"([{"real":"0x-1p+0"}])"},
        RejectRow{R"([{"real":"0xinf"}])"},
        RejectRow{R"([{"real":"0x1p+0 "}])"},
        RejectRow{R"([{"real":"0x1p+99999"}])"},
        RejectRow{R"([{"blob":"6"}])"},
        RejectRow{R"([{"blob":"6g"}])"},
        RejectRow{R"([{"text_hex":"AB"}])"},
    };
    for (const RejectRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.json);
        const auto read = parse_key(json::parse(row.json, "key").value());
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.error().kind, ErrorClass::Integrity);
        EXPECT_TRUE(read.error().message.starts_with("not a key as plans are stored: "))
            << read.error().message;
    }
}

struct BoundsRow {
    Bounds bounds;
    std::string_view json;
    std::string_view text;
    int line = __builtin_LINE();
};

TEST(Bounds, AreWrittenShownAndReadBack) {
    const Key low = {std::int64_t{100}};
    const Key high = {std::int64_t{200}};
    const Key pair = {std::int64_t{1}, "a"};
    const BoundsRow rows[] = {
        BoundsRow{{low, high},
                  R"({"lower":[{"integer":"100"}],"upper":[{"integer":"200"}]})",
                  "[100, 200)"},
        BoundsRow{{low, {}}, R"({"lower":[{"integer":"100"}],"upper":null})", "from 100"},
        BoundsRow{{{}, high}, R"({"lower":null,"upper":[{"integer":"200"}]})", "below 200"},
        BoundsRow{{}, R"({"lower":null,"upper":null})", "everything"},
        BoundsRow{{{}, {}, true}, R"({"null_keys":true})", "NULL keys"},
        BoundsRow{{{}, pair},
                  R"({"lower":null,"upper":[{"integer":"1"},{"text":"a"}]})",
                  "below (1, 'a')"},
        BoundsRow{{pair, pair},
                  R"({"lower":[{"integer":"1"},{"text":"a"}],)"
                  R"("upper":[{"integer":"1"},{"text":"a"}]})",
                  "[(1, 'a'), (1, 'a'))"},
    };
    for (const BoundsRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.json);
        EXPECT_EQ(json::write(to_json(row.bounds)), row.json);
        EXPECT_EQ(text_of(row.bounds), row.text);
        const auto read = parse_bounds(json::parse(row.json, "bounds").value());
        ASSERT_TRUE(read.has_value()) << read.error().message;
        EXPECT_EQ(*read, row.bounds);
    }
}

TEST(Bounds, WhatAreNoBoundsIsRefused) {
    const RejectRow rows[] = {
        RejectRow{"null"},
        RejectRow{"[]"},
        RejectRow{"{}"},
        RejectRow{R"({"lower":null})"},
        RejectRow{R"({"lower":null,"upper":7})"},
        RejectRow{R"({"lower":null,"upper":[]})"},
        RejectRow{R"({"lower":null,"upper":[null]})"},
        RejectRow{R"({"lower":null,"upper":null,"null_keys":true})"},
        RejectRow{R"({"lower":null,"upper":null,"more":1})"},
        RejectRow{R"({"null_keys":false})"},
        RejectRow{R"({"null_keys":"true"})"},
    };
    for (const RejectRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.json);
        const auto read = parse_bounds(json::parse(row.json, "bounds").value());
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.error().kind, ErrorClass::Integrity);
    }
}

}  // namespace
}  // namespace trueup::extract
