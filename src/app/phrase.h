#pragma once

#include <string>
#include <variant>

#include "codex/text/keys.h"

namespace trueup::app {

/// Words in a table: English ones, or a text that is looked up when it is shown, in the language
/// spoken then.
class Phrase {
  public:
    // NOLINTBEGIN(google-explicit-constructor): tables hold the words themselves.
    Phrase() = default;
    Phrase(const char* words) : words_(std::string(words)) {}
    Phrase(codex::Text text) : words_(text) {}
    // NOLINTEND(google-explicit-constructor)

    std::string str() const;
    bool is_empty() const;

  private:
    std::variant<std::string, codex::Text> words_;
};

}  // namespace trueup::app
