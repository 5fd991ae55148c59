#pragma once

#include <optional>
#include <string_view>

#include "app/context.h"
#include "base/clock.h"
#include "json/json.h"
#include "term/table.h"

/// How the commands show what they found.
namespace trueup::app {

/// A heading in bold on a line of its own.
void print_heading(const Context& context, std::string_view heading);
/// Indented under a heading; a blank line before it.
void print_table(const Context& context, const term::Table& table);
/// One line of text, made printable, indented under a heading.
void print_line(const Context& context, std::string_view line);

/// `document` as the whole answer.
void print_json(const Context& context, const json::Value& document);
/// RFC 3339, or null.
json::Value json_time(const std::optional<UnixMicros>& time);

}  // namespace trueup::app
