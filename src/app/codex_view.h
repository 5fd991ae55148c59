#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/context.h"
#include "app/view.h"
#include "codex/text/text.h"
#include "term/style.h"

/// How the commands of `trueup codex` show what they found: the verdict first, then what it rests
/// on, then what to do next.
namespace trueup::app {

/// How many threads people see in one list; --json has all of them.
inline constexpr std::size_t kThreadsShownMax = 20;

/// The sentence that answers the command.
void print_verdict(const Context& context, term::Style style, std::string_view sentence);

/// A label with what belongs to it.
struct Fact {
    codex::Text label;
    std::string value;
    term::Style style = term::Style::Plain;
};
/// Aligned under each other, a blank line before them; facts without a value are left out.
void print_facts(const Context& context, const std::vector<Fact>& facts);

/// "Next: …", what a person would want to do now. Nothing under --quiet.
void print_next(const Context& context, std::string_view what);

/// "a, b, c" in the language of the process.
std::string listed(const std::vector<std::string>& items);

/// "and 12 more; …" when a list was cut.
void print_more(const Context& context, std::size_t all);

}  // namespace trueup::app
