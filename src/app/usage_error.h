#pragma once

#include <string_view>

#include "app/command.h"
#include "base/result.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it so.
class App;
class ParseError;
}  // namespace CLI

/// What is wrong with a command line, in our words and with a suggestion. Every error is Usage.
namespace trueup::app {

/// The last of the names that were understood: the root itself when none was.
const CLI::App* deepest_of(const CLI::App& root);

/// The one called `name` directly below `app`; null when there is none.
CLI::App* subcommand_of(CLI::App& app, std::string_view name);

Error usage_error(const CLI::App& root, const CLI::ParseError& error, const Commands& commands);

/// A group was named, and nothing in it.
Error missing_command(const CLI::App& root);

}  // namespace trueup::app
