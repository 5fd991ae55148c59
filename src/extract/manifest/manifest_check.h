#pragma once

#include <string_view>

namespace trueup::extract {

/// Exactly `size` lower-case hexadecimal digits.
bool is_hex(std::string_view text, std::size_t size);
/// A relative path with "/" that stays under the prefix, has no hidden, empty or ".." component
/// and no control character, and is none of the manifest's own files.
bool is_part_path(std::string_view path);
/// Fit for a file name: letters, digits, "-", "_" and ".", not beginning with ".".
bool is_run_id(std::string_view text);

}  // namespace trueup::extract
