#pragma once

#include <optional>
#include <string_view>

namespace trueup::toml {

/// The line, from 1, of the first statement that holds more than `dots_max` dots outside texts and
/// comments; nothing when there is none. Beyond a mistake in the syntax it may say anything: the
/// parser does not get there. Private to this module.
std::optional<int> too_many_dots_at(std::string_view text, int dots_max);

}  // namespace trueup::toml
