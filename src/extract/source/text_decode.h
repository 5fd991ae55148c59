#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "columnar/batch.h"

/// What every decoder here does alike: values typed by their text, and the pieces of that.
namespace trueup::extract {

enum class Decoded : std::uint8_t {
    Yes,
    Misfit,     // A value that the column's type does not have: NaN, infinity, too large.
    TooLong,    // Longer than the limit.
    Malformed,  // Not what the source sends for this type: the stream cannot be trusted.
};

/// What is true of all values of a reader.
struct DecodeLimits {
    std::uint64_t value_bytes_max = 0;  // 0: no limit.
    bool checks_utf8 = false;           // The source does not.
};

template <class T>
Decoded put(columnar::Column& column, std::size_t row, T value) {
    column.values<T>()[row] = value;
    return Decoded::Yes;
}

template <class T>
Decoded put_if(columnar::Column& column, std::size_t row, const std::optional<T>& value) {
    return value ? put(column, row, *value) : Decoded::Misfit;
}

/// A decimal that fits the column, in the width that the column has.
Decoded put_decimal(columnar::Column& column, std::size_t row, columnar::Int128 unscaled);
/// Text, JSON or a blob, as it is.
Decoded put_bytes(columnar::Column& column, std::size_t row, std::string_view bytes,
                  const DecodeLimits& limits);
/// A date, or a date and a time, as parse_timestamp() takes it: a zone only where the column has
/// one.
Decoded put_timestamp(columnar::Column& column, std::size_t row, std::string_view text);
/// Makes it NULL; always Yes.
Decoded put_null(columnar::Column& column, std::size_t row);

/// Puts the value that `text` spells as the column's type; any type but the texts and blobs of
/// put_bytes() has one spelling or a few, else it is a Misfit. Nothing is written unless the answer
/// is Yes.
Decoded decode_text(columnar::Column& column, std::size_t row, std::string_view text,
                    const DecodeLimits& limits);

/// x'6162'.
std::string hex_literal(std::string_view bytes);
/// The text itself, or hex_literal() when it is no UTF-8.
std::string text_or_hex(std::string_view bytes);

}  // namespace trueup::extract
