#include "app/phrase.h"

#include "codex/text/text.h"

namespace trueup::app {

std::string Phrase::str() const {
    if (const auto* text = std::get_if<codex::Text>(&words_)) {
        return std::string(codex::words_of(*text));
    }
    return std::get<std::string>(words_);
}

bool Phrase::is_empty() const { return str().empty(); }

}  // namespace trueup::app
