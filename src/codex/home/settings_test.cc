#include "codex/home/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "base/file.h"
#include "codex/testing/temporary_home.h"
#include "codex/testing/unprivileged.h"

namespace trueup::codex {
namespace {

using testing::TemporaryHome;

class SettingsTest : public ::testing::Test {
  protected:
    void config(std::string_view text) const { home_.write("config.toml", text); }
    Result<Settings> read(const SettingsRequest& request = {}) const {
        const Environment environment = [this](const char* name) -> const char* {
            const auto found = variables_.find(name);
            return found == variables_.end() ? nullptr : found->second.c_str();
        };
        return read_settings({.path = home_.path(), .canonical = home_.path()}, request,
                             environment);
    }
    Error error(const SettingsRequest& request = {}) const {
        const auto got = read(request);
        return got ? Error{ErrorClass::Bug, "it was accepted", {}} : got.error();
    }
    TemporaryHome home_;
    std::map<std::string, std::string> variables_;
};

SettingsRequest profile(std::string name) { return {.provider = {}, .profile = std::move(name)}; }

TEST_F(SettingsTest, ProviderIsReadFromConfigToml) {
    config("model_provider = \"azure\"\n[tui]\nx = 1\n");
    const Settings settings = read().value();
    EXPECT_EQ(settings.provider, "azure");
    EXPECT_EQ(settings.origin, ProviderOrigin::ConfigFile);
    EXPECT_EQ(settings.config, ConfigState::Present);
    EXPECT_EQ(settings.config_path, home_.path("config.toml"));
    EXPECT_EQ(settings.profile, std::nullopt);
    EXPECT_EQ(settings.sqlite_home, std::nullopt);
}

TEST_F(SettingsTest, WithoutAFileItIsOpenai) {
    const Settings settings = read().value();
    EXPECT_EQ(settings.provider, "openai");
    EXPECT_EQ(settings.origin, ProviderOrigin::Default);
    EXPECT_EQ(settings.config, ConfigState::Missing);
    EXPECT_TRUE(settings.is_known_provider);
}

TEST_F(SettingsTest, BlankProviderIsOpenai) {
    for (const std::string_view blank : {"model_provider = \"\"", "model_provider = \" \\t \""}) {
        config(blank);
        EXPECT_EQ(read().value().provider, "openai");
        EXPECT_EQ(read().value().origin, ProviderOrigin::Default);
    }
}

TEST_F(SettingsTest, ProviderIsTakenAsItStands) {
    config("model_provider = \" azure \"\n");
    EXPECT_EQ(read().value().provider, " azure ");
}

// Empty is how a file looks while an editor writes it: not the same as saying nothing.
TEST_F(SettingsTest, EmptyConfigurationIsToldFromAMissingOne) {
    for (const std::string_view text : {"", "\n", " \t\r\n \n"}) {
        config(text);
        EXPECT_EQ(read().value().config, ConfigState::Empty);
    }
    for (const std::string_view text : {"# nothing\n", "x = 1\n"}) {
        config(text);
        EXPECT_EQ(read().value().config, ConfigState::Present);
    }
}

TEST_F(SettingsTest, OptionBeatsEverythingButNotTheSqliteHome) {
    config("model_provider = \"azure\"\nsqlite_home = \"db\"\nprofile = \"p\"\n");
    home_.write("p.config.toml", "model_provider = \"of-profile\"\n");
    const Settings settings = read({.provider = " mine ", .profile = {}}).value();
    EXPECT_EQ(settings.provider, " mine ");
    EXPECT_EQ(settings.origin, ProviderOrigin::Option);
    EXPECT_EQ(settings.sqlite_home, home_.path("db"));
}

TEST_F(SettingsTest, BlankOrIllFormedOptionIsAUsageError) {
    for (const std::string bad : {"", "  ", "\t", "a\nb", "a\x1B[0m", "a\x7F", "a\xFF"}) {
        EXPECT_EQ(check_provider(bad).error().kind, ErrorClass::Usage) << bad;
        EXPECT_EQ(error({.provider = bad, .profile = {}}).kind, ErrorClass::Usage) << bad;
    }
    for (const std::string good : {"openai", " padded ", "\xC3\xA9", "a/b c"}) {
        EXPECT_TRUE(check_provider(good).has_value()) << good;
    }
}

TEST_F(SettingsTest, ProfileNamesAreChecked) {
    for (const std::string bad : {"", "  ", "a/b", "../x", "a.b", "a b", "\xC3\xA9", "a\n\nb"}) {
        EXPECT_EQ(check_profile(bad).error().kind, ErrorClass::Usage) << bad;
        EXPECT_EQ(error(profile(bad)).kind, ErrorClass::Usage) << bad;
    }
    for (const std::string good : {"work", " work ", "a-b_C9"}) {
        EXPECT_TRUE(check_profile(good).has_value()) << good;
    }
}

TEST_F(SettingsTest, ProfileFileGivesProviderAndSqliteHome) {
    config(
        "model_provider = \"root\"\nsqlite_home = \"/root-home\"\n"
        "[profiles.work]\nmodel_provider = \"of-table\"\n");
    home_.write("work.config.toml", "model_provider = \"of-file\"\nsqlite_home = \"db/x/..\"\n");
    const Settings settings = read(profile(" work ")).value();
    EXPECT_EQ(settings.provider, "of-file");
    EXPECT_EQ(settings.origin, ProviderOrigin::ProfileFile);
    EXPECT_EQ(settings.sqlite_home, home_.path("db"));
    EXPECT_EQ(settings.profile, "work");
    EXPECT_EQ(settings.profile_path, home_.path("work.config.toml"));
}

TEST_F(SettingsTest, ProfileFileLeavesWhatItDoesNotMention) {
    config("model_provider = \"root\"\nsqlite_home = \"/root-home\"\n");
    home_.write("work.config.toml", "model = \"x\"\n");
    EXPECT_EQ(read(profile("work")).value().provider, "root");
    EXPECT_EQ(read(profile("work")).value().origin, ProviderOrigin::ConfigFile);
    EXPECT_EQ(read(profile("work")).value().sqlite_home, "/root-home");
    home_.write("work.config.toml", "model_provider = \"\"\nsqlite_home = \" \"\n");
    EXPECT_EQ(read(profile("work")).value().provider, "openai");
    EXPECT_EQ(read(profile("work")).value().origin, ProviderOrigin::Default);
    EXPECT_EQ(read(profile("work")).value().sqlite_home, std::nullopt);
}

TEST_F(SettingsTest, ProfileKeySelectsATable) {
    config(
        "model_provider = \"root\"\nsqlite_home = \"/r\"\nprofile = \" work \"\n"
        "[profiles.work]\nmodel_provider = \"of-table\"\nsqlite_home = \"/ignored\"\n");
    const Settings settings = read().value();
    EXPECT_EQ(settings.provider, "of-table");
    EXPECT_EQ(settings.origin, ProviderOrigin::ProfileTable);
    EXPECT_EQ(settings.sqlite_home, "/r");
    EXPECT_EQ(settings.profile, "work");
    EXPECT_EQ(settings.profile_path, home_.path("work.config.toml"));
}

TEST_F(SettingsTest, ProfileAskedForMustExistSomewhere) {
    config("model_provider = \"root\"\n");
    const Error missing = error(profile("nowhere"));
    EXPECT_EQ(missing.kind, ErrorClass::Config);
    EXPECT_NE(missing.message.find("the profile nowhere exists neither"), std::string::npos)
        << missing.message;
    config("model_provider = \"root\"\n[profiles.here]\n");
    EXPECT_EQ(read(profile("here")).value().provider, "root");
}

TEST_F(SettingsTest, ProfileOfTheKeyMayBeMissing) {
    config("model_provider = \"root\"\nprofile = \"nowhere\"\n");
    EXPECT_EQ(read().value().provider, "root");
    EXPECT_EQ(read().value().profile, "nowhere");
    config("model_provider = \"root\"\nprofile = \"  \"\n");
    EXPECT_EQ(read().value().profile, std::nullopt);
}

TEST_F(SettingsTest, ProfileKeyIsCheckedUnlessAProfileIsAskedFor) {
    config("profile = \"a/b\"\n[profiles.ok]\n");
    EXPECT_EQ(error().kind, ErrorClass::Config);
    EXPECT_EQ(error({.provider = "x", .profile = {}}).kind, ErrorClass::Config);
    EXPECT_TRUE(read(profile("ok")).has_value());
    config("profile = 3\n[profiles.ok]\n");
    EXPECT_EQ(error().message,
              home_.path("config.toml") + ":1:11: \"profile\" must be a text, not an integer");
    EXPECT_TRUE(read(profile("ok")).has_value());
}

TEST_F(SettingsTest, SqliteHomeBeatsTheVariable) {
    variables_["CODEX_SQLITE_HOME"] = "/of/variable";
    config("sqlite_home = \" /of/config/ \"\n");
    EXPECT_EQ(read().value().sqlite_home, "/of/config");
    config("sqlite_home = \"  \"\n");
    EXPECT_EQ(read().value().sqlite_home, "/of/variable");
    config("sqlite_home = \"~/x\"\n");
    EXPECT_EQ(read().value().sqlite_home, home_.path("~/x")) << "\"~\" is an ordinary name";
}

TEST_F(SettingsTest, RelativeVariableIsTakenFromTheCurrentFolder) {
    variables_["CODEX_SQLITE_HOME"] = "db";
    EXPECT_EQ(read().value().sqlite_home, (std::filesystem::current_path() / "db").string());
    variables_["CODEX_SQLITE_HOME"] = " ";
    EXPECT_EQ(read().value().sqlite_home, std::nullopt);
}

TEST_F(SettingsTest, UnknownProvidersAreTold) {
    config(
        "model_provider = \"gone\"\n[model_providers.mine]\nname = \"M\"\n"
        "[model_providers.\"quoted name\"]\n");
    Settings settings = read().value();
    EXPECT_FALSE(settings.is_known_provider);
    const std::vector<std::string> want{"amazon-bedrock", "lmstudio", "mine", "ollama",
                                        "ollama-chat",    "openai",   "oss",  "quoted name"};
    EXPECT_EQ(settings.known_providers, want);
    for (const std::string& known : want) {
        EXPECT_TRUE(read({.provider = known, .profile = {}}).value().is_known_provider) << known;
    }
    EXPECT_FALSE(read({.provider = "Mine", .profile = {}}).value().is_known_provider);
    home_.write("p.config.toml", "model_provider = \"of-profile\"\n[model_providers.of-profile]\n");
    EXPECT_TRUE(read(profile("p")).value().is_known_provider);
}

struct MistakeRow {
    std::string text;
    std::string_view says;
    int line = __builtin_LINE();
};

TEST_F(SettingsTest, MistakesNameThePlace) {
    const MistakeRow rows[] = {
        MistakeRow{"model_provider = ", ":1:"},
        MistakeRow{"model_provider = 7",
                   ":1:18: \"model_provider\" must be a text, not an integer"},
        MistakeRow{"sqlite_home = true", ":1:15: \"sqlite_home\" must be a text, not a boolean"},
        MistakeRow{"profile = [\"a\"]", ":1:11: \"profile\" must be a text, not an array"},
        MistakeRow{"profile = \"p\"\nprofiles = 1",
                   ":2:12: \"profiles\" must be a table, not an integer"},
        MistakeRow{"profile = \"p\"\n[profiles.p]\nmodel_provider = {}",
                   ":3:18: \"profiles.p.model_provider\" must be a text, not a table"},
        MistakeRow{"a = 1\na = 2", ":2:"},
        MistakeRow{"a = \"\xFF\"", ":1:"},
        MistakeRow{"model_provider = \"a\\nb\"", ": model_provider holds a control character"},
        MistakeRow{std::string(2'000'000, '\n'), "has 2000000 bytes"},
    };
    for (const MistakeRow& row : rows) {
        const ::testing::ScopedTrace trace(__FILE__, row.line, row.text.substr(0, 100));
        config(row.text);
        const Error got = error();
        EXPECT_EQ(got.kind, ErrorClass::Config) << got.message;
        EXPECT_TRUE(got.message.starts_with(home_.path("config.toml"))) << got.message;
        EXPECT_NE(got.message.find(row.says), std::string::npos) << got.message;
    }
}

TEST_F(SettingsTest, MistakesOfTheProfileFileNameThatFile) {
    home_.write("p.config.toml", "model_provider = 1\n");
    EXPECT_EQ(
        error(profile("p")).message,
        home_.path("p.config.toml") + ":1:18: \"model_provider\" must be a text, not an integer");
    home_.write("p.config.toml", "model_provider = \"a\\u0007\"\n");
    EXPECT_EQ(error(profile("p")).message,
              home_.path("p.config.toml") + ": model_provider holds a control character");
}

TEST_F(SettingsTest, AByteOrderMarkIsFine) {
    config("\xEF\xBB\xBFmodel_provider = \"azure\"\n");
    EXPECT_EQ(read().value().provider, "azure");
}

TEST_F(SettingsTest, WhatIsNoFileOrCannotBeReadIsNamed) {
    make_directories(home_.path("config.toml")).value();
    EXPECT_EQ(error().kind, ErrorClass::Config);
    EXPECT_EQ(error().message, home_.path("config.toml") + " is not a file");
    std::filesystem::remove(home_.path("config.toml"));
    ASSERT_EQ(::mkfifo(home_.path("config.toml").c_str(), 0600), 0);
    EXPECT_EQ(error().message, home_.path("config.toml") + " is not a file");
    std::filesystem::remove(home_.path("config.toml"));
    config("model_provider = \"azure\"\n");
    std::filesystem::permissions(home_.path("config.toml"), std::filesystem::perms::none);
    std::filesystem::permissions(home_.path(), std::filesystem::perms::all);
    const testing::Unprivileged nobody;
    EXPECT_EQ(error().kind, ErrorClass::Config);
    EXPECT_NE(error().message.find("cannot read " + home_.path("config.toml")), std::string::npos);
}

TEST(ProviderOriginName, IsAsItStandsInJson) {
    EXPECT_EQ(name_of(ProviderOrigin::Option), "option");
    EXPECT_EQ(name_of(ProviderOrigin::ProfileFile), "profile-file");
    EXPECT_EQ(name_of(ProviderOrigin::ProfileTable), "profile-table");
    EXPECT_EQ(name_of(ProviderOrigin::ConfigFile), "config");
    EXPECT_EQ(name_of(ProviderOrigin::Default), "default");
}

}  // namespace
}  // namespace trueup::codex
