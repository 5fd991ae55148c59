#include "codex/service/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Environment environment_of(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

Environment with_home() { return environment_of({{"HOME", "/u"}}); }

ServiceSpec spec_of(std::vector<std::string> options = {}) {
    return {.executable = "/opt/true up/trueup",
            .home = {.path = "/u/link", .canonical = "/u/my codex"},
            .options = std::move(options)};
}

std::string content_of(const ServiceSpec& spec, Platform platform) {
    const auto file = service_file(spec, platform, with_home());
    EXPECT_TRUE(file.has_value()) << file.error().message;
    return file->content;
}

struct Quoted {
    std::string_view word;
    std::string_view want;
    int line = __builtin_LINE();
};

TEST(Definition, WordsForSystemd) {
    const Quoted rows[] = {
        Quoted{"/usr/bin/trueup", "/usr/bin/trueup"},
        Quoted{"--poll-interval-ms=500", "--poll-interval-ms=500"},
        Quoted{"", "\"\""},
        Quoted{"a b", "\"a b\""},
        Quoted{"100%", "\"100%%\""},
        Quoted{"$HOME", "\"$$HOME\""},
        Quoted{"${HOME}", "\"$${HOME}\""},
        Quoted{"a\"b", "\"a\\\"b\""},
        Quoted{"a\\b", "\"a\\\\b\""},
        Quoted{"it's", "\"it's\""},
        Quoted{";", "\";\""},
        Quoted{"#x", "\"#x\""},
        Quoted{"h\u00e9", "\"h\u00e9\""},
    };
    for (const Quoted& row : rows) {
        const ::testing::ScopedTrace trace(__FILE__, row.line, row.word);
        EXPECT_EQ(systemd_word(row.word, UnitWord::Argument), row.want);
    }
    EXPECT_EQ(systemd_word("/opt/$x/100%", UnitWord::Program), "\"/opt/$x/100%%\"");
}

TEST(Definition, WordsForWindows) {
    const Quoted rows[] = {
        Quoted{"trueup.exe", "trueup.exe"},
        Quoted{"C:\\codex\\", "C:\\codex\\"},
        Quoted{"", "\"\""},
        Quoted{"a b", "\"a b\""},
        Quoted{"C:\\my codex\\", "\"C:\\my codex\\\\\""},
        Quoted{"a\"b", "\"a\\\"b\""},
        Quoted{"a\\\"b", "\"a\\\\\\\"b\""},
        Quoted{"a\\b c", "\"a\\b c\""},
    };
    for (const Quoted& row : rows) {
        const ::testing::ScopedTrace trace(__FILE__, row.line, row.word);
        EXPECT_EQ(windows_word(row.word), row.want);
    }
}

TEST(Definition, TextsForVbsAndXml) {
    EXPECT_EQ(vbs_text(""), "\"\"");
    EXPECT_EQ(vbs_text("a \"b\""), "\"a \"\"b\"\"\"");
    EXPECT_EQ(vbs_text("h\u00e9!"), "\"h\" & ChrW(233) & \"!\"");
    EXPECT_EQ(vbs_text("\U0001F600"), "ChrW(55357) & ChrW(56832)");
    EXPECT_EQ(xml_text("<a & 'b' \"c\">"), "&lt;a &amp; &apos;b&apos; &quot;c&quot;&gt;");
}

/// As systemd reads one quoted or plain word, for what systemd_word() may write.
std::string read_systemd(std::string_view text, bool is_program) {
    std::string out;
    const bool is_quoted = text.starts_with('"');
    if (is_quoted) text = text.substr(1, text.size() - 2);
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_escape = is_quoted && text[at] == '\\';
        const bool is_double = text[at] == '%' || (text[at] == '$' && !is_program);
        if (is_double) RC_ASSERT(at + 1 < text.size() && text[at + 1] == text[at]);
        if (is_escape || is_double) ++at;
        RC_ASSERT(at < text.size());
        out += text[at];
    }
    return out;
}

/// As CommandLineToArgvW splits a line behind the name of the program.
std::vector<std::string> read_windows(std::string_view line) {
    std::vector<std::string> words;
    bool is_inside = false;
    bool has_word = false;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find_first_not_of('\\', at), line.size());
        const std::size_t backslashes = end - at;
        at = end;
        if (backslashes > 0 || (at < line.size() && (line[at] != ' ' || is_inside))) {
            if (!has_word) words.emplace_back();
            has_word = true;
        }
        const bool is_quote = at < line.size() && line[at] == '"';
        if (backslashes > 0) words.back().append(is_quote ? backslashes / 2 : backslashes, '\\');
        if (at == line.size()) break;
        if (is_quote && backslashes % 2 == 0) {
            is_inside = !is_inside;
        } else if (line[at] == ' ' && !is_inside) {
            has_word = false;
        } else {
            words.back() += line[at];
        }
        ++at;
    }
    return words;
}

std::string any_word() {
    return *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string("ab /\\\"'%$ {};#-=&<>")));
}

TEST(DefinitionProperty, EachSystemReadsBackTheWord) {
    EXPECT_TRUE(rc::check([] {
        const std::string word = any_word();
        RC_ASSERT(read_systemd(systemd_word(word, UnitWord::Argument), false) == word);
        RC_ASSERT(read_systemd(systemd_word(word, UnitWord::Program), true) == word);
        const std::vector<std::string> words = {word, any_word(), any_word()};
        std::string line;
        for (const std::string& each : words)
            line += (line.empty() ? "" : " ") + windows_word(each);
        RC_ASSERT(read_windows(line) == words);
    }));
}

TEST(Definition, TheUnit) {
    const auto file = service_file(spec_of({"--provider", "100% mine", "--sqlite-only", "--store",
                                            "app", "--poll-interval-ms", "250"}),
                                   Platform::Linux, with_home());
    EXPECT_EQ(file->path, "/u/.config/systemd/user/" + service_name(spec_of().home) + ".service");
    EXPECT_THAT(file->content,
                HasSubstr("\nExecStart=\"/opt/true up/trueup\" codex watch --codex-home "
                          "\"/u/my codex\" --provider \"100%% mine\" --sqlite-only --store app "
                          "--poll-interval-ms 250\n"));
    EXPECT_THAT(file->content, HasSubstr("\nDescription=trueup keeps /u/my codex under one"));
    EXPECT_THAT(file->content, HasSubstr("\nRestart=always\n"));
    EXPECT_THAT(file->content, HasSubstr("\nWantedBy=default.target\n"));
    EXPECT_THAT(file->content, Not(HasSubstr("--log"))) << "the journal keeps it";
    EXPECT_THAT(file->content, Not(HasSubstr("Environment=")));
}

TEST(Definition, TheUnitOfAHomeThatIsHardToWrite) {
    ServiceSpec spec = spec_of();
    spec.home.canonical = "/u/100% $HOME\\";
    spec.variables = {{"CODEX_SQLITE_HOME", "/u/$x %y"}};
    const std::string unit = content_of(spec, Platform::Linux);
    EXPECT_THAT(unit, HasSubstr("--codex-home \"/u/100%% $$HOME\\\\\"\n"));
    EXPECT_THAT(unit, HasSubstr("\nDescription=trueup keeps /u/100%% $HOME\\ under"));
    EXPECT_THAT(unit, HasSubstr("\nEnvironment=\"CODEX_SQLITE_HOME=/u/$x %%y\"\n"));
}

TEST(Definition, TheAgent) {
    ServiceSpec spec = spec_of({"--profile", "work", "--provider", "<a&b>"});
    spec.variables = {{"CODEX_SQLITE_HOME", "/u/db"}};
    const auto file = service_file(spec, Platform::MacOs, with_home());
    const std::string name = service_name(spec.home);
    EXPECT_EQ(file->path, "/u/Library/LaunchAgents/" + name + ".plist");
    EXPECT_THAT(file->content, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    for (const std::string& word :
         {name, std::string("/opt/true up/trueup"), std::string("watch"),
          std::string("/u/my codex"), std::string("--profile"), std::string("work"),
          std::string("&lt;a&amp;b&gt;"), std::string("--log"),
          "/u/Library/Logs/trueup/" + name + ".log"}) {
        EXPECT_THAT(file->content, HasSubstr("<string>" + word + "</string>\n"));
    }
    EXPECT_THAT(file->content, HasSubstr("<key>CODEX_SQLITE_HOME</key>\n"));
    EXPECT_THAT(file->content, HasSubstr("<key>KeepAlive</key>\n    <true/>\n"));
}

TEST(Definition, TheStartupScript) {
    const auto file = service_file(spec_of({"--provider", "my \"own\" 100%", "--profile", "work"}),
                                   Platform::Windows, with_home());
    EXPECT_THAT(file->path, EndsWith("\\Startup\\" + service_name(spec_of().home) + ".vbs"));
    const std::string& text = file->content;
    EXPECT_THAT(text, StartsWith("Set shell = CreateObject(\"WScript.Shell\")\r\n"));
    EXPECT_THAT(text, EndsWith("shell.Run command, 0, False\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\ncommand = \"\"\"/opt/true up/trueup\"\"\"\r\n"));
    EXPECT_THAT(text, HasSubstr("& \"\"\"/u/my codex\"\"\"\r\n"));
    EXPECT_THAT(text, HasSubstr("& \"\"\"my \\\"\"own\\\"\" 100%TRUEUP_PERCENT%\"\"\"\r\n"));
    EXPECT_THAT(text, HasSubstr("& \"--profile\"\r\n"));
    EXPECT_THAT(text, HasSubstr("& \"\"\"%LOCALAPPDATA%\\trueup\\codex\\"));
    EXPECT_THAT(text, Not(HasSubstr("cmd")));
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        EXPECT_EQ(text[at - 1], '\r');
    }
}

TEST(Definition, ALogThatIsNamedIsKept) {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--log", "/l"}, std::vector<std::string>{"--log=/l"}}) {
        const auto words = service_command(spec_of(options), "/other");
        EXPECT_THAT(words, Not(::testing::Contains("/other")));
        EXPECT_THAT(content_of(spec_of(options), Platform::Windows),
                    Not(HasSubstr("LOCALAPPDATA")));
    }
    EXPECT_THAT(service_command(spec_of(), "/other"),
                ElementsAre("/opt/true up/trueup", "codex", "watch", "--codex-home", "/u/my codex",
                            "--log", "/other"));
}

TEST(Definition, WhatCannotBeWrittenIsNamed) {
    for (const std::string& word :
         {std::string("a\nb"), std::string("\x1b"), std::string("\xff")}) {
        for (const Platform platform : {Platform::Linux, Platform::MacOs, Platform::Windows}) {
            const auto file = service_file(spec_of({"--provider", word}), platform, with_home());
            ASSERT_FALSE(file.has_value());
            EXPECT_EQ(file.error().kind, ErrorClass::Config);
        }
    }
    const auto homeless = service_file(spec_of(), Platform::Linux, environment_of({}));
    ASSERT_FALSE(homeless.has_value());
    EXPECT_THAT(homeless.error().message, HasSubstr("HOME"));
    EXPECT_TRUE(service_file(spec_of(), Platform::Windows, environment_of({})).has_value());
}

/// W24: one home is one service, however it is spelled; two homes are two.
TEST(Definition, TheSpellingOfAHomeDoesNotMatter) {
    const testing::TemporaryHome folder;
    const std::string link = folder.path() + "-link";
    std::filesystem::create_directory_symlink(folder.path(), link);
    std::set<std::string> names;
    for (const std::string& spelled :
         {folder.path(), folder.path() + "/", folder.path() + "/.", link, link + "//"}) {
        const auto home = find_codex_home(spelled, with_home());
        ASSERT_TRUE(home.has_value()) << home.error().message;
        names.insert(service_name(*home));
    }
    std::filesystem::remove(link);
    EXPECT_EQ(names.size(), 1U);
    EXPECT_EQ(home_tag({.path = "/a", .canonical = "/a"}).size(), 16U);
    EXPECT_NE(home_tag({.path = "/a", .canonical = "/a"}),
              home_tag({.path = "/a", .canonical = "/b"}));
}

TEST(Definition, TheVariablesAWatchNeeds) {
    EXPECT_TRUE(service_variables(with_home()).empty());
    EXPECT_TRUE(service_variables(environment_of({{"CODEX_SQLITE_HOME", "  "}})).empty());
    const auto variables = service_variables(environment_of({{"CODEX_SQLITE_HOME", " db"}}));
    ASSERT_EQ(variables.size(), 1U);
    EXPECT_EQ(variables[0].second, std::filesystem::current_path().string() + "/db");
}

TEST(Definition, PlatformsHaveNames) {
    for (const Platform platform : {Platform::Linux, Platform::MacOs, Platform::Windows}) {
        EXPECT_EQ(platform_of(name_of(platform)), platform);
    }
    EXPECT_EQ(platform_of("Linux"), std::nullopt);
    EXPECT_EQ(platform_of(""), std::nullopt);
}

}  // namespace
}  // namespace trueup::codex
