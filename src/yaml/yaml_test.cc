#include "yaml/yaml.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace trueup::yaml {
namespace {

struct RejectRow {
    std::string text;
    std::string_view want;
    int line = __builtin_LINE();
};

std::string alias_bomb() {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int level = 1; level < 9; ++level) {
        const std::string below = "*a" + std::to_string(level - 1);
        text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
        for (int copy = 1; copy < 10; ++copy) text += ", " + below;
        text += "]\n";
    }
    return text;
}

TEST(YamlParse, RejectsWithThePlace) {
    const RejectRow rows[] = {
        RejectRow{"a: 1\nb:\n\tc: 2\n",
                  "f.yaml:3:1: a tab is used for indentation; YAML allows only spaces"},
        RejectRow{"a: 1\n  \tb: 2\n",
                  "f.yaml:2:3: a tab is used for indentation; YAML allows only spaces"},
        RejectRow{"exports:\n\t- name: a\n",
                  "f.yaml:2:1: a tab is used for indentation; YAML allows only spaces"},
        RejectRow{"a: 1\nb: 2\na: 3\n",
                  "f.yaml:3:1: \"a\" is given twice, first at line 1, column 1"},
        RejectRow{"a: 1\n---\nb: 1\n",
                  "f.yaml:2:1: a second document begins; one file holds one document"},
        RejectRow{"p: {partition}/x\n",
                  "f.yaml:1:4: a text that begins with `{` must be in quotes: \"{partition}/…\""},
        RejectRow{"a: {b: 1\n",
                  "f.yaml:2:1: a `{` is not closed (a text that begins with `{` must "
                  "be in quotes)"},
        RejectRow{"a: [1, 2\n",
                  "f.yaml:2:1: a `[` is not closed (a text that begins with `[` must "
                  "be in quotes)"},
        RejectRow{"a: \"x\n", "f.yaml:2:2: a quoted text is not closed before the file ends"},
        RejectRow{"a: @x\n",
                  "f.yaml:1:4: this character cannot begin a value: put the value in "
                  "quotes"},
        RejectRow{"a: b: c\n",
                  "f.yaml:1:5: a `:` stands where no key can be: is the indentation "
                  "right, or does a text with `: ` in it lack quotes?"},
        RejectRow{"a: *nowhere\n", "f.yaml:1:4: the alias names no anchor"},
        RejectRow{"a: &x [*x]\n", "f.yaml:1:8: an alias stands inside its own anchor"},
        RejectRow{"? [1, 2]\n: 3\n", "f.yaml:1:3: a key must be a single word or text"},
        RejectRow{": 3\n", "f.yaml:1:1: a key must be a single word or text"},
        RejectRow{"a: !!int 3\n", "f.yaml:1:4: tags (!name) are not understood here"},
        RejectRow{"a: 1\nb: \xFF\n", "f.yaml:2:4: a byte that is not UTF-8"},
        RejectRow{std::string("a: 1\0\n", 6), "f.yaml:1:5: a NUL byte"},
        RejectRow{std::string(33, '[') + std::string(33, ']'),
                  "f.yaml:1:33: nested deeper than 32 levels"},
        RejectRow{alias_bomb(), "f.yaml:5:40: more than 100000 values, aliases counted in full"},
        RejectRow{std::string(kBytesMax + 1, ' '), "f.yaml:1:1: the file is larger than 1.05 MB"},
    };
    for (const RejectRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text.substr(0, 200));
        const auto got = parse(row.text, "f.yaml");
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().kind, ErrorClass::Config);
        EXPECT_EQ(got.error().message, row.want);
    }
}

TEST(YamlParse, KeepsTextQuotesAndPlaces) {
    const auto doc = parse(
        "\xEF\xBB\xBF# head\nnull: ~\nq: \"5\"\nempty:\nlist:\n  - x\n  - {k: v}\n"
        "block: |\n  one\n  \ttwo\nstr: !!str 7\n",
        "f.yaml");
    ASSERT_TRUE(doc.has_value()) << doc.error().message;
    EXPECT_EQ(doc->kind, Node::Kind::Map);
    ASSERT_NE(doc->find("null"), nullptr) << "a key is always text";
    EXPECT_EQ(doc->find("null")->kind, Node::Kind::Null);
    EXPECT_EQ(doc->find("null")->at.column, 7);
    EXPECT_TRUE(doc->find("q")->is_quoted);
    EXPECT_EQ(doc->find("q")->at.line, 3);
    EXPECT_EQ(doc->find("empty")->kind, Node::Kind::Null);
    EXPECT_EQ(doc->find("empty")->at.line, 4) << "an empty value stands at its key";
    ASSERT_EQ(doc->find("list")->items.size(), 2U);
    EXPECT_FALSE(doc->find("list")->items[0].is_quoted);
    EXPECT_EQ(doc->find("list")->items[1].find("k")->scalar, "v");
    EXPECT_EQ(doc->find("list")->items[1].at.line, 7);
    EXPECT_EQ(doc->find("block")->scalar, "one\n\ttwo\n");
    EXPECT_TRUE(doc->find("block")->is_quoted);
    EXPECT_TRUE(doc->find("str")->is_quoted);
    EXPECT_EQ(doc->find("missing"), nullptr);
}

TEST(YamlParse, AliasesStandForTheirAnchors) {
    const auto doc = parse("a: &x {k: [1, 2]}\nb: *x\n", "f.yaml");
    ASSERT_TRUE(doc.has_value()) << doc.error().message;
    EXPECT_EQ(doc->find("b")->find("k")->items.size(), 2U);
}

TEST(YamlParse, PlacesAreRelocated) {
    const auto ten_below = [](Position at) { return Position{at.line + 10, at.column}; };
    EXPECT_EQ(parse("a: b\n", "f", ten_below).value().find("a")->at.line, 11);
    EXPECT_EQ(parse("a: 1\na: 2\n", "f", ten_below).error().message,
              "f:12:1: \"a\" is given twice, first at line 11, column 1");
    EXPECT_EQ(parse("\n\tx: 1\n", "f", ten_below).error().message.substr(0, 6), "f:12:1");
}

TEST(YamlParse, NothingIsNull) {
    EXPECT_EQ(parse("", "f").value().kind, Node::Kind::Null);
    EXPECT_EQ(parse("# only a comment\n", "f").value().kind, Node::Kind::Null);
}

TEST(YamlParse, AnyTextGivesATreeOrAPlace) {
    const bool holds = rc::check("any bytes", [] {
        const auto pieces = *rc::gen::container<std::vector<std::string>>(
            rc::gen::elementOf(std::vector<std::string>{
                "a: ", "\n", "  ",    "\t",  "- ", "[",    "]",    "{",    "}",
                "\"",  "'",  "&x ",   "*x",  "|",  ">",    "? ",   "null", "~",
                ",",   "#",  "---\n", "!t ", "%",  "\xFF", "\r\n", ":",    "b"}));
        std::string text;
        for (const auto& piece : pieces) text += piece;
        const auto got = parse(text, "f");
        if (!got) RC_ASSERT(got.error().message.starts_with("f:"));
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace trueup::yaml
