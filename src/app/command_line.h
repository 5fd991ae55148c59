#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "app/command.h"
#include "app/context.h"

namespace trueup::app {

/// A command line that was understood: what to run, and how the person wants it.
struct Invocation {
    const Command* command = nullptr;  // Borrowed from the Commands.
    Body body;
    GlobalOptions options;
};

/// What was asked for instead of a command: a help text or the version, for stdout.
struct Printout {
    std::string text;
};

/// Understands `words` (without the program's name); opens nothing, prints nothing. Every error is
/// Usage; unknown commands and options get a suggestion.
Result<std::variant<Invocation, Printout>> parse_command_line(const std::vector<std::string>& words,
                                                              const Commands& commands);

/// The text of --version.
std::string version_line();

}  // namespace trueup::app
