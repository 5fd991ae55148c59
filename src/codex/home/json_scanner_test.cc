#include "codex/home/json_scanner.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "json/json.h"

namespace trueup::codex {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): the s of "…"s.

bool is_json(std::string_view text) {
    JsonScanner json(text);
    json.skip_blanks();
    if (!json.value(0)) return false;
    json.skip_blanks();
    return json.is_at_end();
}

std::string nested(std::size_t depth, char opening, char closing) {
    return std::string(depth, opening) + std::string(depth, closing);
}

struct Row {
    std::string text;
    bool want;
    int line = __builtin_LINE();
};

TEST(JsonScanner, AcceptsWhatRfc8259Does) {
    const Row rows[] = {
        Row{"null", true},
        Row{"true", true},
        Row{"false", true},
        Row{" \t\r\n1 \t\r\n", true},
        Row{"0", true},
        Row{"-0", true},
        Row{"-0.0e-0", true},
        Row{"1.50E+12", true},
        Row{"123456789012345678901234567890", true},
        Row{"[]", true},
        Row{"{}", true},
        Row{"[ ]", true},
        Row{"{ }", true},
        Row{R"([1,"a",null,[{}],{"a":{"b":[]}}])", true},
        Row{R"({"a":1,"a":2,"":3})", true},
        Row{R"({ "a" : 1 , "b" : [ 2 , 3 ] })", true},
        Row{R"("\"\\\/\b\f\n\r\t\u0000\uABCD\uabcd")", true},
        Row{R"("\ud83d\ude00")", true},
        Row{"\"\x7f\"", true},
        Row{"\"\u00e9\u20ac\U0001F600 and more of it, beyond one block\"", true},
        Row{nested(kJsonDepthMax, '[', ']'), true},

        Row{"", false},
        Row{" ", false},
        Row{"nul", false},
        Row{"nulL", false},
        Row{"True", false},
        Row{"1 2", false},
        Row{"{}x", false},
        Row{"{}\0"s, false},
        Row{"\0"s, false},
        Row{"\xEF\xBB\xBF{}", false},
        Row{"{}\v", false},
        Row{"{}\f", false},
        Row{"{}\u00a0", false},
        Row{"+1", false},
        Row{"-", false},
        Row{"01", false},
        Row{"-01", false},
        Row{".5", false},
        Row{"1.", false},
        Row{"1.e3", false},
        Row{"1e", false},
        Row{"1e+", false},
        Row{"0x1", false},
        Row{"NaN", false},
        Row{"Infinity", false},
        Row{"[", false},
        Row{"]", false},
        Row{"[1,]", false},
        Row{"[,1]", false},
        Row{"[1 2]", false},
        Row{"[1}", false},
        Row{"{", false},
        Row{"{]", false},
        Row{"{,}", false},
        Row{R"({"a"})", false},
        Row{R"({"a":})", false},
        Row{R"({"a":1,})", false},
        Row{R"({"a":1 "b":2})", false},
        Row{R"({"a" 1})", false},
        Row{R"({a:1})", false},
        Row{R"({1:1})", false},
        Row{R"({null:1})", false},
        Row{R"({'a':1})", false},
        Row{R"({"a":1]})", false},
        Row{R"([{"a":1,"b"}])", false},
        Row{R"(["a":1])", false},
        Row{R"(")", false},
        Row{R"("a)", false},
        Row{R"("\")", false},
        Row{R"("\x")", false},
        Row{R"("\u12G4")", false},
        Row{R"("\u12")", false},
        Row{R"("\U1234")", false},
        Row{R"("\ud83d")", false},
        Row{R"("\ud83d\n")", false},
        Row{R"("\ud83dx")", false},
        Row{R"("\ud83d\u0041")", false},
        Row{R"("\ud83d\ud83d")", false},
        Row{R"("\ude00")", false},
        Row{"\"\n\"", false},
        Row{"\"\t\"", false},
        Row{"\"\0\""s, false},
        Row{"\"\x1f\"", false},
        Row{"\"\x80\"", false},
        Row{"\"\xc0\xaf\"", false},
        Row{"\"\xed\xa0\x80\"", false},  // A surrogate in UTF-8.
        Row{"\"\xf4\x90\x80\x80\"", false},
        Row{"\"\xe2\x82\"", false},
        Row{"\"\xe2\x82 and more of it, beyond one block\"", false},
        Row{nested(kJsonDepthMax + 1, '[', ']'), false},
        Row{nested(100'000, '[', ']'), false},
        Row{std::string(100'000, '['), false},
    };
    for (const Row& row : rows) {
        testing::ScopedTrace trace(__FILE__, row.line, row.text.substr(0, 60));
        EXPECT_EQ(is_json(row.text), row.want);
    }
}

TEST(JsonScanner, DepthCountsWhatStandsAround) {
    for (std::size_t around = 0; around <= kJsonDepthMax; ++around) {
        const std::string fits = nested(kJsonDepthMax - around, '[', ']');
        const std::string deeper = nested(kJsonDepthMax - around + 1, '[', ']');
        EXPECT_EQ(JsonScanner(fits).value(around), around < kJsonDepthMax);
        EXPECT_FALSE(JsonScanner(deeper).value(around));
    }
    const auto ignore = [](const JsonText&) { return true; };
    EXPECT_TRUE(JsonScanner("{}").members(kJsonDepthMax - 1, ignore));
    EXPECT_FALSE(JsonScanner("{}").members(kJsonDepthMax, ignore));
}

TEST(JsonScanner, MembersComeInOrderWithTheirKeys) {
    JsonScanner json(R"({ "a" : 1 ,"\u0062":[{"c":2}], "a":"x" })");
    std::vector<std::string> seen;
    ASSERT_TRUE(json.members(0, [&](const JsonText& key) {
        const std::size_t start = json.position();
        if (!json.value(1)) return false;
        seen.push_back(key.decoded() + "@" + std::to_string(start));
        return true;
    }));
    EXPECT_EQ(seen, (std::vector<std::string>{"a@8", "b@20", "a@35"}));
    EXPECT_TRUE(json.is_at_end());
    EXPECT_EQ(json.blanks(), 6u);
}

TEST(JsonScanner, StopsAtTheByteThatIsWrong) {
    const struct {
        std::string_view text;
        std::size_t want;
    } rows[] = {{"[1,2,x]", 5},    {R"({"a":tru})", 8}, {"\"abc\x01\"", 4}, {"\"abc\xff\"", 4},
                {R"("a\q")", 3},   {R"("\u00g0")", 5},  {"[1", 2},          {"", 0},
                {R"({"a":1,})", 7}};
    for (const auto& row : rows) {
        JsonScanner json(row.text);
        EXPECT_FALSE(json.value(0)) << row.text;
        EXPECT_EQ(json.position(), row.want) << row.text;
    }
}

JsonText text_of(std::string_view quoted) {
    JsonScanner json(quoted);
    JsonText text;
    EXPECT_TRUE(json.text(text)) << quoted;
    return text;
}

TEST(JsonText, EscapesAreResolved) {
    const struct {
        std::string_view quoted;
        std::string want;
    } rows[] = {
        {R"("")", ""},
        {R"("plain")", "plain"},
        {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
        {R"("\u0041\u00e9\u20ac\ud83d\ude00")", "A\u00e9\u20ac\U0001F600"},
        {R"("\u0000")", "\0"s},
        {R"("\uDBFF\uDFFF\uFFFF")", "\U0010FFFF\uFFFF"},
    };
    for (const auto& row : rows) {
        const JsonText text = text_of(row.quoted);
        EXPECT_EQ(text.decoded(), row.want) << row.quoted;
        EXPECT_TRUE(text.means(row.want)) << row.quoted;
        EXPECT_FALSE(text.means(row.want + "x")) << row.quoted;
        EXPECT_FALSE(text.means("x" + row.want)) << row.quoted;
        EXPECT_TRUE(text.means_same(text)) << row.quoted;
    }
}

TEST(JsonText, SpellingsOfOneTextAreTheSame) {
    const std::string_view spellings[] = {R"("a/b")", R"("a\/b")", R"("\u0061\/b")",
                                          R"("\u0061\u002F\u0062")"};
    for (const std::string_view one : spellings) {
        for (const std::string_view other : spellings) {
            EXPECT_TRUE(text_of(one).means_same(text_of(other))) << one << other;
        }
        EXPECT_FALSE(text_of(one).means_same(text_of(R"("a\/")"))) << one;
        EXPECT_FALSE(text_of(one).means_same(text_of(R"("a/")"))) << one;
        EXPECT_FALSE(text_of(one).means_same(text_of(R"("a\/bc")"))) << one;
        EXPECT_FALSE(text_of(one).means(R"(\u0061\/b)")) << one;
    }
}

// Strings of every length around a block, with one byte of interest at every place.
TEST(JsonScanner, BlocksHaveNoSeams) {
    for (std::size_t length = 1; length <= 50; ++length) {
        for (std::size_t at = 0; at < length; ++at) {
            std::string text(length, 'x');
            EXPECT_TRUE(is_json('"' + text + '"'));
            text[at] = '\x1f';
            EXPECT_FALSE(is_json('"' + text + '"'));
            text[at] = '"';
            EXPECT_FALSE(is_json('"' + text + '"'));
            text[at] = '\xff';
            EXPECT_FALSE(is_json('"' + text + '"'));
            text.replace(at, 1, "\\n");
            EXPECT_TRUE(is_json('"' + text + '"'));
            text.replace(at, 2, "\u20ac");
            EXPECT_TRUE(is_json('"' + text + '"'));
        }
    }
}

void damage(std::string& text) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const char byte = *rc::gen::oneOf(
        rc::gen::element('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', 'e', '\n', 'u'),
        rc::gen::arbitrary<char>());
    switch (*rc::gen::inRange(0, 3)) {
        case 0: text[at] = byte; break;
        case 1: text.insert(at, 1, byte); break;
        default: text.erase(at, 1); break;
    }
}

// The library behind the json module is the judge, over damaged documents.
TEST(JsonScanner, AgreesWithAnotherParser) {
    rc::check([] {
        std::string text = *rc::gen::element<std::string>(
            R"({"a":[1,-2.5e-3,true,false,null],"b":{"c":"d\u00e9\n\ud83d\ude00"}, "e" : [ ] })",
            R"([[[{"x":[{}]}]],"0123456789abcdef0123456789","\u0041\\\"",0.125,{"":""}])",
            "{\"\u00e9\u20ac\U0001F600\":\"\u00e9\u20ac\U0001F600 and some more text in here\"}");
        const int damages = *rc::gen::inRange(0, 3);
        for (int i = 0; i < damages; ++i) damage(text);
        // The judge skips a byte order mark and takes a NUL for the end.
        if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string::npos) return;
        RC_ASSERT(is_json(text) == json::Value::accept(text));
    });
}

}  // namespace
}  // namespace trueup::codex
