#pragma once

#include <string>
#include <string_view>

namespace trueup::term {

/// Columns that printable UTF-8 text takes on a terminal: combining marks none, East Asian wide
/// characters and emoji two. Malformed bytes count one each.
int display_width(std::string_view text);

/// `text` in at most `width` columns, cut at its end with "…" (one column) when it does not fit.
std::string elide_end(std::string_view text, int width);

/// The same, cut in the middle: for paths, whose end tells most.
std::string elide_middle(std::string_view text, int width);

}  // namespace trueup::term
