#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trueup {

/// The candidate nearest to `word` in edit distance, when near enough to be a slip of the finger:
/// at most max(2, length / 3) edits, else one that contains it or is contained (3 letters or more).
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// ` (did you mean "x"?)`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// First byte of the first malformed sequence (RFC 3629), or nothing when all of it is UTF-8.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

/// Control characters but tab and line feed become \u{NN}, malformed UTF-8 becomes \xNN: text from
/// a database cannot drive a terminal.
std::string printable(std::string_view text);

/// "12,345,678".
std::string grouped(std::int64_t number);
/// "1.5 GB", in powers of 1000, three significant digits.
std::string human_bytes(std::uint64_t bytes);
/// "2.5 s", "3 m 05 s", "450 ms".
std::string human_seconds(double seconds);

/// The whole text as a decimal integer in range, or nothing.
std::optional<std::int64_t> parse_int64(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower_ascii(std::string_view text);
std::string upper_ascii(std::string_view text);

}  // namespace trueup
