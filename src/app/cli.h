#pragma once

#include <string>
#include <vector>

#include "app/command.h"
#include "app/context.h"

namespace trueup::app {

/// One command line, from its words (without the program's name) to its exit status: parses, opens
/// what the command needs, runs it, and prints its error. Catches every exception.
int run_cli(const std::vector<std::string>& words, const Commands& commands, const World& world);

/// Prints an error as a person or, when `is_json`, a program reads it.
void print_error(const Error& error, bool is_json, term::Stream& err);

}  // namespace trueup::app
