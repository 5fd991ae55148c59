#pragma once

#include <cstdint>
#include <string>

#include "extract/source/source.h"
#include "extract/source/text_decode.h"

struct sqlite3_value;

namespace trueup::extract::sqlite_source {

/// Puts one cell into row `row` of `column`. Nothing is written unless the answer is Yes.
Decoded decode_cell(sqlite3_value* cell, columnar::Column& column, std::size_t row,
                    std::uint64_t value_bytes_max);

/// The cell as any value can be told in text: numbers in their shortest form, texts as they are,
/// blobs and malformed texts as x'6162'.
std::string text_of_cell(sqlite3_value* cell);

}  // namespace trueup::extract::sqlite_source
