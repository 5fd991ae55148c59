#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/context.h"
#include "base/clock.h"
#include "json/json.h"
#include "term/table.h"

/// How the commands of `trueup extract` show what they found.
namespace trueup::app {

/// "1 part", "1,234 parts".
std::string counted(std::int64_t number, std::string_view noun);

/// RFC 3339, or null.
json::Value json_time(const std::optional<UnixMicros>& time);

/// A text of the ledger that is JSON; as a string when it is none.
json::Value json_stored(const std::string& text);

/// Bounds of the ledger for people; as they are stored when they cannot be read.
std::string bounds_text(const std::string& bounds_json);

/// A heading in bold on a line of its own.
void print_heading(const Context& context, std::string_view heading);
/// Indented under a heading; a blank line before it.
void print_table(const Context& context, const term::Table& table);
/// One line of text, made printable, indented under a heading.
void print_line(const Context& context, std::string_view line);

/// "[####......] 4 of 10 chunks", the bar as this terminal can draw it.
struct BarCount {
    std::int64_t done = 0;
    std::int64_t total = 0;
};
std::string bar_text(const Context& context, const BarCount& count);

/// `document` as the whole answer.
void print_json(const Context& context, const json::Value& document);

}  // namespace trueup::app
