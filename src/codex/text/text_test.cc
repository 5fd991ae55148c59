#include "codex/text/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "codex/text/tables.h"

namespace trueup::codex {
namespace {

/// Restores English at the end of a test.
struct Speaking {
    explicit Speaking(Language language) { set_language(language); }
    Speaking(const Speaking&) = delete;
    Speaking& operator=(const Speaking&) = delete;
    Speaking(Speaking&&) = delete;
    Speaking& operator=(Speaking&&) = delete;
    ~Speaking() { set_language(Language::En); }
};

/// The arguments that a text takes, by number, sorted; "{}" counts up as in fmt. -1 for what fmt
/// would refuse.
std::vector<int> placeholders(std::string_view words) {
    std::vector<int> numbers;
    for (std::size_t at = words.find('{'); at != std::string_view::npos;
         at = words.find('{', at + 1)) {
        const std::size_t end = words.find('}', at);
        const std::string_view inside = words.substr(at + 1, end - at - 1);
        const auto number = inside.empty() ? std::ssize(numbers) : parse_int64(inside).value_or(-1);
        numbers.push_back(static_cast<int>(number));
    }
    std::ranges::sort(numbers);
    return numbers;
}

bool is_chinese(std::string_view words) {
    return std::ranges::any_of(words, [](char c) { return static_cast<unsigned char>(c) >= 0xe3; });
}

TEST(Tables, HaveTheSameKeysAndPlaceholders) {
    const auto english_rows = table_of(Language::En);
    const auto chinese_rows = table_of(Language::ZhCn);
    ASSERT_EQ(english_rows.size(), chinese_rows.size());
    for (std::size_t i = 0; i < english_rows.size(); ++i) {
        SCOPED_TRACE(english_rows[i].words);
        EXPECT_EQ(english_rows[i].key, chinese_rows[i].key);
        const auto wanted = placeholders(english_rows[i].words);
        EXPECT_EQ(placeholders(chinese_rows[i].words), wanted) << chinese_rows[i].words;
        for (std::size_t number = 0; number < wanted.size(); ++number) {
            EXPECT_EQ(wanted[number], static_cast<int>(number)) << "a gap, or a repetition";
        }
        EXPECT_EQ(std::ranges::count(chinese_rows[i].words, '{'),
                  std::ranges::count(chinese_rows[i].words, '}'));
    }
}

TEST(Tables, SayNothingEmptyAndNothingThatIsNoText) {
    for (const Language spoken : {Language::En, Language::ZhCn}) {
        for (const TextRow& row : table_of(spoken)) {
            SCOPED_TRACE(row.words);
            EXPECT_FALSE(trim(row.words).empty()) << "key " << static_cast<int>(row.key);
            EXPECT_FALSE(invalid_utf8_at(row.words).has_value());
            EXPECT_EQ(printable(row.words), row.words);
        }
    }
}

TEST(Tables, EnglishIsAscii) {
    for (const TextRow& row : table_of(Language::En)) {
        EXPECT_TRUE(std::ranges::all_of(row.words, [](char c) { return c > 0; })) << row.words;
    }
}

/// The most lower-case words of letters in a row: what tells a sentence from names and flags.
int words_in_a_row(std::string_view text) {
    int most = 0;
    int now = 0;
    for (const std::string_view word : split(text, ' ')) {
        const bool is_word = word.size() > 1 &&
                             std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
        now = is_word ? now + 1 : 0;
        most = std::max(most, now);
    }
    return most;
}

/// Names and command lines are the same in every language; a text of nothing else needs no Chinese.
TEST(Tables, ChineseLeavesNoEnglishSentence) {
    const std::set<Text> same = {Text::LabelProfile};
    ASSERT_EQ(words_in_a_row("the run of yesterday, ended"), 3) << "the test sees nothing";
    for (const TextRow& row : table_of(Language::ZhCn)) {
        SCOPED_TRACE(row.words);
        if (row.words == english(row.key)) {
            EXPECT_TRUE(same.contains(row.key));
            continue;
        }
        EXPECT_TRUE(is_chinese(row.words));
        EXPECT_LE(words_in_a_row(row.words), 3);
    }
}

/// A mark behind a Chinese character is a Chinese one.
TEST(Tables, ChinesePunctuation) {
    for (const TextRow& row : table_of(Language::ZhCn)) {
        for (std::size_t i = 1; i < row.words.size(); ++i) {
            const bool is_behind_chinese = static_cast<unsigned char>(row.words[i - 1]) >= 0x80;
            const bool is_ascii_mark = std::string_view(",;:?!").contains(row.words[i]);
            EXPECT_FALSE(is_behind_chinese && is_ascii_mark) << row.words;
        }
    }
}

TEST(Tr, PutsArgumentsWhereTheyBelong) {
    EXPECT_EQ(tr(Text::WordYes), "yes");
    EXPECT_EQ(tr(Text::BadNumber, "x", 0, 65536), "\"x\" is no number from 0 to 65536");
    const Speaking chinese(Language::ZhCn);
    EXPECT_EQ(tr(Text::WordYes), "是");
    EXPECT_EQ(tr(Text::BadNumber, "x", 0, 65536), "“x”不是 0 到 65536 之间的数");
}

TEST(Tr, ArgumentsAreNoFormats) { EXPECT_EQ(tr(Text::Next, "{} {0} {"), "Next: {} {0} {"); }

TEST(Counted, KnowsOneFromMany) {
    EXPECT_EQ(counted(0, Noun::Thread), "0 threads");
    EXPECT_EQ(counted(1, Noun::Thread), "1 thread");
    EXPECT_EQ(counted(20'000, Noun::Rollout), "20,000 rollouts");
    const Speaking chinese(Language::ZhCn);
    EXPECT_EQ(counted(1, Noun::Thread), "1 个会话");
    EXPECT_EQ(counted(20'000, Noun::Rollout), "20,000 个记录文件");
}

}  // namespace
}  // namespace trueup::codex
