#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>

#include "term/bar.h"
#include "term/stream.h"
#include "term/style.h"
#include "term/table.h"
#include "term/text_width.h"

namespace trueup::term {
namespace {

using testing::HasSubstr;

Environment environment_of(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    };
}

struct ColorRow {
    std::map<std::string, std::string> variables;
    ColorChoice choice;
    bool is_tty;
    bool want;
    int line = __builtin_LINE();
};

TEST(WantsColor, FlagThenEnvironmentThenTerminal) {
    const ColorRow rows[] = {
        ColorRow{{}, ColorChoice::Auto, true, true},
        ColorRow{{}, ColorChoice::Auto, false, false},
        ColorRow{{{"NO_COLOR", "1"}}, ColorChoice::Auto, true, false},
        ColorRow{{{"NO_COLOR", ""}}, ColorChoice::Auto, true, true},
        ColorRow{{{"CLICOLOR_FORCE", "1"}}, ColorChoice::Auto, false, true},
        ColorRow{{{"CLICOLOR_FORCE", "0"}}, ColorChoice::Auto, false, false},
        ColorRow{{{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}, ColorChoice::Auto, false, false},
        ColorRow{{{"TERM", "dumb"}}, ColorChoice::Auto, true, false},
        ColorRow{{{"NO_COLOR", "1"}}, ColorChoice::Always, false, true},
        ColorRow{{{"CLICOLOR_FORCE", "1"}}, ColorChoice::Never, true, false},
    };
    for (const ColorRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        const StringStream stream(row.is_tty ? 80 : 0);
        EXPECT_EQ(wants_color(row.choice, stream, environment_of(row.variables)), row.want);
    }
}

TEST(WantsUnicode, FirstLocaleVariableDecides) {
    EXPECT_TRUE(wants_unicode(environment_of({{"LANG", "de_DE.UTF-8"}})));
    EXPECT_TRUE(wants_unicode(environment_of({{"LC_ALL", "C.utf8"}, {"LANG", "C"}})));
    EXPECT_FALSE(wants_unicode(environment_of({{"LC_ALL", "C"}, {"LANG", "de_DE.UTF-8"}})));
    EXPECT_FALSE(wants_unicode(environment_of({})));
}

TEST(Styles, PaintOnlyWhenOn) {
    EXPECT_EQ(Styles(false)(Style::Bad, "x"), "x");
    EXPECT_EQ(Styles(true)(Style::Bad, "x"), "\x1b[31mx\x1b[0m");
    EXPECT_EQ(Styles(true)(Style::Plain, "x"), "x");
}

struct WidthRow {
    std::string_view text;
    int want;
    int line = __builtin_LINE();
};

TEST(DisplayWidth, CountsColumns) {
    const WidthRow rows[] = {
        WidthRow{"", 0},        WidthRow{"abc", 3},        WidthRow{"äöü", 3},
        WidthRow{"e\u0301", 1}, WidthRow{"日本", 4},       WidthRow{"…", 1},
        WidthRow{"█▏", 2},      WidthRow{"\U0001F600", 2}, WidthRow{"\xff\xfe", 2},
        WidthRow{"a\xe2", 2},   WidthRow{"한", 2},         WidthRow{"ｆ", 2},
    };
    for (const WidthRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, std::string(row.text));
        EXPECT_EQ(display_width(row.text), row.want);
    }
}

TEST(Elide, KeepsWhatFitsAndCutsTheRest) {
    EXPECT_EQ(elide_end("abcdef", 6), "abcdef");
    EXPECT_EQ(elide_end("abcdef", 5), "abcd…");
    EXPECT_EQ(elide_end("日本語", 5), "日本…");
    EXPECT_EQ(elide_end("日本語", 4), "日…");
    EXPECT_EQ(elide_end("abc", 0), "");
    EXPECT_EQ(elide_middle("abcdefghij", 5), "ab…ij");
    EXPECT_EQ(elide_middle("abcdefghij", 10), "abcdefghij");
    EXPECT_EQ(elide_middle("abcdefghij", 1), "…");
}

TEST(Elide, NeverIsWiderThanAsked) {
    const auto holds = rc::check([](const std::vector<std::uint16_t>& letters, std::uint8_t width) {
        constexpr std::array kLetters = {"a", "ä", "日", "\U0001F600", "e\u0301", "\xff"};
        std::string text;
        for (const auto letter : letters) text += kLetters[letter % kLetters.size()];
        RC_ASSERT(display_width(elide_end(text, width)) <= width);
        RC_ASSERT(display_width(elide_middle(text, width)) <= width);
    });
    EXPECT_TRUE(holds);
}

TEST(Bar, IsFullOnlyAtTheEnd) {
    EXPECT_EQ(bar(0, {.cells = 4}), "....");
    EXPECT_EQ(bar(0.5, {.cells = 4}), "##..");
    EXPECT_EQ(bar(1e-9, {.cells = 4}), "#...");
    EXPECT_EQ(bar(0.9999, {.cells = 4}), "###.");
    EXPECT_EQ(bar(1, {.cells = 4}), "####");
    EXPECT_EQ(bar(7, {.cells = 4}), "####");
    EXPECT_EQ(bar(-1, {.cells = 4}), "....");
    EXPECT_EQ(bar(std::numeric_limits<double>::quiet_NaN(), {.cells = 4}), "....");
    EXPECT_EQ(bar(0.5625, {.cells = 4, .is_unicode = true}), "██▎ ");
    EXPECT_EQ(bar(0.9999, {.cells = 4, .is_unicode = true}), "███▉");
}

TEST(Bar, IsAlwaysAsWideAsAsked) {
    EXPECT_TRUE(rc::check([](double fraction, std::uint8_t cells, bool is_unicode) {
        RC_ASSERT(display_width(bar(fraction, {cells, is_unicode})) == cells);
    }));
}

Table sample() {
    Table table({{"name"}, {"rows", Align::Right}, {"id", Align::Left, /*can_shrink=*/false}});
    table.add_row({{"orders"}, {"1,200"}, {"a1", Style::Good}});
    table.add_row({{"日本 \x1b[31m\nx"}, {"7"}, {""}});
    return table;
}

TEST(Table, AlignsAndKeepsControlCharactersAway) {
    EXPECT_EQ(sample().render({.width = 0}),
              "name                rows  id\n"
              "orders             1,200  a1\n"
              "日本 \\u{1B}[31m x      7\n");
}

TEST(Table, FitsTheWidthAndPaints) {
    EXPECT_EQ(sample().render({.width = 22, .styles = Styles(true), .indent = 2}),
              "  \x1b[1mname\x1b[0m        \x1b[1mrows\x1b[0m  \x1b[1mid\x1b[0m\n"
              "  orders     1,200  \x1b[32ma1\x1b[0m\n"
              "  日本 \\u{…      7\n");
}

TEST(Table, NoLineIsWiderThanTheTerminalWhenColumnsMayShrink) {
    EXPECT_TRUE(rc::check([](const std::vector<std::string>& texts) {
        Table table({{"a"}, {"b", Align::Right}});
        for (const auto& text : texts) table.add_row({{text}, {text}});
        const std::string out = table.render({.width = 20});
        std::size_t begin = 0;
        std::size_t lines = 0;
        while (begin < out.size()) {
            const auto end = out.find('\n', begin);
            RC_ASSERT(display_width(out.substr(begin, end - begin)) <= 20);
            begin = end + 1;
            ++lines;
        }
        RC_ASSERT(lines == texts.size() + 1);
    }));
}

TEST(Stream, TextAppearsAboveTheLiveLine) {
    StringStream stream(80);
    stream.set_live_line("");
    EXPECT_EQ(stream.text(), "");
    stream.set_live_line("50 %");
    stream.write("warning\n");
    stream.set_live_line("");
    stream.write("done\n");
    EXPECT_EQ(stream.text(),
              "\r\x1b[K50 %"
              "\r\x1b[Kwarning\n50 %"
              "\r\x1b[K"
              "done\n");
}

struct Pipe {
    Pipe() { EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    Pipe(Pipe&&) = delete;
    Pipe& operator=(Pipe&&) = delete;
    ~Pipe() {
        for (const int fd : fds) ::close(fd);
    }
    std::array<int, 2> fds{};
};

TEST(FdStream, AClosedPipeIsQuiet) {
    ASSERT_NE(std::signal(SIGPIPE, SIG_IGN), SIG_ERR);
    Pipe pipe;
    FdStream stream(pipe.fds[1], "standard output");
    stream.write("x");
    EXPECT_FALSE(stream.is_closed());
    ::close(std::exchange(pipe.fds[0], -1));
    stream.write("y");
    EXPECT_TRUE(stream.is_closed());
    EXPECT_TRUE(stream.status().has_value());
    EXPECT_FALSE(stream.is_tty());
}

TEST(FdStream, AFullDiskIsNot) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    FdStream stream(full, "standard output");
    stream.write("x");
    const auto status = stream.status();
    ::close(full);
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().kind, ErrorClass::Failed);
    EXPECT_THAT(status.error().message, HasSubstr("cannot write to standard output: No space"));
}

TEST(FdStream, WidthComesFromTheTerminalOrTheEnvironment) {
    Pipe pipe;
    const FdStream stream(pipe.fds[1], "pipe");
    ASSERT_EQ(::setenv("COLUMNS", "123", 1), 0);
    EXPECT_EQ(stream.width(), 123);
    ASSERT_EQ(::setenv("COLUMNS", "many", 1), 0);
    EXPECT_EQ(stream.width(), 80);
    ASSERT_EQ(::unsetenv("COLUMNS"), 0);
    EXPECT_EQ(stream.width(), 80);
}

}  // namespace
}  // namespace trueup::term
