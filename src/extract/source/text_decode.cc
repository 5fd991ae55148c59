#include "extract/source/text_decode.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.h"
#include "extract/source/value.h"

namespace trueup::extract {
namespace {

using columnar::Column;
using columnar::TypeId;

template <class T>
Decoded parse_integer(std::string_view text, Column& column, std::size_t row) {
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return Decoded::Misfit;
    return put(column, row, value);
}

/// Servers write the shortest text that names the number; another number is none.
template <class Real>
Decoded parse_real(std::string_view text, Column& column, std::size_t row) {
    Real value = 0;
    if (text == "Infinity" || text == "-Infinity") {
        value = std::numeric_limits<Real>::infinity() * (text[0] == '-' ? -1 : 1);
        return put(column, row, value);
    }
    if (text == "NaN") return put(column, row, std::numeric_limits<Real>::quiet_NaN());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return Decoded::Misfit;
    return put(column, row, value);
}

Decoded parse_bool(std::string_view text, Column& column, std::size_t row) {
    const bool is_true = text == "true" || text == "t" || text == "1";
    const bool is_false = text == "false" || text == "f" || text == "0";
    if (!is_true && !is_false) return Decoded::Misfit;
    return put(column, row, static_cast<std::uint8_t>(is_true));
}

}  // namespace

Decoded put_decimal(Column& column, std::size_t row, columnar::Int128 unscaled) {
    switch (columnar::value_bytes(column.type())) {
        case 2: return put(column, row, static_cast<std::int16_t>(unscaled));
        case 4: return put(column, row, static_cast<std::int32_t>(unscaled));
        case 8: return put(column, row, static_cast<std::int64_t>(unscaled));
        default: return put(column, row, unscaled);
    }
}

Decoded put_bytes(Column& column, std::size_t row, std::string_view bytes,
                  const DecodeLimits& limits) {
    if (limits.value_bytes_max != 0 && bytes.size() > limits.value_bytes_max) {
        return Decoded::TooLong;
    }
    const bool is_text = column.type().id != TypeId::Blob;
    if (limits.checks_utf8 && is_text && invalid_utf8_at(bytes)) return Decoded::Misfit;
    column.set_bytes(row, bytes);
    return Decoded::Yes;
}

Decoded put_timestamp(Column& column, std::size_t row, std::string_view text) {
    const TypeId type = column.type().id;
    const auto parsed = parse_timestamp(text);
    if (!parsed) return Decoded::Misfit;
    if (parsed->has_zone && type != TypeId::TimestampTz) return Decoded::Misfit;
    if (type != TypeId::TimestampNs) return put(column, row, parsed->micros);
    std::int64_t nanos = 0;
    if (__builtin_mul_overflow(parsed->micros, std::int64_t{1000}, &nanos)) return Decoded::Misfit;
    return put(column, row, nanos);
}

Decoded put_null(Column& column, std::size_t row) {
    const std::size_t size = columnar::value_bytes(column.type());
    std::memset(column.raw() + row * size, 0, size);
    column.set_null(row);
    return Decoded::Yes;
}

Decoded decode_text(Column& column, std::size_t row, std::string_view text,
                    const DecodeLimits& limits) {
    switch (column.type().id) {
        case TypeId::Boolean: return parse_bool(text, column, row);
        case TypeId::TinyInt: return parse_integer<std::int8_t>(text, column, row);
        case TypeId::SmallInt: return parse_integer<std::int16_t>(text, column, row);
        case TypeId::Integer: return parse_integer<std::int32_t>(text, column, row);
        case TypeId::BigInt: return parse_integer<std::int64_t>(text, column, row);
        case TypeId::UTinyInt: return parse_integer<std::uint8_t>(text, column, row);
        case TypeId::USmallInt: return parse_integer<std::uint16_t>(text, column, row);
        case TypeId::UInteger: return parse_integer<std::uint32_t>(text, column, row);
        case TypeId::UBigInt: return parse_integer<std::uint64_t>(text, column, row);
        case TypeId::Float: return parse_real<float>(text, column, row);
        case TypeId::Double: return parse_real<double>(text, column, row);
        case TypeId::Decimal: {
            const auto value = parse_decimal(text, {column.type().width, column.type().scale});
            return value ? put_decimal(column, row, *value) : Decoded::Misfit;
        }
        case TypeId::Varchar:
        case TypeId::Json:
        case TypeId::Blob: return put_bytes(column, row, text, limits);
        case TypeId::Uuid: {
            const auto value = parse_uuid(text);
            return value ? put(column, row, duckdb_uuid(*value)) : Decoded::Misfit;
        }
        case TypeId::Date: return put_if(column, row, parse_date(text));
        case TypeId::Time: return put_if(column, row, parse_time(text));
        case TypeId::Timestamp:
        case TypeId::TimestampNs:
        case TypeId::TimestampTz: return put_timestamp(column, row, text);
        case TypeId::List: return Decoded::Misfit;  // No text is read as one.
    }
    std::unreachable();
}

std::string hex_literal(std::string_view bytes) {
    std::string text = "x'";
    for (const char byte : bytes) {
        fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
    }
    return text + "'";
}

std::string text_or_hex(std::string_view bytes) {
    return invalid_utf8_at(bytes) ? hex_literal(bytes) : std::string(bytes);
}

}  // namespace trueup::extract
