#include "extract/source/sqlite_decode.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "extract/source/value.h"

namespace trueup::extract::sqlite_source {
namespace {

using columnar::Column;
using columnar::Int128;
using columnar::TypeId;

std::string_view text_in(sqlite3_value* cell) {
    // sqlite3_value_text() first: it may convert, and the size is that of the result.
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(cell));
    return {text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_value_bytes(cell))};
}

std::string_view blob_in(sqlite3_value* cell) {
    const auto* bytes = static_cast<const char*>(sqlite3_value_blob(cell));
    return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_value_bytes(cell))};
}

template <class T>
Decoded decode_integer(sqlite3_value* cell, Column& column, std::size_t row) {
    if (sqlite3_value_type(cell) != SQLITE_INTEGER) return Decoded::Misfit;
    const std::int64_t value = sqlite3_value_int64(cell);
    if (!std::in_range<T>(value)) return Decoded::Misfit;
    return put(column, row, static_cast<T>(value));
}

Decoded decode_boolean(sqlite3_value* cell, Column& column, std::size_t row) {
    const int storage = sqlite3_value_type(cell);
    if (storage == SQLITE_INTEGER) {
        const std::int64_t value = sqlite3_value_int64(cell);
        if (value != 0 && value != 1) return Decoded::Misfit;
        return put(column, row, static_cast<std::uint8_t>(value));
    }
    if (storage != SQLITE_TEXT) return Decoded::Misfit;
    const std::string word = lower_ascii(text_in(cell));
    if (word != "true" && word != "false") return Decoded::Misfit;
    return put(column, row, static_cast<std::uint8_t>(word == "true"));
}

/// Whole numbers become doubles only while every one of them has a double of its own.
std::optional<double> double_in(sqlite3_value* cell) {
    constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
    const int storage = sqlite3_value_type(cell);
    if (storage == SQLITE_FLOAT) return sqlite3_value_double(cell);
    if (storage != SQLITE_INTEGER) return std::nullopt;
    const std::int64_t value = sqlite3_value_int64(cell);
    if (value < -kExactMax || value > kExactMax) return std::nullopt;
    return static_cast<double>(value);
}

Decoded decode_float(sqlite3_value* cell, Column& column, std::size_t row) {
    const auto value = double_in(cell);
    if (!value) return Decoded::Misfit;
    const auto narrow = static_cast<float>(*value);
    if (static_cast<double>(narrow) != *value) return Decoded::Misfit;
    return put(column, row, narrow);
}

std::optional<Int128> decimal_of_integer(Int128 whole, const DecimalShape& shape) {
    if (!fits_decimal(whole, shape.width - shape.scale)) return std::nullopt;
    return whole * power_of_ten(shape.scale);
}

Decoded decode_decimal(sqlite3_value* cell, Column& column, std::size_t row) {
    const DecimalShape shape{column.type().width, column.type().scale};
    std::optional<Int128> unscaled;
    switch (sqlite3_value_type(cell)) {
        case SQLITE_INTEGER: unscaled = decimal_of_integer(sqlite3_value_int64(cell), shape); break;
        case SQLITE_FLOAT: unscaled = decimal_of(sqlite3_value_double(cell), shape); break;
        case SQLITE_TEXT: unscaled = parse_decimal(text_in(cell), shape); break;
        default: break;
    }
    return unscaled ? put_decimal(column, row, *unscaled) : Decoded::Misfit;
}

/// SQLite checks no text: any bytes may stand there.
Decoded decode_text_cell(sqlite3_value* cell, Column& column, std::size_t row,
                         std::uint64_t value_bytes_max) {
    const int storage = sqlite3_value_type(cell);
    if (storage == SQLITE_TEXT) {
        return put_bytes(column, row, text_in(cell),
                         {.value_bytes_max = value_bytes_max, .checks_utf8 = true});
    }
    if (storage != SQLITE_INTEGER && storage != SQLITE_FLOAT) return Decoded::Misfit;
    column.set_bytes(row, text_of_cell(cell));
    return Decoded::Yes;
}

Decoded decode_blob(sqlite3_value* cell, Column& column, std::size_t row,
                    std::uint64_t value_bytes_max) {
    if (sqlite3_value_type(cell) != SQLITE_BLOB) return Decoded::Misfit;
    return put_bytes(column, row, blob_in(cell), {.value_bytes_max = value_bytes_max});
}

Decoded decode_uuid(sqlite3_value* cell, Column& column, std::size_t row) {
    const int storage = sqlite3_value_type(cell);
    std::optional<std::array<std::uint8_t, 16>> bytes;
    if (storage == SQLITE_TEXT) bytes = parse_uuid(text_in(cell));
    if (storage == SQLITE_BLOB && sqlite3_value_bytes(cell) == 16) {
        std::memcpy(bytes.emplace().data(), blob_in(cell).data(), 16);
    }
    return bytes ? put(column, row, duckdb_uuid(*bytes)) : Decoded::Misfit;
}

/// Dates and times are texts; a number could be seconds, milliseconds or a Julian day.
Decoded decode_time_like(sqlite3_value* cell, Column& column, std::size_t row) {
    if (sqlite3_value_type(cell) != SQLITE_TEXT) return Decoded::Misfit;
    const std::string_view text = text_in(cell);
    switch (column.type().id) {
        case TypeId::Date: return put_if(column, row, parse_date(text));
        case TypeId::Time: return put_if(column, row, parse_time(text));
        // A text without a zone is UTC by SQLite's convention; one with a zone has no place in a
        // column without.
        default: return put_timestamp(column, row, text);
    }
}

}  // namespace

Decoded decode_cell(sqlite3_value* cell, Column& column, std::size_t row,
                    std::uint64_t value_bytes_max) {
    switch (column.type().id) {
        case TypeId::Boolean: return decode_boolean(cell, column, row);
        case TypeId::TinyInt: return decode_integer<std::int8_t>(cell, column, row);
        case TypeId::SmallInt: return decode_integer<std::int16_t>(cell, column, row);
        case TypeId::Integer: return decode_integer<std::int32_t>(cell, column, row);
        case TypeId::BigInt: return decode_integer<std::int64_t>(cell, column, row);
        case TypeId::UTinyInt: return decode_integer<std::uint8_t>(cell, column, row);
        case TypeId::USmallInt: return decode_integer<std::uint16_t>(cell, column, row);
        case TypeId::UInteger: return decode_integer<std::uint32_t>(cell, column, row);
        case TypeId::UBigInt: return decode_integer<std::uint64_t>(cell, column, row);
        case TypeId::Float: return decode_float(cell, column, row);
        case TypeId::Double: {
            const auto value = double_in(cell);
            return value ? put(column, row, *value) : Decoded::Misfit;
        }
        case TypeId::Decimal: return decode_decimal(cell, column, row);
        case TypeId::Varchar:
        case TypeId::Json: return decode_text_cell(cell, column, row, value_bytes_max);
        case TypeId::Blob: return decode_blob(cell, column, row, value_bytes_max);
        case TypeId::Uuid: return decode_uuid(cell, column, row);
        case TypeId::Date:
        case TypeId::Time:
        case TypeId::Timestamp:
        case TypeId::TimestampNs:
        case TypeId::TimestampTz: return decode_time_like(cell, column, row);
        case TypeId::List: return Decoded::Misfit;  // SQLite has none.
    }
    std::unreachable();
}

std::string text_of_cell(sqlite3_value* cell) {
    switch (sqlite3_value_type(cell)) {
        case SQLITE_INTEGER: return fmt::format("{}", sqlite3_value_int64(cell));
        case SQLITE_FLOAT: return fmt::format("{}", sqlite3_value_double(cell));
        case SQLITE_TEXT: return text_or_hex(text_in(cell));
        case SQLITE_BLOB: return hex_literal(blob_in(cell));
        default: return "NULL";
    }
}

}  // namespace trueup::extract::sqlite_source
