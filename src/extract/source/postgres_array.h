#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "columnar/batch.h"
#include "extract/source/postgres_wire.h"
#include "extract/source/text_decode.h"

/// Arrays in their binary form, as values of a column of lists: what decode_value() and
/// text_of_value() do for Wire::Array and Wire::TextArray.
namespace trueup::extract::postgres_source {

/// A Misfit when the array has more than one dimension, or an element is one. Where its counting
/// begins is not kept.
Decoded decode_array(Wire wire, std::string_view bytes, columnar::Column& column, std::size_t row,
                     const DecodeLimits& limits);

/// What makes it a Misfit: "of 2 dimensions", "with infinity in it".
std::string text_of_array(Wire wire, std::string_view bytes, columnar::Type type);

}  // namespace trueup::extract::postgres_source
