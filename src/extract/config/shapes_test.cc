#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "extract/config/config.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kDirectory = TRUEUP_TEST_DATA "/config_shapes";

Result<Config> parse(const std::string& text, const std::string& name) {
    Surroundings surroundings;
    surroundings.environment = [](const std::string& variable) -> std::optional<std::string> {
        if (variable == "DATABASE_URL") return "postgres://reader:hunter2@localhost/shop";
        if (variable == "MYSQL_URL") return "mysql://reader:hunter2@localhost/shop";
        if (variable == "DATABASE_PASSWORD") return "hunter2";
        if (variable == "MINIMUM") return "10";
        return std::nullopt;
    };
    surroundings.cores = 2;
    return parse_config(text, name, {}, surroundings);
}

/// What a file gets: its warnings, or the one sentence that refuses it.
std::string answer_to(const Result<Config>& got) {
    if (got) return fmt::format("accepted\n{}\n", fmt::join(got->warnings, "\n"));
    return fmt::format("{}\nhint: {}\n", got.error().message, got.error().hint);
}

// Configurations as people have them: what is not there yet is refused by its name, and a file
// becomes accepted when it is.
TEST(ConfigShapes, EachGetsItsAnswer) {
    const bool updates = std::getenv("UPDATE_GOLDEN") != nullptr;
    int accepted = 0;
    const auto entries = list_directory(std::string(kDirectory)).value();
    for (const Entry& entry : entries) {
        if (!entry.name.ends_with(".yaml")) continue;
        SCOPED_TRACE(entry.name);
        const std::string path = join_path(kDirectory, entry.name);
        const auto got = parse(read_file(path, 1 << 20).value(), entry.name);
        if (got) ++accepted;
        const std::string answer = answer_to(got);
        EXPECT_FALSE(answer.contains("hunter2")) << answer;
        const std::string expected = path.substr(0, path.size() - 5) + ".expected";
        if (updates) std::ofstream(expected) << answer;
        EXPECT_EQ(answer, read_file(expected, 1 << 20).value_or("(no expectation)"));
    }
    EXPECT_GE(accepted, 3);
}

}  // namespace
}  // namespace trueup::extract
