#include "toml/toml.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/text.h"

namespace trueup::toml {
namespace {

struct RejectRow {
    std::string text;
    std::string_view place;     // What the error begins with.
    std::string_view sentence;  // What it also says.
    int line = __builtin_LINE();
};

std::string repeated(std::string_view piece, int times) {
    std::string text;
    for (int time = 0; time < times; ++time) text += piece;
    return text;
}

TEST(Toml, RejectsWithThePlace) {
    const RejectRow rows[] = {
        RejectRow{"a = \n", "f.toml:1:5: not valid TOML: ", "value"},
        RejectRow{"a = 1\nb = \"x\n", "f.toml:2:7: not valid TOML: ", ""},
        RejectRow{"a = 1\na = 2\n", "f.toml:2:", "redefine"},
        RejectRow{"[t]\n[t]\n", "f.toml:2:", "redefine"},
        RejectRow{"a = b\n", "f.toml:1:5: ", ""},
        RejectRow{"= 1\n", "f.toml:1:1: ", ""},
        RejectRow{"a = \"\xFF\"\n", "f.toml:1:", "utf-8"},
        RejectRow{std::string("a = \"x\0y\"\n", 10), "f.toml:1:", ""},
        RejectRow{"x = [1\n", "f.toml:1:8: ", "end-of-file"},
        RejectRow{"a = 1\nb = '''\n'''\n\n[=]\nc = 1\n", "f.toml:5:1: not valid TOML: ", "key"},
        RejectRow{"[ ", "f.toml:1:", ""},
        RejectRow{"{\"json\": 1}\n", "f.toml:1:1: ", ""},
        RejectRow{std::string(kBytesMax + 1, '\n'), "f.toml:1:1: the file is larger than 1.05 MB",
                  ""},
        RejectRow{"a = " + repeated("[", 300) + repeated("]", 300) + "\n", "f.toml:1:", "nest"},
        RejectRow{"\n\n[a" + repeated(".a", 600) + "]\n",
                  "f.toml:3:1: more than 512 dots in one statement", ""},
        RejectRow{
            "a = [{" + repeated("\"x\".", 300) + "x = [\n{" + repeated("y.", 300) + "y = 1}]}]",
            "f.toml:1:1: more than 512 dots in one statement", ""},
    };
    for (const RejectRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text.substr(0, 200));
        const auto got = Document::parse(row.text, "f.toml");
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().kind, ErrorClass::Config);
        EXPECT_TRUE(got.error().message.starts_with(row.place)) << got.error().message;
        EXPECT_NE(lower_ascii(got.error().message).find(row.sentence), std::string::npos)
            << got.error().message;
    }
}

TEST(Toml, FindsTextsAndTables) {
    const auto doc = Document::parse(
        "\xEF\xBB\xBF# head\nmodel_provider = \"azure\"\nempty = ''\n"
        "long = \"\"\"\none\ntwo\"\"\"\"\"\nn = 1.5\n"
        "[profiles.work]\nmodel_provider = \"a\\u00e9\"\n"
        "[profiles.\"quoted.name\"]\nx = \"y\"\n[model_providers]\nb = {name = \"B\"}\na.name = "
        "'A'\n",
        "f.toml");
    ASSERT_TRUE(doc.has_value()) << doc.error().message;
    EXPECT_EQ(doc->text({"model_provider"}).value(), "azure");
    EXPECT_EQ(doc->text({"empty"}).value(), "");
    EXPECT_EQ(doc->text({"long"}).value(), "one\ntwo\"\"");
    EXPECT_EQ(doc->text({"missing"}).value(), std::nullopt);
    EXPECT_EQ(doc->text({"missing", "x"}).value(), std::nullopt);
    EXPECT_EQ(doc->text({"profiles", "work", "model_provider"}).value(), "a\xC3\xA9");
    EXPECT_EQ(doc->text({"profiles", "quoted.name", "x"}).value(), "y");
    EXPECT_EQ(doc->keys({"model_providers"}).value(), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(doc->keys({"nothing"}).value(), std::nullopt);

    EXPECT_EQ(doc->text({"n"}).error().message, "f.toml:7:5: \"n\" must be a text, not a number");
    EXPECT_EQ(doc->text({"profiles", "work"}).error().message,
              "f.toml:8:1: \"profiles.work\" must be a text, not a table");
    EXPECT_EQ(doc->text({"n", "x"}).error().message,
              "f.toml:7:5: \"n\" must be a table, not a number");
    EXPECT_EQ(doc->keys({"n"}).error().message, "f.toml:7:5: \"n\" must be a table, not a number");
    EXPECT_EQ(doc->text({"n"}).error().kind, ErrorClass::Config);
}

TEST(Toml, LettersOutsideAsciiAreNoBlanks) {
    EXPECT_EQ(Document::parse("a = \"\"\"x\\\n  \xC3\xA9t\xC3\xA9\"\"\"\n", "f")
                  .value()
                  .text({"a"})
                  .value(),
              "x\xC3\xA9t\xC3\xA9");
    for (const std::string_view letter : {"\xC3\xA9", "\xEF\xBB\x84", "\xE2\x80\xB0"}) {
        EXPECT_FALSE(Document::parse("a = 1 " + std::string(letter) + "\n", "f").has_value());
        EXPECT_FALSE(Document::parse(std::string(letter) + " = 1\n", "f").has_value());
    }
}

TEST(Toml, EmptyDocumentHasNothing) {
    for (const std::string_view text : {"", "# only a comment", "\r\n \n", "\xEF\xBB\xBF"}) {
        EXPECT_EQ(Document::parse(text, "f").value().keys({}).value().value().size(), 0U);
    }
}

TEST(Toml, DotsInTextsAndCommentsAreNoNesting) {
    const std::string dots = repeated("a.b ", 1000);
    const std::string texts[] = {
        "x = \"" + dots + "\\\" " + dots + "\"\n",
        "x = '" + dots + "\\'\n",
        "x = \"\"\"" + dots + "\n\"\" \\\"\"\" " + dots + "\"\"\"\"\"\n",
        "x = '''" + dots + "\n'' " + dots + "'''''\n",
        "x = 1 # " + dots + "\n",
        repeated("[[a.b.c]]\nx.y = 1.5\n", 400),
    };
    for (const std::string& text : texts) {
        const auto got = Document::parse(text, "f");
        EXPECT_TRUE(got.has_value()) << got.error().message << "\n" << text.substr(0, 50);
    }
}

TEST(Toml, DeepestAcceptedNestingIsFreedSafely) {
    const std::string chain = repeated("k.", 500) + "k";
    const auto got = Document::parse(
        "[" + chain + "]\n" + chain + " = " + repeated("[", 200) + repeated("]", 200) + "\n", "f");
    EXPECT_TRUE(got.has_value()) << got.error().message;
}

TEST(Toml, AnyTextGivesADocumentOrAPlace) {
    const bool holds = rc::check("any pieces", [] {
        const auto pieces = *rc::gen::container<std::vector<std::string>>(
            rc::gen::elementOf(std::vector<std::string>{
                "a",    " = ", "\n",         "\"", "'", "\"\"\"", "'''", "[",    "]",
                "[[",   "]]",  "{",          "}",  ".", ",",      "#",   "\\",   "\\u00e9",
                "1",    "-",   "1979-05-27", "T",  ":", "true",   "inf", "\xFF", "\xEF\xBB\xBF",
                "\r\n", "\t"}));
        std::string text;
        for (const auto& piece : pieces) text += piece;
        const auto got = Document::parse(text, "f");
        if (!got) RC_ASSERT(got.error().message.starts_with("f:"));
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace trueup::toml
