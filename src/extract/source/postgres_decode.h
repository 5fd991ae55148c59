#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "extract/source/postgres_wire.h"

namespace trueup::extract::postgres_source {

enum class Decoded : std::uint8_t {
    Yes,
    Misfit,     // A value that the column's type does not have: NaN, infinity, too large.
    TooLong,    // Longer than the limit.
    Malformed,  // Not what the server sends for this type: the stream cannot be trusted.
};

/// What is true of all values of a reader.
struct DecodeLimits {
    std::uint64_t value_bytes_max = 0;  // 0: no limit.
    bool checks_utf8 = false;           // The database does not: its encoding is SQL_ASCII.
};

/// Puts one value, as it came off the wire, into row `row` of `column`. Nothing is written unless
/// the answer is Yes.
Decoded decode_value(Wire wire, std::string_view bytes, columnar::Column& column, std::size_t row,
                     const DecodeLimits& limits);

/// The number of an Int2, Int4, Int8 or Oid, and the block of a Tid; nothing for other forms, and
/// for bytes of another size.
std::optional<std::int64_t> whole_number(Wire wire, std::string_view bytes);

/// The value for people and for text columns: "NaN", "infinity", "2026-01-31", a number, or x'6162'
/// for what has no better text.
std::string text_of_value(Wire wire, std::string_view bytes);

}  // namespace trueup::extract::postgres_source
