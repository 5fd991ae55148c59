#include "codex/home/codex_home.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

using testing::TemporaryHome;

Environment environment_of(const std::map<std::string, std::string>& variables) {
    return [variables](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

TEST(CodexHome, OptionBeatsTheVariableAndTheVariableBeatsTheUsersHome) {
    const TemporaryHome folder;
    for (const std::string name : {"option", "variable", "user/.codex"}) {
        make_directories(folder.path(name)).value();
    }
    const auto environment =
        environment_of({{"CODEX_HOME", folder.path("variable")}, {"HOME", folder.path("user")}});
    EXPECT_EQ(find_codex_home(folder.path("option"), environment).value().path,
              folder.path("option"));
    EXPECT_EQ(find_codex_home({}, environment).value().path, folder.path("variable"));
    const auto no_variable = environment_of({{"CODEX_HOME", ""}, {"HOME", folder.path("user")}});
    EXPECT_EQ(find_codex_home({}, no_variable).value().path, folder.path("user/.codex"));
}

TEST(CodexHome, LinksAreKeptInOnePathAndResolvedInTheOther) {
    const TemporaryHome folder;
    make_directories(folder.path("real")).value();
    std::filesystem::create_directory_symlink("real", folder.path("link"));
    for (const CodexHome& home :
         {find_codex_home(folder.path("link") + "/", environment_of({})).value(),
          find_codex_home({}, environment_of({{"CODEX_HOME", folder.path("link")}})).value()}) {
        EXPECT_EQ(home.path, folder.path("link"));
        EXPECT_EQ(home.canonical, folder.path("real"));
    }
}

TEST(CodexHome, RelativeOptionIsTakenFromTheCurrentFolder) {
    const std::string here = std::filesystem::current_path().string();
    EXPECT_EQ(find_codex_home(".", environment_of({})).value().path, here);
}

TEST(CodexHome, WhatIsNoFolderIsNamed) {
    const TemporaryHome folder;
    folder.write("file", "x");
    const auto error_of = [&](const std::map<std::string, std::string>& variables,
                              const std::optional<std::string>& option) {
        return find_codex_home(option, environment_of(variables)).error();
    };
    const Error no_folder = error_of({{"CODEX_HOME", folder.path("file")}}, {});
    EXPECT_EQ(no_folder.kind, ErrorClass::Failed);
    EXPECT_EQ(no_folder.message,
              "the Codex home " + folder.path("file") + " (CODEX_HOME) is not a folder");
    EXPECT_EQ(error_of({{"CODEX_HOME", folder.path("nowhere")}}, {}).message,
              "the Codex home " + folder.path("nowhere") + " (CODEX_HOME) does not exist");
    EXPECT_EQ(error_of({}, folder.path("nowhere")).message,
              "the Codex home " + folder.path("nowhere") + " (--codex-home) does not exist");
    EXPECT_EQ(error_of({}, "").kind, ErrorClass::Usage);
    const Error no_codex = error_of({{"HOME", folder.path()}}, {});
    EXPECT_NE(no_codex.message.find(folder.path(".codex")), std::string::npos);
    EXPECT_NE(no_codex.hint.find("--codex-home"), std::string::npos);
    EXPECT_NE(no_codex.hint.find("CODEX_HOME"), std::string::npos);
}

// HOME missing, empty or relative: the user's entry in the system, never the current folder.
TEST(CodexHome, IsNeverLookedForInTheCurrentFolder) {
    const passwd* entry = ::getpwuid(::geteuid());
    const std::string known = entry == nullptr ? std::string() : join_path(entry->pw_dir, ".codex");
    const TemporaryHome folder;
    make_directories(folder.path(".codex")).value();
    const std::string back = std::filesystem::current_path().string();
    ASSERT_EQ(::chdir(folder.path().c_str()), 0);
    for (const std::map<std::string, std::string>& variables :
         {std::map<std::string, std::string>{}, {{"HOME", ""}}, {{"HOME", "."}}}) {
        const auto home = find_codex_home({}, environment_of(variables));
        if (home) {
            EXPECT_EQ(home->path, known);
        } else {
            EXPECT_NE(home.error().message.find(entry == nullptr ? "no home folder" : known),
                      std::string::npos)
                << home.error().message;
        }
    }
    ASSERT_EQ(::chdir(back.c_str()), 0);
}

}  // namespace
}  // namespace trueup::codex
