#include "codex/text/language.h"

#include <gtest/gtest.h>

#include <map>

namespace trueup::codex {
namespace {

struct Locale {
    std::string_view name;
    std::optional<Language> want;
    int line = __builtin_LINE();
};

constexpr Locale kLocales[] = {
    Locale{"zh_CN.UTF-8", Language::ZhCn},
    Locale{"zh-Hans-CN", Language::ZhCn},
    Locale{"zh_TW.Big5", Language::ZhCn},
    Locale{"  ZH\t", Language::ZhCn},
    Locale{"en_US.UTF-8", Language::En},
    Locale{"en-GB", Language::En},
    Locale{"English", Language::En},
    Locale{"ja_JP.UTF-8", std::nullopt},
    Locale{"C", std::nullopt},
    Locale{"C.UTF-8", std::nullopt},
    Locale{"POSIX", std::nullopt},
    Locale{"", std::nullopt},
    Locale{" ", std::nullopt},
    Locale{"z", std::nullopt},
    Locale{"cn", std::nullopt},
};

TEST(LanguageOf, KnowsTwoAndLeavesTheRestOpen) {
    for (const Locale& row : kLocales) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.name);
        EXPECT_EQ(language_of(row.name), row.want);
    }
}

struct Choice {
    std::optional<std::string> option;
    std::map<std::string, std::string, std::less<>> variables;
    Language want;
    int line = __builtin_LINE();
};

TEST(ChooseLanguage, TakesTheFirstSourceThatNamesOne) {
    const Choice rows[] = {
        Choice{{}, {}, Language::En},
        Choice{{}, {{"LANG", "zh_CN.UTF-8"}}, Language::ZhCn},
        Choice{{}, {{"LC_ALL", "C"}, {"LANG", "zh_CN.UTF-8"}}, Language::ZhCn},
        Choice{{}, {{"LC_ALL", ""}, {"LC_MESSAGES", "zh"}, {"LANG", "en"}}, Language::ZhCn},
        Choice{{}, {{"LC_ALL", "en_US"}, {"LC_MESSAGES", "zh"}, {"LANG", "zh"}}, Language::En},
        Choice{{}, {{"LC_MESSAGES", "ja_JP"}, {"LANG", "zh"}}, Language::ZhCn},
        Choice{{}, {{"LC_CTYPE", "zh_CN.UTF-8"}}, Language::En},
        Choice{{}, {{"TRUEUP_LANG", " zh "}, {"LC_ALL", "en_US"}}, Language::ZhCn},
        Choice{{}, {{"TRUEUP_LANG", "fr"}, {"LC_ALL", "zh"}}, Language::ZhCn},
        Choice{"en", {{"TRUEUP_LANG", "zh"}, {"LC_ALL", "zh"}}, Language::En},
        Choice{"zh-CN", {{"LC_ALL", "en_US"}}, Language::ZhCn},
        Choice{"fr", {{"LC_ALL", "zh"}}, Language::ZhCn},
    };
    for (const Choice& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        const auto environment = [&row](const char* name) -> const char* {
            const auto found = row.variables.find(std::string_view(name));
            return found == row.variables.end() ? nullptr : found->second.c_str();
        };
        EXPECT_EQ(choose_language(row.option, environment), row.want);
    }
}

TEST(SetLanguage, IsWhatTheProcessSpeaks) {
    EXPECT_EQ(language(), Language::En);
    set_language(Language::ZhCn);
    EXPECT_EQ(language(), Language::ZhCn);
    set_language(Language::En);
    EXPECT_EQ(name_of(Language::En), "en");
    EXPECT_EQ(name_of(Language::ZhCn), "zh-CN");
}

}  // namespace
}  // namespace trueup::codex
