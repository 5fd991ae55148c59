#include "extract/config/schema.h"

#include <gtest/gtest.h>

#include <set>

#include "extract/config/keys.h"

namespace trueup::extract {
namespace {

void collect_references(const json::Value& value, std::set<std::string>& references) {
    if (value.is_object() && value.contains("$ref")) references.insert(value["$ref"]);
    if (!value.is_structured()) return;
    for (const auto& inner : value) collect_references(inner, references);
}

TEST(ConfigSchema, EveryReferenceLeadsSomewhereAndEverySectionIsClosed) {
    const json::Value schema = config_schema();
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema["additionalProperties"], false);
    EXPECT_EQ(schema["required"], (json::Value{"source", "exports"}));
    std::set<std::string> references;
    collect_references(schema, references);
    EXPECT_EQ(references.size(), schema["$defs"].size());
    for (const std::string& reference : references) {
        const std::string name = reference.substr(std::string("#/$defs/").size());
        ASSERT_TRUE(schema["$defs"].contains(name)) << reference;
        EXPECT_EQ(schema["$defs"][name]["additionalProperties"], false) << name;
    }
}

TEST(ConfigSchema, SaysWhatTheTableSays) {
    const json::Value schema = config_schema();
    const json::Value& properties = schema["$defs"]["export"]["properties"];
    EXPECT_EQ(properties["format"]["enum"], (json::Value{"parquet", "csv"}));
    EXPECT_EQ(properties["mode"]["enum"], (json::Value{"full", "chunked"}));
    EXPECT_EQ(properties["chunk_size"]["minimum"], 1);
    EXPECT_EQ(properties["skip_empty"]["default"], false);
    EXPECT_EQ(properties["shape_drift_warn_factor"]["default"], 2.0);
    const json::Value& tuning = schema["$defs"]["tuning"]["properties"];
    EXPECT_EQ(tuning["memory_limit_mb"]["default"], 512);
    EXPECT_EQ(tuning["throttle_ms"]["description"],
              "Pause between batches. Default by profile: fast 0, balanced 50, safe 500.");
}

/// A key without a summary or a choice without choices is a hole in every place made from the
/// table.
void check_table(const SectionSpec& section, std::set<std::string_view>& seen) {
    if (!seen.insert(section.name).second) return;
    std::set<std::string_view> names;
    for (const Key& key : section.keys) {
        SCOPED_TRACE(std::string(section.name) + "." + std::string(key.name));
        EXPECT_TRUE(names.insert(key.name).second) << "twice";
        EXPECT_TRUE(key.summary.ends_with('.')) << "the summary is a sentence";
        EXPECT_EQ(key.type == KeyType::Choice, !key.choices.empty());
        const bool has_section = key.type == KeyType::Section || key.type == KeyType::Sections ||
                                 key.type == KeyType::Columns;
        EXPECT_EQ(has_section, key.section != nullptr);
        EXPECT_LE(key.min, key.max);
        if (key.section != nullptr) check_table(*key.section, seen);
    }
}

TEST(ConfigKeys, TheTableHasNoHoles) {
    std::set<std::string_view> seen;
    check_table(kRootSection, seen);
    EXPECT_EQ(seen.size(), config_schema()["$defs"].size() + 1);
}

}  // namespace
}  // namespace trueup::extract
