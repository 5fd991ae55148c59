#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/context.h"
#include "app/view.h"
#include "json/json.h"

/// How the commands of `trueup extract` show what they found.
namespace trueup::app {

/// "1 part", "1,234 parts".
std::string counted(std::int64_t number, std::string_view noun);

/// A text of the ledger that is JSON; as a string when it is none.
json::Value json_stored(const std::string& text);

/// Bounds of the ledger for people; as they are stored when they cannot be read.
std::string bounds_text(const std::string& bounds_json);

/// "[####......] 4 of 10 chunks", the bar as this terminal can draw it.
struct BarCount {
    std::int64_t done = 0;
    std::int64_t total = 0;
};
std::string bar_text(const Context& context, const BarCount& count);

}  // namespace trueup::app
