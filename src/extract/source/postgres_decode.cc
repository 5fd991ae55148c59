#include "extract/source/postgres_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/text.h"
#include "extract/source/postgres_array.h"
#include "extract/source/value.h"

namespace trueup::extract::postgres_source {
namespace {

using columnar::Column;
using columnar::Int128;

constexpr std::int32_t kDaysTo2000 = 10'957;
constexpr std::int64_t kMicrosTo2000 = 946'684'800'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

/// A number of `T` from the front of `bytes`, which must hold it; the wire is big-endian.
template <class T>
T big_endian(const char* bytes) {
    std::make_unsigned_t<T> value = 0;
    std::memcpy(&value, bytes, sizeof value);
    if constexpr (sizeof value > 1) {
        if (std::endian::native == std::endian::little) value = std::byteswap(value);
    }
    return static_cast<T>(value);
}

template <class T>
Decoded decode_integer(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(T)) return Decoded::Malformed;
    return put(column, row, big_endian<T>(bytes.data()));
}

template <class Real, class Bits>
Decoded decode_real(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(Real)) return Decoded::Malformed;
    return put(column, row, std::bit_cast<Real>(big_endian<Bits>(bytes.data())));
}

Decoded decode_bool(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != 1 || (bytes[0] != 0 && bytes[0] != 1)) return Decoded::Malformed;
    return put(column, row, static_cast<std::uint8_t>(bytes[0]));
}

Decoded decode_jsonb(std::string_view bytes, Column& column, std::size_t row,
                     const DecodeLimits& limits) {
    constexpr char kVersion = 1;
    if (!bytes.starts_with(kVersion)) return Decoded::Malformed;
    return put_bytes(column, row, bytes.substr(1), limits);
}

Decoded decode_uuid(std::string_view bytes, Column& column, std::size_t row) {
    std::array<std::uint8_t, 16> raw{};
    if (bytes.size() != raw.size()) return Decoded::Malformed;
    std::memcpy(raw.data(), bytes.data(), raw.size());
    return put(column, row, duckdb_uuid(raw));
}

/// The ends of a date's and a timestamp's range are the infinities.
template <class T>
bool is_infinite(T value) {
    return value == std::numeric_limits<T>::min() || value == std::numeric_limits<T>::max();
}

Decoded decode_date(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(std::int32_t)) return Decoded::Malformed;
    const auto days = big_endian<std::int32_t>(bytes.data());
    std::int32_t since_1970 = 0;
    const bool is_held = !__builtin_add_overflow(days, kDaysTo2000, &since_1970);
    if (is_infinite(days) || !is_held) return Decoded::Misfit;
    return put(column, row, since_1970);
}

Decoded decode_time(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(std::int64_t)) return Decoded::Malformed;
    const auto micros = big_endian<std::int64_t>(bytes.data());
    // 24:00:00 is one, in PostgreSQL alone.
    if (micros < 0 || micros >= kMicrosPerDay) return Decoded::Misfit;
    return put(column, row, micros);
}

Decoded decode_timestamp(std::string_view bytes, Column& column, std::size_t row) {
    if (bytes.size() != sizeof(std::int64_t)) return Decoded::Malformed;
    const auto micros = big_endian<std::int64_t>(bytes.data());
    std::int64_t since_1970 = 0;
    // No server's range goes that far: it ends in the year 294276.
    const bool is_held = !__builtin_add_overflow(micros, kMicrosTo2000, &since_1970);
    if (is_infinite(micros) || !is_held) return Decoded::Misfit;
    return put(column, row, since_1970);
}

// ---- numeric ----

constexpr std::uint16_t kNegative = 0x4000;
constexpr std::uint16_t kSpecial = 0xc000;  // NaN, and with other bits below the infinities.
constexpr std::uint16_t kNaN = 0xc000;
constexpr std::uint16_t kInfinity = 0xd000;
constexpr int kDigitsPerWord = 4;  // Each word is a digit of base 10,000.

struct Numeric {
    int words = 0;
    int weight = 0;  // The first word counts 10,000 to this power.
    std::uint16_t sign = 0;
    int shown_scale = 0;
    const char* digits = nullptr;

    int word(int index) const {
        return big_endian<std::int16_t>(digits + std::ptrdiff_t{2} * index);
    }
};

std::optional<Numeric> read_numeric(std::string_view bytes) {
    constexpr std::size_t kHeader = 8;
    if (bytes.size() < kHeader) return std::nullopt;
    const Numeric number{.words = big_endian<std::int16_t>(bytes.data()),
                         .weight = big_endian<std::int16_t>(bytes.data() + 2),
                         .sign = big_endian<std::uint16_t>(bytes.data() + 4),
                         .shown_scale = big_endian<std::uint16_t>(bytes.data() + 6),
                         .digits = bytes.data() + kHeader};
    const bool is_whole =
        number.words >= 0 && bytes.size() == kHeader + 2 * static_cast<std::size_t>(number.words);
    if (!is_whole) return std::nullopt;
    for (int i = 0; i < number.words; ++i) {
        if (number.word(i) < 0 || number.word(i) > 9999) return std::nullopt;
    }
    return number;
}

constexpr std::array<std::int64_t, 5> kPowers = {1, 10, 100, 1000, 10000};

/// value * factor + more; false when `T` does not hold it.
template <class T>
bool extend(T& value, std::int64_t factor, std::int64_t more) {
    return !__builtin_mul_overflow(value, static_cast<T>(factor), &value) &&
           !__builtin_add_overflow(value, static_cast<T>(more), &value);
}

/// The number times 10^scale, without its sign; nothing when it has more digits behind the point,
/// or `T` does not hold it.
template <class T>
std::optional<T> scaled(const Numeric& number, int scale) {
    // Decimal places of the result that words fill, from the left.
    int places = (number.weight + 1) * kDigitsPerWord + scale;
    T value = 0;
    for (int i = 0; i < number.words; ++i, places -= kDigitsPerWord) {
        const int word = number.word(i);
        // A word that the scale cuts is zeros from there on.
        const auto kept = static_cast<std::size_t>(std::clamp(places, 0, kDigitsPerWord));
        const std::int64_t behind = kPowers[kDigitsPerWord - kept];
        if (word % behind != 0 || !extend(value, kPowers[kept], word / behind)) {
            return std::nullopt;
        }
    }
    for (; places > 0 && value != 0; --places) {
        if (!extend(value, 10, 0)) return std::nullopt;
    }
    return value;
}

template <class T>
Decoded put_scaled(const Numeric& number, Column& column, std::size_t row) {
    auto value = scaled<T>(number, column.type().scale);
    if (!value || !fits_decimal(*value, column.type().width)) return Decoded::Misfit;
    return put_decimal(column, row, number.sign == kNegative ? -*value : *value);
}

Decoded decode_numeric(std::string_view bytes, Column& column, std::size_t row) {
    const auto number = read_numeric(bytes);
    if (!number) return Decoded::Malformed;
    if ((number->sign & kSpecial) == kSpecial) return Decoded::Misfit;
    if (number->sign != 0 && number->sign != kNegative) return Decoded::Malformed;
    constexpr int kNarrowWidth = 18;
    return column.type().width <= kNarrowWidth ? put_scaled<std::int64_t>(*number, column, row)
                                               : put_scaled<Int128>(*number, column, row);
}

std::string text_of_numeric(std::string_view bytes) {
    const auto number = read_numeric(bytes);
    if (!number) return "(malformed)";
    if (number->sign == kNaN) return "NaN";
    if (number->sign == kInfinity) return "Infinity";
    if ((number->sign & kSpecial) == kSpecial) return "-Infinity";
    std::string text = number->sign == kNegative ? "-" : "";
    const auto word = [&](int place) {  // Of 10,000 to the power `place`.
        const int index = number->weight - place;
        return index >= 0 && index < number->words ? number->word(index) : 0;
    };
    const int first = std::max(number->weight, 0);
    text += fmt::format("{}", word(first));
    for (int place = first - 1; place >= 0; --place) text += fmt::format("{:04}", word(place));
    if (number->shown_scale == 0) return text;
    std::string fraction;
    for (int place = -1; std::ssize(fraction) < number->shown_scale; --place) {
        fraction += fmt::format("{:04}", word(place));
    }
    fraction.resize(static_cast<std::size_t>(number->shown_scale));
    return text + "." + fraction;
}

}  // namespace

Decoded decode_value(Wire wire, std::string_view bytes, Column& column, std::size_t row,
                     const DecodeLimits& limits) {
    switch (wire) {
        case Wire::Bool: return decode_bool(bytes, column, row);
        case Wire::Int2: return decode_integer<std::int16_t>(bytes, column, row);
        case Wire::Int4: return decode_integer<std::int32_t>(bytes, column, row);
        case Wire::Int8: return decode_integer<std::int64_t>(bytes, column, row);
        case Wire::Oid: return decode_integer<std::uint32_t>(bytes, column, row);
        case Wire::Float4: return decode_real<float, std::uint32_t>(bytes, column, row);
        case Wire::Float8: return decode_real<double, std::uint64_t>(bytes, column, row);
        case Wire::Numeric: return decode_numeric(bytes, column, row);
        case Wire::Bytes: return put_bytes(column, row, bytes, limits);
        case Wire::Jsonb: return decode_jsonb(bytes, column, row, limits);
        case Wire::Uuid: return decode_uuid(bytes, column, row);
        case Wire::Date: return decode_date(bytes, column, row);
        case Wire::Time: return decode_time(bytes, column, row);
        case Wire::Timestamp: return decode_timestamp(bytes, column, row);
        case Wire::Tid: return Decoded::Malformed;  // No column is one.
        case Wire::TypedByText: return decode_text(column, row, bytes, limits);
        case Wire::Array:
        case Wire::TextArray: return decode_array(wire, bytes, column, row, limits);
    }
    std::unreachable();
}

std::optional<std::int64_t> whole_number(Wire wire, std::string_view bytes) {
    constexpr std::size_t kTidBytes = 6;
    const auto of = [&]<class T>(T /*type*/, std::size_t size) -> std::optional<std::int64_t> {
        if (bytes.size() != size) return std::nullopt;
        return big_endian<T>(bytes.data());
    };
    switch (wire) {
        case Wire::Int2: return of(std::int16_t{}, sizeof(std::int16_t));
        case Wire::Int4: return of(std::int32_t{}, sizeof(std::int32_t));
        case Wire::Int8: return of(std::int64_t{}, sizeof(std::int64_t));
        case Wire::Oid: return of(std::uint32_t{}, sizeof(std::uint32_t));
        case Wire::Tid: return of(std::uint32_t{}, kTidBytes);
        default: return std::nullopt;
    }
}

std::string text_of_value(Wire wire, std::string_view bytes, columnar::Type type) {
    if (wire == Wire::Array || wire == Wire::TextArray) return text_of_array(wire, bytes, type);
    if (wire == Wire::Numeric) return text_of_numeric(bytes);
    if (wire == Wire::Time) return "24:00:00";
    const bool is_stamp = wire == Wire::Date || wire == Wire::Timestamp;
    // Only the infinities do not fit.
    if (is_stamp) return !bytes.empty() && bytes[0] < 0 ? "-infinity" : "infinity";
    return text_or_hex(bytes);
}

}  // namespace trueup::extract::postgres_source
