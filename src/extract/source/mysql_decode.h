#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "extract/source/mysql_wire.h"
#include "extract/source/text_decode.h"

namespace trueup::extract::mysql_source {

using extract::Decoded;
using extract::DecodeLimits;

/// Puts one value, as it came off the wire, into row `row` of `column`. Nothing is written unless
/// the answer is Yes.
Decoded decode_value(Wire wire, std::string_view bytes, columnar::Column& column, std::size_t row,
                     const DecodeLimits& limits);

/// The number as text, of the integers; nothing for other forms, and for bytes of another size.
std::optional<std::string> text_of_integer(Wire wire, std::string_view bytes);

/// The value for people: "0000-00-00", "-838:59:59", a number, or x'6162' for what has no better
/// text.
std::string text_of_value(Wire wire, std::string_view bytes);

}  // namespace trueup::extract::mysql_source
