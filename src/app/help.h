#pragma once

#include <string>
#include <string_view>

#include "codex/text/keys.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it so.
class App;
}

/// Help in the language of the process: the library's own words, and lines of a readable length.
namespace trueup::app {

/// Gives the root of a command line our words for what the library says by itself. To be called
/// before anything is declared on it; what is below the root inherits them.
void use_our_words(CLI::App& root);

/// What stands behind an option in a help, broken into lines.
std::string help_text(codex::Text text);
std::string wrapped_help(std::string_view text);

/// `text` in lines of at most `width` columns, broken at blanks or between wide characters, never
/// before a mark that ends a sentence; line feeds stay.
std::string wrapped(std::string_view text, int width);

}  // namespace trueup::app
