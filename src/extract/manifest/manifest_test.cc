#include "extract/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>

#include "extract/manifest/manifest_check.h"
#include "extract/manifest/manifest_test_support.h"

namespace trueup::extract {
namespace {

TEST(Manifest, WhatIsWrittenIsRead) {
    const Manifest manifest = sample_manifest();
    const std::string text = to_json(manifest);
    EXPECT_EQ(to_json(manifest), text);
    EXPECT_EQ(text.back(), '\n');
    const auto read = parse_manifest(text, "sample");
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, manifest);
    EXPECT_EQ(read->totals(), (ManifestTotals{.rows = 12, .bytes = 340, .parts = 2}));
}

TEST(Manifest, EveryTruncationIsRefused) {
    const std::string text = to_json(sample_manifest());
    // Without its last line feed the document is still whole.
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        const auto read = parse_manifest(std::string_view(text).substr(0, size), "cut");
        ASSERT_FALSE(read.has_value()) << size;
        ASSERT_EQ(read.error().kind, ErrorClass::Integrity) << size;
        ASSERT_THAT(read.error().message, testing::StartsWith("cut")) << size;
    }
}

TEST(Manifest, UnknownFieldsArePassedOver) {
    std::string text = to_json(sample_manifest());
    text.insert(text.find("\"export\""), "\"later\": {\"x\": [1]}, ");
    text.insert(text.find("\"path\""), "\"later\": null, ");
    EXPECT_EQ(parse_manifest(text, "later").value(), sample_manifest());
}

TEST(Manifest, ARowHashIsNoMust) {
    Manifest manifest = sample_manifest();
    manifest.row_hash.reset();
    EXPECT_EQ(to_json(manifest).find("row_hash"), std::string::npos);
    EXPECT_EQ(parse_manifest(to_json(manifest), "without").value(), manifest);
}

/// Each change of one field in the document must be refused.
TEST(Manifest, DocumentsThatDoNotFitAreRefused) {
    struct Row {
        std::string_view from;
        std::string_view to;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"trueup.manifest/1", "trueup.manifest/2"},
        Row{"\"schema\"", "\"skema\""},
        Row{"\"run_id\": \"orders-1\"", "\"run_id\": \"../orders\""},
        Row{"\"run_id\": \"orders-1\"", "\"run_id\": 7"},
        Row{"\"kind\": \"parquet\"", "\"kind\": \"orc\""},
        Row{"\"name\": \"note\"", "\"name\": \"id\""},
        Row{"\"nullable\": true", "\"nullable\": \"yes\""},
        Row{"\"rows\": 12", "\"rows\": 13"},
        Row{"\"bytes\": 340", "\"bytes\": -340"},
        Row{"\"parts\": 2", "\"parts\": 3"},
        Row{"\"rows\": 10", "\"rows\": 11"},
        Row{"\"rows\": 10", "\"rows\": -1"},
        Row{"\"rows\": 10", "\"rows\": 10.5"},
        Row{"\"rows\": 10", "\"rows\": 9223372036854775807"},
        Row{"\"rows\": 10", "\"rows\": 18446744073709551616"},
        Row{"\"path\": \"a.parquet\"", "\"path\": \"b.parquet\""},
        Row{"\"path\": \"a.parquet\"", "\"path\": \"/a.parquet\""},
        Row{"\"path\": \"a.parquet\"", "\"path\": \"x/../a.parquet\""},
        Row{"\"status\": \"committed\"", "\"status\": \"perhaps\""},
        Row{"\"status\": \"committed\"", "\"status\": \"superseded\""},
        Row{"\"status\": \"superseded\"", "\"status\": \"committed\""},
        Row{"\"c.parquet\"\n", "\"gone.parquet\"\n"},
        Row{"\"c.parquet\"\n", "\"b.parquet\"\n"},
        Row{"\"generation\": 2", "\"generation\": 0"},
        Row{"\"sha256\": \"aa", "\"sha256\": \"AA"},
        Row{"\"column\": \"id\"", "\"column\": \"di\""},
        Row{"\"nulls\": 3", "\"nulls\": 11"},
        Row{"\"bounds\"", "\"bonds\""},
        Row{"\"row_hash\": {", "\"row_hash\": 7, \"x\": {"},
        Row{"\"column\": \"hash\"", "\"column\": \"hush\""},
        Row{"\"note\",\n   \"id\"", "\"note\",\n   \"note\""},
        Row{"\"note\",\n   \"id\"", "\"note\",\n   \"hash\""},
        Row{"\"note\",\n   \"id\"", "\"note\",\n   \"more\""},
        Row{"\"note\",\n   \"id\"", ""},
        Row{"trueup.row_hash/1", ""},
        Row{"\"id\": 1,", "\"id\": 0,"},
    };
    const std::string text = to_json(sample_manifest());
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.to);
        std::string changed = text;
        const auto at = changed.find(row.from);
        ASSERT_NE(at, std::string::npos) << row.from << " is not in\n" << text;
        changed.replace(at, row.from.size(), row.to);
        const auto read = parse_manifest(changed, "changed");
        ASSERT_FALSE(read.has_value());
        EXPECT_EQ(read.error().kind, ErrorClass::Integrity) << read.error().message;
        EXPECT_THAT(read.error().message, testing::StartsWith("changed"));
    }
}

TEST(Manifest, PartPathsStayUnderThePrefix) {
    for (const std::string_view good : {"a.parquet", "region=eu/a.parquet", "_x/a b", "ü.csv"}) {
        EXPECT_TRUE(is_part_path(good)) << good;
    }
    using std::string_view_literals::operator""sv;
    for (const std::string_view bad :
         {""sv, "/a"sv, "a/"sv, "a//b"sv, ".a"sv, ".."sv, "../a"sv, "a/../../b"sv, "a/./b"sv,
          "a\nb"sv, "a\0b"sv, "manifest.json"sv, "_SUCCESS"sv, "manifests/a"sv, "_quarantine/x/a"sv,
          "x/.hidden"sv}) {
        EXPECT_FALSE(is_part_path(bad)) << bad;
    }
    EXPECT_FALSE(is_part_path(std::string(5'000, 'a')));
}

/// A manifest as chance has it, but sound.
Manifest any_manifest() {
    const auto text = [] { return *rc::gen::string<std::string>(); };
    const auto printable_text = [] {
        return *rc::gen::container<std::string>(rc::gen::inRange(' ', '~'));
    };
    const auto count = [] { return *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000); };
    Manifest manifest = sample_manifest();
    manifest.parts.clear();
    manifest.generation = *rc::gen::inRange<std::int64_t>(1, 1'000);
    manifest.source.relation = printable_text();
    manifest.source.query = printable_text();
    const int parts = *rc::gen::inRange(0, 6);
    for (int number = 0; number < parts; ++number) {
        ManifestPart part;
        part.path = std::to_string(number) + "/" + sha256_like(text()) + ".parquet";
        part.chunk_id = 1 + count();
        part.chunk_kind = printable_text();
        part.bounds_json = *rc::gen::element<std::string>("{}", "null", R"({"lo":"1","hi":null})",
                                                          "[1,2.5,\"x\"]");
        part.rows = count();
        part.bytes = count();
        part.sha256 = sha256_like(part.path);
        part.generation = *rc::gen::inRange<std::int64_t>(1, manifest.generation + 1);
        part.is_committed = *rc::gen::arbitrary<bool>();
        part.value_errors = count();
        manifest.parts.push_back(std::move(part));
    }
    for (ManifestPart& part : manifest.parts) {
        for (const ManifestPart& later : manifest.parts) {
            if (part.is_committed || later.generation <= part.generation) continue;
            part.replaced_by.push_back(later.path);
        }
    }
    return manifest;
}

TEST(Manifest, AnySoundManifestComesBackAsItWas) {
    EXPECT_TRUE(rc::check("write, then read", [] {
        const Manifest manifest = any_manifest();
        const auto read = parse_manifest(to_json(manifest), "property");
        RC_ASSERT(read.has_value());
        RC_ASSERT(*read == manifest);
    }));
}

}  // namespace
}  // namespace trueup::extract
