#include "extract/source/mysql_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "extract/source/value.h"

namespace trueup::extract::mysql_source {
namespace {

using columnar::Column;
using columnar::Int128;
using columnar::TypeId;

static_assert(std::endian::native == std::endian::little, "numbers are copied as they come");

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

/// A number of `T` from the front of `bytes`, which must hold it.
template <class T>
T number_at(std::string_view bytes, std::size_t at = 0) {
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

template <class T>
Decoded decode_number(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(T)) return Decoded::Malformed;
    return put(column, row, number_at<T>(bytes));
}

/// Of a tinyint(1), which may hold any number.
Decoded decode_tiny(std::string_view bytes, Column& column, std::size_t row) {
    if (column.type().id != TypeId::Boolean) return decode_number<std::int8_t>(bytes, column, row);
    if (bytes.size() != 1) return Decoded::Malformed;
    if (bytes[0] != 0 && bytes[0] != 1) return Decoded::Misfit;
    return put(column, row, static_cast<std::uint8_t>(bytes[0]));
}

// ---- decimals ----

/// The server writes as many digits behind the point as the column has: digits are all there is to
/// read. Nothing when it did not.
template <class T>
std::optional<T> scaled_digits(std::string_view text, int scale) {
    constexpr std::size_t kDigitsMax = sizeof(T) == sizeof(std::int64_t) ? 18 : 38;
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::size_t behind = point < text.size() ? text.size() - point - 1 : 0;
    if (point + behind > kDigitsMax || behind != static_cast<std::size_t>(scale)) {
        return std::nullopt;
    }
    T value = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == point) continue;
        if (text[at] < '0' || text[at] > '9') return std::nullopt;
        value = value * 10 + (text[at] - '0');
    }
    return is_negative ? -value : value;
}

template <class T>
Decoded put_digits(std::string_view text, Column& column, std::size_t row) {
    const auto value = scaled_digits<T>(text, column.type().scale);
    if (value && fits_decimal(*value, column.type().width)) return put_decimal(column, row, *value);
    const auto parsed = parse_decimal(text, {column.type().width, column.type().scale});
    return parsed ? put_decimal(column, row, *parsed) : Decoded::Misfit;
}

Decoded decode_decimal(std::string_view text, Column& column, std::size_t row) {
    constexpr int kNarrowWidth = 18;
    return column.type().width <= kNarrowWidth ? put_digits<std::int64_t>(text, column, row)
                                               : put_digits<Int128>(text, column, row);
}

// ---- dates and times ----

struct Moment {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    std::uint32_t micros = 0;
};

std::optional<Moment> read_moment(std::string_view bytes) {
    Moment moment;
    const std::size_t size = bytes.size();
    if (size != 0 && size != 4 && size != 7 && size != 11) return std::nullopt;
    if (size >= 4) {
        moment.year = number_at<std::uint16_t>(bytes);
        moment.month = number_at<std::uint8_t>(bytes, 2);
        moment.day = number_at<std::uint8_t>(bytes, 3);
    }
    if (size >= 7) {
        moment.hour = number_at<std::uint8_t>(bytes, 4);
        moment.minute = number_at<std::uint8_t>(bytes, 5);
        moment.second = number_at<std::uint8_t>(bytes, 6);
    }
    if (size == 11) moment.micros = number_at<std::uint32_t>(bytes, 7);
    return moment;
}

/// Since midnight; nothing for what no clock shows.
std::optional<std::int64_t> micros_of_day(std::int64_t hour, int minute, int second,
                                          std::uint32_t micros) {
    const bool is_time = hour < 24 && minute < 60 && second < 60 && micros < kMicrosPerSecond;
    if (!is_time) return std::nullopt;
    return (hour * 3600 + std::int64_t{60} * minute + second) * kMicrosPerSecond + micros;
}

Decoded decode_date(std::string_view bytes, Column& column, std::size_t row) {
    const auto moment = read_moment(bytes);
    if (!moment) return Decoded::Malformed;
    return put_if(column, row, days_of_date(moment->year, moment->month, moment->day));
}

Decoded decode_datetime(std::string_view bytes, Column& column, std::size_t row) {
    const auto moment = read_moment(bytes);
    if (!moment) return Decoded::Malformed;
    const auto days = days_of_date(moment->year, moment->month, moment->day);
    const auto micros = micros_of_day(moment->hour, moment->minute, moment->second, moment->micros);
    if (!days || !micros) return Decoded::Misfit;
    return put(column, row, *days * kMicrosPerDay + *micros);
}

struct Span {
    bool is_negative = false;
    std::int64_t hours = 0;
    int minute = 0;
    int second = 0;
    std::uint32_t micros = 0;
};

std::optional<Span> read_span(std::string_view bytes) {
    Span span;
    if (bytes.empty()) return span;
    if (bytes.size() != 8 && bytes.size() != 12) return std::nullopt;
    span.is_negative = bytes[0] != 0;
    span.hours =
        std::int64_t{24} * number_at<std::uint32_t>(bytes, 1) + number_at<std::uint8_t>(bytes, 5);
    span.minute = number_at<std::uint8_t>(bytes, 6);
    span.second = number_at<std::uint8_t>(bytes, 7);
    if (bytes.size() == 12) span.micros = number_at<std::uint32_t>(bytes, 8);
    return span;
}

/// Such a column holds spans of up to 838 hours, either way; a time of day is what parts have.
Decoded decode_time(std::string_view bytes, Column& column, std::size_t row) {
    const auto span = read_span(bytes);
    if (!span) return Decoded::Malformed;
    if (span->is_negative) return Decoded::Misfit;
    return put_if(column, row,
                  micros_of_day(span->hours, span->minute, span->second, span->micros));
}

std::string fraction_text(std::uint32_t micros) {
    return micros == 0 ? "" : fmt::format(".{:06}", micros);
}

std::string text_of_moment(std::string_view bytes, bool has_time) {
    const auto moment = read_moment(bytes);
    if (!moment) return hex_literal(bytes);
    std::string text = fmt::format("{:04}-{:02}-{:02}", moment->year, moment->month, moment->day);
    if (!has_time) return text;
    return text + fmt::format(" {:02}:{:02}:{:02}{}", moment->hour, moment->minute, moment->second,
                              fraction_text(moment->micros));
}

std::string text_of_span(std::string_view bytes) {
    const auto span = read_span(bytes);
    if (!span) return hex_literal(bytes);
    return fmt::format("{}{:02}:{:02}:{:02}{}", span->is_negative ? "-" : "", span->hours,
                       span->minute, span->second, fraction_text(span->micros));
}

// ---- the rest ----

Decoded decode_bit(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.empty() || bytes.size() > sizeof(std::uint64_t)) return Decoded::Malformed;
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
    if (column.type().id != TypeId::Boolean) return put(column, row, value);
    if (value > 1) return Decoded::Misfit;
    return put(column, row, static_cast<std::uint8_t>(value));
}

Decoded decode_geometry(std::string_view bytes, Column& column, std::size_t row,
                        const DecodeLimits& limits) {
    constexpr std::size_t kReferenceBytes = 4;
    if (bytes.size() < kReferenceBytes) return Decoded::Malformed;
    return put_bytes(column, row, bytes.substr(kReferenceBytes), limits);
}

/// A UUID may be stored as its 16 bytes, which are never the text of one.
Decoded decode_typed(std::string_view bytes, Column& column, std::size_t row,
                     const DecodeLimits& limits) {
    std::array<std::uint8_t, 16> raw{};
    if (column.type().id == TypeId::Uuid && bytes.size() == raw.size()) {
        std::memcpy(raw.data(), bytes.data(), raw.size());
        return put(column, row, duckdb_uuid(raw));
    }
    return decode_text(column, row, bytes, limits);
}

}  // namespace

Decoded decode_value(Wire wire, std::string_view bytes, Column& column, std::size_t row,
                     const DecodeLimits& limits) {
    switch (wire) {
        case Wire::Int8: return decode_tiny(bytes, column, row);
        case Wire::UInt8: return decode_number<std::uint8_t>(bytes, column, row);
        case Wire::Int16: return decode_number<std::int16_t>(bytes, column, row);
        case Wire::UInt16: return decode_number<std::uint16_t>(bytes, column, row);
        case Wire::Int32: return decode_number<std::int32_t>(bytes, column, row);
        case Wire::UInt32: return decode_number<std::uint32_t>(bytes, column, row);
        case Wire::Int64: return decode_number<std::int64_t>(bytes, column, row);
        case Wire::UInt64: return decode_number<std::uint64_t>(bytes, column, row);
        case Wire::Float: return decode_number<float>(bytes, column, row);
        case Wire::Double: return decode_number<double>(bytes, column, row);
        case Wire::Decimal: return decode_decimal(bytes, column, row);
        case Wire::Date: return decode_date(bytes, column, row);
        case Wire::Datetime: return decode_datetime(bytes, column, row);
        case Wire::Time: return decode_time(bytes, column, row);
        case Wire::Bit: return decode_bit(bytes, column, row);
        case Wire::Bytes: return put_bytes(column, row, bytes, limits);
        case Wire::Geometry: return decode_geometry(bytes, column, row, limits);
        case Wire::TypedByText: return decode_typed(bytes, column, row, limits);
    }
    std::unreachable();
}

std::optional<std::string> text_of_integer(Wire wire, std::string_view bytes) {
    const auto of = [&]<class T>(T /*type*/) -> std::optional<std::string> {
        if (bytes.size() != sizeof(T)) return std::nullopt;
        return fmt::format("{}", number_at<T>(bytes));
    };
    switch (wire) {
        case Wire::Int8: return of(std::int8_t{});
        case Wire::UInt8: return of(std::uint8_t{});
        case Wire::Int16: return of(std::int16_t{});
        case Wire::UInt16: return of(std::uint16_t{});
        case Wire::Int32: return of(std::int32_t{});
        case Wire::UInt32: return of(std::uint32_t{});
        case Wire::Int64: return of(std::int64_t{});
        case Wire::UInt64: return of(std::uint64_t{});
        default: return std::nullopt;
    }
}

std::string text_of_value(Wire wire, std::string_view bytes) {
    if (auto number = text_of_integer(wire, bytes)) return *std::move(number);
    switch (wire) {
        case Wire::Date: return text_of_moment(bytes, false);
        case Wire::Datetime: return text_of_moment(bytes, true);
        case Wire::Time: return text_of_span(bytes);
        case Wire::Bit:
        case Wire::Geometry: return hex_literal(bytes);
        default: return text_or_hex(bytes);
    }
}

}  // namespace trueup::extract::mysql_source
