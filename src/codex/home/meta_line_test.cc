#include "codex/home/meta_line.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace trueup::codex {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): the s of "…"s.

constexpr std::string_view kSample =
    R"({"timestamp":"2026-01-31T08:15:00.000Z","type":"session_meta","payload":{"id":"t-1",)"
    R"("timestamp":"2026-01-31T08:14:59.000Z","cwd":"/src/\u00e9","originator":"codex_cli_rs",)"
    R"("model_provider":"openai","base_instructions":{"text":"a \"b\" \\ \n {}"},"n":1.50}}    )";

MetaLine meta_of(std::string_view line) {
    const ParsedLine parsed = parse_line(line);
    EXPECT_EQ(parsed.kind, LineKind::Meta) << line;
    return parsed.meta;
}

std::string payload_line(std::string_view members) {
    return R"({"type":"session_meta","payload":{"id":"t")" + std::string(members) + "}}";
}

TEST(MetaLine, SampleIsReadWhole) {
    const MetaLine meta = meta_of(kSample);
    EXPECT_EQ(meta.thread_id, "t-1");
    EXPECT_EQ(meta.provider, "openai");
    ASSERT_EQ(meta.values.size(), 1u);
    EXPECT_EQ(kSample.substr(meta.values[0].offset, meta.values[0].length), "\"openai\"");
    EXPECT_FALSE(meta.is_missing);
    EXPECT_FALSE(meta.is_payload_empty);
    EXPECT_FALSE(meta.has_split_providers);
    EXPECT_FALSE(meta.is_paginated);
    EXPECT_EQ(kSample.substr(0, meta.insert_at).back(), '{');
    EXPECT_EQ(kSample.substr(meta.insert_at, 5), R"("id":)");
    EXPECT_EQ(meta.length, kSample.size());
    EXPECT_EQ(meta.blanks_at_end, 4u);
    EXPECT_EQ(meta.blanks_inside, 0u);
    EXPECT_EQ(meta.cwd, "/src/\u00e9");
}

struct KindRow {
    std::string text;
    LineKind want;
    int line = __builtin_LINE();
};

TEST(MetaLine, KindsOfLines) {
    const KindRow rows[] = {
        KindRow{R"({"type":"session_meta","payload":{"id":"t"}})", LineKind::Meta},
        KindRow{R"({"payload":{"id":"t"},"type":"session_meta"})", LineKind::Meta},
        KindRow{R"({"\u0074ype":"session\u005Fmeta","pay\u006coad":{"\u0069d":"t"}})",
                LineKind::Meta},
        KindRow{R"({"type":"x","type":"session_meta","payload":{"id":"t"}})", LineKind::Meta},
        KindRow{R"({"type":"session_meta","payload":1,"payload":{"id":1,"id":"t"}})",
                LineKind::Meta},
        KindRow{" \t{\"type\":\"session_meta\",\"payload\":{\"id\":\"t\"}}\t ", LineKind::Meta},

        KindRow{R"({"type":"session_meta","type":"x","payload":{"id":"t"}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","type":1,"payload":{"id":"t"}})", LineKind::Other},
        KindRow{R"({"type":["session_meta"],"payload":{"id":"t"}})", LineKind::Other},
        KindRow{R"({"type":"session_meta"})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":null})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":[{"id":"t"}]})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":"{\"id\":\"t\"}"})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"id":7}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"id":""}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"id":"t","id":null}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"id":"t"},"payload":{}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"id":"t"},"payload":2})", LineKind::Other},
        KindRow{R"({"type":"session_meta","payload":{"meta":{"id":"t"}}})", LineKind::Other},
        KindRow{R"({"type":"session_meta","Payload":{"id":"t"}})", LineKind::Other},
        KindRow{R"({"x":{"type":"session_meta","payload":{"id":"t"}}})", LineKind::Other},
        KindRow{R"([{"type":"session_meta","payload":{"id":"t"}}])", LineKind::Other},
        KindRow{R"("session_meta")", LineKind::Other},
        KindRow{"null", LineKind::Other},

        KindRow{"", LineKind::NotJson},
        KindRow{"   ", LineKind::NotJson},
        KindRow{"session_meta", LineKind::NotJson},
        KindRow{R"({"type":"session_meta","payload":{"id":"t"}}})", LineKind::NotJson},
        KindRow{R"({"type":"session_meta","payload":{"id":"t"}}{})", LineKind::NotJson},
        KindRow{R"({"type":"session_meta","payload":{"id":"t"}})"
                "\0"s,
                LineKind::NotJson},
        KindRow{"\xEF\xBB\xBF"
                R"({"type":"session_meta","payload":{"id":"t"}})",
                LineKind::NotJson},
        KindRow{R"({"type":"session_meta","payload":{"id":"t","x":"\ud800"}})", LineKind::NotJson},
        KindRow{"{\"type\":\"session_meta\",\"payload\":{\"id\":\"t\",\"x\":\"\xff\"}}",
                LineKind::NotJson},
    };
    for (const KindRow& row : rows) {
        testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const ParsedLine parsed = parse_line(row.text);
        EXPECT_EQ(parsed.kind, row.want);
        if (row.want == LineKind::Meta) {
            EXPECT_EQ(parsed.meta.thread_id, "t");
        }
    }
}

TEST(MetaLine, NestsAsDeepAsAnyJson) {
    const auto line = [](std::size_t depth) {
        return payload_line(",\"x\":" + std::string(depth, '[') + std::string(depth, ']'));
    };
    EXPECT_EQ(parse_line(line(126)).kind, LineKind::Meta);
    EXPECT_EQ(parse_line(line(127)).kind, LineKind::NotJson);
    EXPECT_EQ(parse_line(line(100'000)).kind, LineKind::NotJson);
}

struct ProviderRow {
    std::string members;
    std::optional<std::string> provider;
    std::size_t values;
    bool is_missing;
    bool is_split;
    int line = __builtin_LINE();
};

TEST(MetaLine, ProvidersOfAllShapes) {
    const ProviderRow rows[] = {
        ProviderRow{R"(,"model_provider":"a")", "a", 1, false, false},
        ProviderRow{R"(,"model\u005fprovider":"\u0061")", "a", 1, false, false},
        ProviderRow{R"(,"model_provider":"")", "", 1, false, false},
        ProviderRow{"", std::nullopt, 0, true, false},
        ProviderRow{R"(,"x":{"model_provider":"a"})", std::nullopt, 0, true, false},
        ProviderRow{R"(,"model_provider":null)", std::nullopt, 1, false, false},
        ProviderRow{R"(,"model_provider":-1.5e3)", std::nullopt, 1, false, false},
        ProviderRow{R"(,"model_provider":{"a":"}"})", std::nullopt, 1, false, false},
        ProviderRow{R"(,"model_provider":["a"])", std::nullopt, 1, false, false},
        ProviderRow{R"(,"model_provider":"a","model_provider":"a")", "a", 2, false, false},
        ProviderRow{R"(,"model_provider":"a","model_provider":"\u0061")", "a", 2, false, false},
        ProviderRow{R"(,"model_provider":"a","model_provider":"b")", "b", 2, false, true},
        ProviderRow{R"(,"model_provider":"a","model_provider":1)", std::nullopt, 2, false, true},
        ProviderRow{R"(,"model_provider":1,"model_provider":"b")", "b", 2, false, true},
        ProviderRow{R"(,"model_provider":1,"model_provider":1)", std::nullopt, 2, false, true},
    };
    for (const ProviderRow& row : rows) {
        testing::ScopedTrace trace(__FILE__, row.line, row.members);
        const MetaLine meta = meta_of(payload_line(row.members));
        EXPECT_EQ(meta.provider, row.provider);
        EXPECT_EQ(meta.values.size(), row.values);
        EXPECT_EQ(meta.is_missing, row.is_missing);
        EXPECT_EQ(meta.has_split_providers, row.is_split);
    }
}

TEST(MetaLine, OfTwoPayloadsTheLastCounts) {
    const std::string line =
        R"({"payload":{"id":"t","model_provider":"a","history_mode":"paginated","cwd":"/a"},)"
        R"("type":"session_meta","payload":{"id":"u"}})";
    const MetaLine meta = meta_of(line);
    EXPECT_EQ(meta.thread_id, "u");
    EXPECT_EQ(meta.provider, std::nullopt);
    EXPECT_EQ(meta.values.size(), 1u);
    EXPECT_TRUE(meta.is_missing);
    EXPECT_TRUE(meta.has_split_providers);
    EXPECT_FALSE(meta.is_paginated);
    EXPECT_EQ(meta.cwd, "");
    EXPECT_EQ(line.substr(meta.insert_at), R"("id":"u"}})");

    const LineEdit edit = with_provider(line, meta, "openai", 3).value();
    EXPECT_EQ(
        edit.line,
        R"({"payload":{"id":"t","model_provider":"openai","history_mode":"paginated",)"
        R"("cwd":"/a"},"type":"session_meta","payload":{"model_provider":"openai","id":"u"}}   )");
    EXPECT_TRUE(edit.is_grown);
    EXPECT_EQ(meta_of(edit.line).provider, "openai");
    EXPECT_FALSE(meta_of(edit.line).has_split_providers);
}

TEST(MetaLine, PaginatedIsSaidByTheHistoryMode) {
    EXPECT_TRUE(meta_of(payload_line(R"(,"history_mode":"paginated")")).is_paginated);
    EXPECT_TRUE(meta_of(payload_line(R"(,"history_mode":"p\u0061ginated")")).is_paginated);
    EXPECT_FALSE(meta_of(payload_line(R"(,"history_mode":"legacy")")).is_paginated);
    EXPECT_FALSE(meta_of(payload_line(R"(,"history_mode":["paginated"])")).is_paginated);
    EXPECT_FALSE(meta_of(payload_line("")).is_paginated);
}

TEST(MetaLine, BlanksAreCountedByPlace) {
    const MetaLine meta = meta_of(
        " { \"type\" :\t\"session_meta\" , \"payload\" : { \"id\" : \"t t\" , "
        "\"model_provider\" : [ 1 , 2 ] , \"x\":[ ]} } \t \r");
    EXPECT_EQ(meta.blanks_at_end, 4u);
    EXPECT_EQ(meta.blanks_inside, 19u);  // Without the four inside the value.
}

struct EditRow {
    std::string before;
    std::string provider;
    std::string after;
    bool is_grown;
    int line = __builtin_LINE();
};

TEST(WithProvider, TakesAndGivesBlanks) {
    const auto line = [](std::string_view members, std::string_view end) {
        return payload_line(members) + std::string(end);
    };
    const EditRow rows[] = {
        // Shorter and as long: nothing moves but blanks at the end.
        EditRow{line(R"(,"model_provider":"openai","n":1e0)", ""), "vm",
                line(R"(,"model_provider":"vm","n":1e0)", "    "), false},
        EditRow{line(R"(,"model_provider":"openai")", "\t"), "vm",
                line(R"(,"model_provider":"vm")", "\t    "), false},
        EditRow{line(R"(,"model_provider":"abc")", "\t"), "xyz",
                line(R"(,"model_provider":"xyz")", "\t"), false},
        EditRow{line(R"(,"model_provider":{ "a" : 1 })", ""), "x",
                line(R"(,"model_provider":"x")", "        "), false},
        // Longer: out of the blanks at the end, to the last one.
        EditRow{line(R"(,"model_provider":"vm")", "    "), "openai",
                line(R"(,"model_provider":"openai")", ""), false},
        EditRow{line(R"(,"model_provider":"vm")", "\t\t   "), "openai",
                line(R"(,"model_provider":"openai")", "\t"), false},
        // Then out of those between tokens, and not those in texts.
        EditRow{line(R"( , "x y\" " : [ ],"model_provider" : "vm")", ""), "opena",
                line(R"(,"x y\" ": [ ],"model_provider" : "opena")", ""), false},
        EditRow{line(R"(,"model_provider" : "v")", " "), "open",
                line(R"(,"model_provider":"open")", ""), false},
        // No room: by what it lacks and the padding; blanks between tokens stay.
        EditRow{line(R"(,"model_provider" : "v")", " "), "opena",
                line(R"(,"model_provider" : "opena")", "     "), true},
        EditRow{line(R"(,"model_provider":null)", ""), "openai",
                line(R"(,"model_provider":"openai")", "     "), true},
        // Added where it is missing.
        EditRow{R"({"type":"session_meta","payload":{"id":"t"}})" + std::string(24, ' '), "vm",
                R"({"type":"session_meta","payload":{"model_provider":"vm","id":"t"}})"
                "  ",
                false},
        EditRow{R"({"type":"session_meta","payload":{ "id":"t"}})", "vm",
                R"({"type":"session_meta","payload":{"model_provider":"vm", "id":"t"}})"
                "     ",
                true},
        // All that stand there.
        EditRow{line(R"(,"model_provider":"a","x":1,"model_provider":"bcd")", ""), "vm",
                line(R"(,"model_provider":"vm","x":1,"model_provider":"vm")", ""), false},
        // A provider is a text like any other.
        EditRow{line(R"(,"model_provider":"0123456789")", ""), "a\"\\\n\x01",
                line(R"(,"model_provider":"a\"\\\n\u0001")", "     "), true},
    };
    for (const EditRow& row : rows) {
        testing::ScopedTrace trace(__FILE__, row.line, row.before);
        const MetaLine meta = meta_of(row.before);
        const auto edit = with_provider(row.before, meta, row.provider, 5);
        ASSERT_TRUE(edit.has_value());
        EXPECT_EQ(edit->line, row.after);
        EXPECT_EQ(has_room_for(meta, row.provider), !edit->is_grown);
        EXPECT_EQ(edit->line.size() == row.before.size(), !edit->is_grown);
        EXPECT_EQ(meta_of(edit->line).provider, row.provider);
    }
}

TEST(WithProvider, RefusesAnotherLine) {
    const MetaLine meta = meta_of(kSample);
    const std::string_view others[] = {
        "", "{}", kSample.substr(0, kSample.size() - 1),
        R"({"type":"session_meta","payload":{"id":"t-1","model_provider":"openai"}})"};
    for (const std::string_view other : others) {
        const auto edit = with_provider(other, meta, "vm", 0);
        ASSERT_FALSE(edit.has_value()) << other;
        EXPECT_EQ(edit.error().kind, ErrorClass::Bug);
    }
    std::string moved(kSample);
    moved.replace(meta.values[0].offset, 8, "\"op\"    ");
    EXPECT_FALSE(with_provider(moved, meta, "vm", 0).has_value());
}

TEST(WithProvider, RefusesWhatIsNoText) {
    const auto edit = with_provider(kSample, meta_of(kSample), "v\xff", 0);
    ASSERT_FALSE(edit.has_value());
    EXPECT_EQ(edit.error().kind, ErrorClass::Bug);
    EXPECT_EQ(edit.error().message, "the provider \"v\\xFF\" is not UTF-8");
}

TEST(MetaLine, EveryTruncationIsNotJson) {
    const std::size_t end = kSample.find_last_not_of(' ') + 1;
    for (std::size_t length = 0; length < end; ++length) {
        const ParsedLine parsed = parse_line(kSample.substr(0, length));
        EXPECT_EQ(parsed.kind, LineKind::NotJson) << length;
        EXPECT_LE(parsed.error_at, length);
    }
    for (std::size_t length = end; length <= kSample.size(); ++length) {
        EXPECT_EQ(meta_of(kSample.substr(0, length)).blanks_at_end, length - end);
    }
}

TEST(MetaLine, ErrorsNameTheByte) {
    EXPECT_EQ(parse_line("{\"a\":x}").error_at, 5u);
    EXPECT_EQ(parse_line("{} x").error_at, 3u);
    EXPECT_EQ(parse_line("").error_at, 0u);
}

TEST(JsonString, EscapesNoMoreThanItMust) {
    EXPECT_EQ(json_string(""), R"("")");
    EXPECT_EQ(json_string("openai"), R"("openai")");
    EXPECT_EQ(json_string("a/b\u00e9\x7f"), "\"a/b\u00e9\x7f\"");
    EXPECT_EQ(json_string("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
    EXPECT_EQ(json_string("\0\x1f"s), R"("\u0000\u001f")");
    for (int c = 0; c < 0x80; ++c) {
        const std::string text(1, static_cast<char>(c));
        EXPECT_EQ(json::Value::parse(json_string(text)).get<std::string>(), text);
    }
}

}  // namespace
}  // namespace trueup::codex
