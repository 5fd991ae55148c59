#include "app/help.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "term/text_width.h"

namespace trueup::app {
namespace {

struct Wrap {
    std::string_view text;
    std::string_view want;
    int width;
    int line = __builtin_LINE();
};

constexpr Wrap kWraps[] = {
    Wrap{"", "", 10},
    Wrap{"one two three", "one two three", 13},
    Wrap{"one two three", "one two\nthree", 12},
    Wrap{"one two three", "one\ntwo\nthree", 3},
    Wrap{"immeasurable", "immeasurable", 5},
    Wrap{"a\nb c", "a\nb c", 3},
    Wrap{"a  b", "a  b", 10},
    Wrap{"列出会话和标题", "列出会\n话和标\n题", 6},
    Wrap{"列出会话，和标题", "列出会\n话，和标\n题", 8},
    Wrap{"显示 --json 全部", "显示\n--json\n全部", 6},
    Wrap{"用（默认）值", "用（默\n认）值", 6},
};

TEST(Wrapped, BreaksAtBlanksAndBetweenWideCharacters) {
    for (const Wrap& row : kWraps) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        EXPECT_EQ(wrapped(row.text, row.width), row.want);
    }
}

RC_GTEST_PROP(Wrapped, LosesNothingButBlanks, (const std::string& raw)) {
    const auto without_blanks = [](std::string text) {
        std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
        return text;
    };
    const int width = *rc::gen::inRange(1, 60);
    RC_ASSERT(without_blanks(wrapped(raw, width)) == without_blanks(raw));
}

RC_GTEST_PROP(Wrapped, LinesFitWhenWordsDo, ()) {
    const auto words = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("a", "store", "--json", "的", "会话"));
    std::string text;
    for (const std::string& word : words) text += word + " ";
    const std::string lines = wrapped(text, 8);
    for (const std::string_view line : split(lines, '\n')) {
        RC_ASSERT(term::display_width(line) <= 8);
    }
}

}  // namespace
}  // namespace trueup::app
