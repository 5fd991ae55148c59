#include "base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace trueup {
namespace {

struct Utf8Row {
    std::string_view text;
    std::optional<std::size_t> bad_at;
    int line = __builtin_LINE();
};

constexpr Utf8Row kUtf8Rows[] = {
    Utf8Row{"", std::nullopt},
    Utf8Row{"plain ascii, longer than one word", std::nullopt},
    Utf8Row{"gr\xC3\xBC\xC3\x9F", std::nullopt},
    Utf8Row{"\xE2\x82\xAC \xF0\x9F\x98\x80", std::nullopt},
    Utf8Row{"12345678\xFFz", 8},
    Utf8Row{"\xC0\x80", 0},          // Overlong.
    Utf8Row{"a\xED\xA0\x80", 1},     // A surrogate.
    Utf8Row{"\xF4\x90\x80\x80", 0},  // Beyond U+10FFFF.
    Utf8Row{"ab\xE2\x82", 2},        // Cut off.
    Utf8Row{"\x80", 0},
};

TEST(Utf8, FindsTheFirstMalformedByte) {
    for (const Utf8Row& row : kUtf8Rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        EXPECT_EQ(invalid_utf8_at(row.text), row.bad_at);
    }
}

TEST(Printable, DisarmsTerminals) {
    EXPECT_EQ(printable("a\x1B[31m\tb\n"), "a\\u{1B}[31m\tb\n");
    EXPECT_EQ(printable("\xC2\x9B"
                        "x\xFF"),
              "\\u{9B}x\\xFF");
}

TEST(Nearest, SuggestsSlipsAndNothingElse) {
    const std::array<std::string, 3> words = {"chunk_size", "compression", "format"};
    EXPECT_EQ(nearest("chunksize", words), "chunk_size");
    EXPECT_EQ(nearest("fromat", words), "format");
    EXPECT_EQ(nearest("zebra", words), std::nullopt);
}

TEST(Human, Numbers) {
    EXPECT_EQ(grouped(-1234567), "-1,234,567");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1536), "1.54 kB");
    EXPECT_EQ(human_seconds(185), "3 m 05 s");
}

TEST(ParseInt64, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_int64("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(parse_int64("9223372036854775808"), std::nullopt);
    EXPECT_EQ(parse_int64("1x"), std::nullopt);
    EXPECT_EQ(parse_int64(""), std::nullopt);
}

}  // namespace
}  // namespace trueup
