#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "extract/source/postgres_wire.h"
#include "extract/source/text_decode.h"

namespace trueup::extract::postgres_source {

using extract::Decoded;
using extract::DecodeLimits;

/// Puts one value, as it came off the wire, into row `row` of `column`. Nothing is written unless
/// the answer is Yes.
Decoded decode_value(Wire wire, std::string_view bytes, columnar::Column& column, std::size_t row,
                     const DecodeLimits& limits);

/// The number of an Int2, Int4, Int8 or Oid, and the block of a Tid; nothing for other forms, and
/// for bytes of another size.
std::optional<std::int64_t> whole_number(Wire wire, std::string_view bytes);

/// A value of a column of `type` for people: "NaN", "infinity", "2026-01-31", a number, x'6162' for
/// what has no better text; of an array, what keeps it from being a list.
std::string text_of_value(Wire wire, std::string_view bytes, columnar::Type type);

}  // namespace trueup::extract::postgres_source
