#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "extract/config/config.h"

// Every file of tests/data/config_mistakes/ holds one mistake; the file `.expected` beside it holds
// the exact sentence and hint people get. Lines that begin with `#param ` or `#env ` set what
// ${NAME} stands for. With UPDATE_GOLDEN=1 in the environment the expectations are rewritten: read
// the difference before you keep it.

namespace trueup::extract {
namespace {

constexpr std::string_view kDirectory = TRUEUP_TEST_DATA "/config_mistakes";

struct World {
    Parameters parameters;
    std::map<std::string, std::string> environment;
};

World world_of(std::string_view text) {
    World world;
    for (const std::string_view line : split(text, '\n')) {
        for (const std::string_view kind : {"#param ", "#env "}) {
            const std::size_t equals = line.find('=');
            if (!line.starts_with(kind) || equals == std::string_view::npos) continue;
            auto& values = kind == "#env " ? world.environment : world.parameters;
            const std::string_view name = line.substr(kind.size(), equals - kind.size());
            values[std::string(name)] = line.substr(equals + 1);
        }
    }
    return world;
}

Result<Config> parse(const std::string& text) {
    const World world = world_of(text);
    Surroundings surroundings;
    surroundings.environment = [&world](const std::string& name) -> std::optional<std::string> {
        const auto found = world.environment.find(name);
        if (found == world.environment.end()) return std::nullopt;
        return found->second;
    };
    surroundings.read_file = [](const std::string& path) -> Result<std::string> {
        if (path.ends_with("/empty.sql")) return " \n";
        return fail(ErrorClass::Failed, "no such file");
    };
    surroundings.cores = 2;
    return parse_config(text, "trueup.yaml", world.parameters, surroundings);
}

TEST(ConfigMistakes, EachGetsItsExactSentence) {
    const bool updates = std::getenv("UPDATE_GOLDEN") != nullptr;
    int seen = 0;
    const auto entries = list_directory(std::string(kDirectory)).value();
    for (const Entry& entry : entries) {
        if (!entry.name.ends_with(".yaml")) continue;
        SCOPED_TRACE(entry.name);
        ++seen;
        const std::string path = join_path(kDirectory, entry.name);
        const std::string text = read_file(path, 1 << 20).value();
        const auto got = parse(text);
        ASSERT_FALSE(got.has_value()) << "accepted";
        EXPECT_EQ(got.error().kind, ErrorClass::Config);
        EXPECT_TRUE(got.error().message.starts_with("trueup.yaml:")) << got.error().message;
        const std::string said =
            fmt::format("{}\nhint: {}\n", got.error().message, got.error().hint);
        EXPECT_FALSE(said.contains("hunter2")) << "a password is in the message: " << said;
        const std::string expected = path.substr(0, path.size() - 5) + ".expected";
        if (updates) std::ofstream(expected) << said;
        EXPECT_EQ(said, read_file(expected, 1 << 20).value_or("(no expectation)"));
    }
    EXPECT_GE(seen, 75);
}

}  // namespace
}  // namespace trueup::extract
