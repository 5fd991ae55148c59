#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "columnar/batch.h"

/// Values as sources spell them, turned into values as parts hold them. Each function takes the
/// whole text or returns nothing; none rounds.
namespace trueup::extract {

/// 10^0 to 10^38.
columnar::Int128 power_of_ten(int exponent);

/// True when |unscaled| has at most `width` digits.
bool fits_decimal(columnar::Int128 unscaled, int width);

struct DecimalShape {
    int width;
    int scale;
};
/// "-12.50" under (5,2) is -1250. Digits beyond the scale must be zeros; an exponent ("1e3") is
/// fine.
std::optional<columnar::Int128> parse_decimal(std::string_view text, DecimalShape shape);
/// The decimal that the double's shortest text spells: 0.1 under (3,2) is 10. Nothing for a double
/// whose shortest text needs more digits after the point, and for infinities.
std::optional<columnar::Int128> decimal_of(double value, DecimalShape shape);

/// Days since 1970-01-01 of "YYYY-MM-DD", proleptic Gregorian, years 0001 to 9999.
std::optional<std::int32_t> parse_date(std::string_view text);

/// The same of a date in numbers; nothing for a day that the calendar does not have.
std::optional<std::int32_t> days_of_date(int year, int month, int day);

/// Microseconds since midnight of "HH:MM[:SS[.ffffff]]", 24:00 excluded. More than six digits after
/// the point must be zeros.
std::optional<std::int64_t> parse_time(std::string_view text);

struct ParsedTimestamp {
    std::int64_t micros;  // Since 1970-01-01; in UTC when the text had a zone.
    bool has_zone;
};
/// A date, or a date and a time joined by "T" or one blank, then nothing, "Z", or an offset
/// "+HH[:MM]"/"-HH[:MM]" after optional blanks.
std::optional<ParsedTimestamp> parse_timestamp(std::string_view text);

/// 16 bytes of "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", with or without hyphens or braces.
std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);

/// A UUID as DuckDB holds it: its bytes as a big-endian number, the topmost bit flipped so that
/// signed comparison orders UUIDs.
columnar::Int128 duckdb_uuid(const std::array<std::uint8_t, 16>& bytes);

}  // namespace trueup::extract
