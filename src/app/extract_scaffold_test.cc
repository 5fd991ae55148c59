#include "app/extract_scaffold.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace trueup::app {
namespace {

extract::Surroundings nothing_around() {
    return {.environment = [](const std::string&) { return std::optional<std::string>(); },
            .read_file = [](const std::string& path) -> Result<std::string> {
                return fail(ErrorClass::Failed, path);
            },
            .cores = 1};
}

Result<extract::Config> read_back(const std::string& yaml) {
    return extract::parse_config(yaml, "/data/trueup.yaml", {}, nothing_around());
}

Scaffold of_tables(const std::vector<extract::TableName>& names) {
    Scaffold scaffold{.source = {{"path", "shop.db"}}, .tables = {}};
    for (const auto& name : names) {
        scaffold.tables.push_back({name, "", {"a note\nof two lines: ${NOBODY}"}});
    }
    name_exports(scaffold.tables);
    return scaffold;
}

TEST(Scaffold, IsAConfiguration) {
    const auto config = read_back(scaffold_yaml(of_tables({{"", "orders"}, {"sales", "orders"}})));
    ASSERT_TRUE(config.has_value()) << config.error().message;
    EXPECT_EQ(config->source.path, "/data/shop.db");
    ASSERT_EQ(config->exports.size(), 2U);
    EXPECT_EQ(config->exports[1].name, "sales_orders");
    EXPECT_EQ(config->exports[1].table->schema, "sales");
    EXPECT_EQ(config->exports[1].destination.path, "/data/out/{export}");
    EXPECT_TRUE(config->warnings.empty());
}

TEST(Scaffold, NamesThatFilesCannotTellApartGetNumbers) {
    const Scaffold scaffold =
        of_tables({{"", "a b"}, {"", "A/b"}, {"", "a_B"}, {"", "true"}, {"", ".."}});
    std::vector<std::string> names;
    names.reserve(scaffold.tables.size());
    for (const auto& one : scaffold.tables) names.push_back(one.export_name);
    EXPECT_EQ(names, (std::vector<std::string>{"a_b", "A_b_2", "a_B_3", "true", "__"}));
    EXPECT_TRUE(read_back(scaffold_yaml(scaffold)).has_value());
}

TEST(Scaffold, KnowsWhatNoConfigurationCanHold) {
    EXPECT_TRUE(is_writable("größe $ {x}"));
    EXPECT_FALSE(is_writable("a${HOME}"));
    EXPECT_FALSE(is_writable("a\xFF"));
    EXPECT_FALSE(is_writable(std::string_view("a\0b", 3)));
}

RC_GTEST_PROP(Scaffold, AnyTableComesBackAsItIs, (const std::vector<std::string>& random)) {
    std::vector<extract::TableName> names;
    for (const std::string& name : random) {
        if (!name.empty() && is_writable(name)) names.push_back({"", name});
    }
    // Names that YAML, SQL or a shell would read otherwise.
    for (const char* name : {"1st", "'", "\"", "a.b", "null", "- x", "#", "a: b", "{", "\\", "é"}) {
        names.push_back({"s.\"", name});
    }
    const auto config = read_back(scaffold_yaml(of_tables(names)));
    RC_ASSERT(config.has_value());
    RC_ASSERT(config->exports.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        RC_ASSERT(config->exports[i].table->name == names[i].name);
        RC_ASSERT(config->exports[i].table->schema == names[i].schema);
    }
}

}  // namespace
}  // namespace trueup::app
