#include "json/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace trueup::json {
namespace {

struct RejectRow {
    std::string text;
    std::string_view want;  // The message begins with this.
    int line = __builtin_LINE();
};

TEST(JsonParse, RejectsWithThePlace) {
    const RejectRow rows[] = {
        RejectRow{"", "doc: byte 0: not JSON: syntax error"},
        RejectRow{"{\"a\":1,}", "doc: byte 7: not JSON: syntax error"},
        RejectRow{"{\"a\":1} x", "doc: byte 8: not JSON: syntax error"},
        RejectRow{"{\"a\":\"\xFF\"}", "doc: byte 6: not JSON: syntax error"},
        RejectRow{"{\"a\":1,\"b\":{\"c\":2,\"c\":3}}",
                  "doc: the key \"c\" stands twice in one object"},
        RejectRow{std::string(65, '['), "doc: byte 64: nested deeper than 64 levels"},
        RejectRow{"[1e999]", "doc: not JSON: number overflow"},
        RejectRow{"nul", "doc: byte 3: not JSON: syntax error"},
    };
    for (const RejectRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto got = parse(row.text, "doc");
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().kind, ErrorClass::Failed);
        EXPECT_EQ(got.error().message.substr(0, row.want.size()), row.want) << got.error().message;
    }
}

TEST(JsonParse, AcceptsTheSameKeyInDifferentObjectsAndBracketsInStrings) {
    const std::string brackets(200, '[');
    const auto got =
        parse(R"({"z":{"k":1},"a":[{"k":2},{"k":3}],"s":"\")" + brackets + "\"}", "doc");
    ASSERT_TRUE(got.has_value()) << got.error().message;
    EXPECT_EQ(got->begin().key(), "z") << "the order of keys is kept";
    EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']'), "doc").has_value());
}

TEST(JsonParse, EveryTruncationIsRejected) {
    const std::string whole = R"({"a":[1,-2.5,"x\u00e9",true,null],"b":{"c":{}}})";
    ASSERT_TRUE(parse(whole, "doc").has_value());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse(std::string_view(whole).substr(0, size), "doc").has_value()) << size;
    }
}

TEST(JsonGet, FindsTypedMembers) {
    const Value doc = parse(R"({"s":"t","i":-3,"u":18446744073709551615,"d":1.5,"b":true,"a":[1],
        "o":{},"n":null})",
                            "doc")
                          .value();
    EXPECT_EQ(string_at(doc, "s", "doc").value(), "t");
    EXPECT_EQ(int64_at(doc, "i", "doc").value(), -3);
    EXPECT_EQ(uint64_at(doc, "u", "doc").value(), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(double_at(doc, "i", "doc").value(), -3.0);
    EXPECT_EQ(double_at(doc, "d", "doc").value(), 1.5);
    EXPECT_TRUE(bool_at(doc, "b", "doc").value());
    EXPECT_EQ(array_at(doc, "a", "doc").value()->size(), 1U);
    EXPECT_TRUE(object_at(doc, "o", "doc").value()->empty());
    EXPECT_EQ(uint64_at(Value{{"x", 7}}, "x", "doc").value(), 7U);
    EXPECT_EQ(find(doc, "n"), nullptr);
    EXPECT_EQ(find(doc, "missing"), nullptr);
    EXPECT_NE(find(doc, "s"), nullptr);
}

TEST(JsonGet, NamesWhatIsWrong) {
    const Value doc = parse(R"({"s":1,"i":18446744073709551615,"u":-1,"d":1.5})", "doc").value();
    EXPECT_EQ(string_at(doc, "s", "m").error().message, "m: \"s\" must be a string, not number");
    EXPECT_EQ(string_at(doc, "x", "m").error().message, "m: \"x\" is missing");
    EXPECT_FALSE(int64_at(doc, "i", "m").has_value());
    EXPECT_FALSE(int64_at(doc, "d", "m").has_value());
    EXPECT_FALSE(uint64_at(doc, "u", "m").has_value());
    EXPECT_FALSE(uint64_at(doc, "d", "m").has_value());
    EXPECT_FALSE(bool_at(doc, "s", "m").has_value());
    EXPECT_FALSE(array_at(doc, "s", "m").has_value());
    EXPECT_FALSE(object_at(doc, "s", "m").has_value());
    EXPECT_EQ(bool_at(Value::array(), "s", "m").error().message, "m: must be an object, not array");
}

TEST(JsonWrite, ReplacesMalformedText) {
    EXPECT_EQ(write(Value{{"a", "x\xFFy"}}), "{\"a\":\"x\xEF\xBF\xBDy\"}");
    EXPECT_EQ(write(Value{{"b", 1}, {"a", Value::array()}}, 2), "{\n  \"b\": 1,\n  \"a\": []\n}");
}

}  // namespace
}  // namespace trueup::json
