#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "codex/text/en.h"
#include "codex/text/keys.h"
#include "codex/text/language.h"

/// What trueup codex says, in the language of the process. JSON is written without it.
namespace trueup::codex {

/// The words as they stand in the table, placeholders included; lives as long as the process.
std::string_view words_of(Text text);

/// A text that takes as many arguments as it is given: anything else does not compile.
template <class... Args>
class Sentence {
  public:
    // NOLINTNEXTLINE(google-explicit-constructor): tr(Text::X, …) is how it reads.
    consteval Sentence(Text text) : text_(text) {
        const std::string_view words = english(text);
        if (std::ranges::count(words, '{') != sizeof...(Args)) {
            throw "the text has another number of placeholders";
        }
    }
    Text text() const { return text_; }

  private:
    Text text_;
};

/// The text in the language of the process, its placeholders replaced in order.
template <class... Args>
std::string tr(std::type_identity_t<Sentence<Args...>> sentence, const Args&... args) {
    return fmt::vformat(words_of(sentence.text()), fmt::make_format_args(args...));
}

/// The same for a text with one placeholder that is chosen at run time.
std::string tr_with(Text text, std::string_view argument);

/// What can be counted: "1 thread", "1,234 threads".
enum class Noun : std::uint8_t { Thread, Rollout, Row, Store, Run, File };
std::string counted(std::int64_t number, Noun noun);

}  // namespace trueup::codex
