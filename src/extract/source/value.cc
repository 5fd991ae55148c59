#include "extract/source/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace trueup::extract {
namespace {

using columnar::Int128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `count` digits at the front of `text`, taken off; nothing when they are not all digits.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_digit(text[i])) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// Days from civil, by Howard Hinnant's algorithm (chrono-compatible low-level date algorithms).
std::int32_t days_of(int year, int month, int day) {
    const int y = month <= 2 ? year - 1 : year;
    const int era = y / 400;
    const int year_of_era = y - era * 400;
    const int month_from_march = month + (month > 2 ? -3 : 9);
    const int day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

int days_in_month(int year, int month) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : kDays[month - 1];
}

}  // namespace

std::optional<std::int32_t> days_of_date(int year, int month, int day) {
    const bool is_month = year >= 1 && year <= 9999 && month >= 1 && month <= 12;
    if (!is_month || day < 1 || day > days_in_month(year, month)) return std::nullopt;
    return days_of(year, month, day);
}

namespace {

std::optional<std::int32_t> take_date(std::string_view& text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day) return std::nullopt;
    return days_of_date(*year, *month, *day);
}

/// Digits after a decimal point as microseconds; digits beyond the sixth must be zeros.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
    std::int64_t micros = 0;
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) {
        const int digit = text[digits] - '0';
        if (digits < 6) micros = micros * 10 + digit;
        if (digits >= 6 && digit != 0) return std::nullopt;
        ++digits;
    }
    if (digits == 0) return std::nullopt;
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    text.remove_prefix(digits);
    return micros;
}

std::optional<std::int64_t> take_time(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    std::int64_t micros = (*hour * 3600LL + *minute * 60LL) * 1'000'000;
    if (!take(text, ':')) return micros;
    const auto second = take_digits(text, 2);
    if (!second || *second > 59) return std::nullopt;
    micros += *second * 1'000'000LL;
    if (!take(text, '.')) return micros;
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    return micros + *fraction;
}

/// Microseconds to subtract to reach UTC; `text` must be used up.
std::optional<std::int64_t> take_offset(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    const bool is_west = text.starts_with('-');
    if (!is_west && !text.starts_with('+')) return std::nullopt;
    text.remove_prefix(1);
    const auto hours = take_digits(text, 2);
    if (!hours || *hours > 15) return std::nullopt;
    take(text, ':');
    const auto minutes = text.empty() ? std::optional(0) : take_digits(text, 2);
    if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
    const std::int64_t micros = (*hours * 3600LL + *minutes * 60LL) * 1'000'000;
    return is_west ? -micros : micros;
}

/// A number as digits and the place of its point: 12.50 is "1250" and 2.
struct Digits {
    bool is_negative = false;
    std::string_view whole;
    std::string_view fraction;
    int exponent = 0;
};

std::optional<Digits> split_number(std::string_view text) {
    Digits digits;
    if (text.starts_with('-') || text.starts_with('+')) {
        digits.is_negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const auto e = text.find_first_of("eE");
    if (e != std::string_view::npos) {
        std::string_view power = text.substr(e + 1);
        if (power.starts_with('+')) power.remove_prefix(1);
        const auto parsed =
            std::from_chars(power.data(), power.data() + power.size(), digits.exponent);
        const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == power.data() + power.size();
        if (!is_whole || std::abs(digits.exponent) > 400) return std::nullopt;
        text = text.substr(0, e);
    }
    const auto point = text.find('.');
    digits.whole = text.substr(0, point);
    if (point != std::string_view::npos) {
        digits.fraction = text.substr(point + 1);
        if (digits.fraction.empty()) return std::nullopt;
    }
    if (digits.whole.empty() || !std::ranges::all_of(digits.whole, is_digit) ||
        !std::ranges::all_of(digits.fraction, is_digit)) {
        return std::nullopt;
    }
    return digits;
}

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Int128 power_of_ten(int exponent) {
    CHECK(exponent >= 0);
    CHECK(exponent <= 38);
    Int128 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

bool fits_decimal(Int128 unscaled, int width) {
    const Int128 limit = power_of_ten(width);
    return unscaled > -limit && unscaled < limit;
}

std::optional<Int128> parse_decimal(std::string_view text, DecimalShape shape) {
    const auto digits = split_number(text);
    if (!digits) return std::nullopt;
    // What one more digit may follow: 10^38 times 10 is more than 128 bits hold.
    const Int128 limit = power_of_ten(shape.width - 1);
    const auto whole_size = static_cast<int>(digits->whole.size());
    const auto all = whole_size + static_cast<int>(digits->fraction.size());
    // Digit i of the number counts 10^(point - 1 - i).
    const int point = whole_size + digits->exponent;
    Int128 value = 0;
    const int last = std::max(all, point + shape.scale);
    for (int i = 0; i < last; ++i) {
        char digit = '0';
        if (i < whole_size) {
            digit = digits->whole[static_cast<std::size_t>(i)];
        } else if (i < all) {
            digit = digits->fraction[static_cast<std::size_t>(i - whole_size)];
        }
        if (i >= point + shape.scale) {
            if (digit != '0') return std::nullopt;
            continue;
        }
        if (value >= limit) return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return digits->is_negative ? -value : value;
}

std::optional<Int128> decimal_of(double value, DecimalShape shape) {
    // A double with at most 15 significant digits is spelled by one decimal only, and r / 10^s is
    // correctly rounded for |r| < 2^53 and s <= 22: so if dividing gives the double back, r is it.
    constexpr double kExactMax = 1e15;
    if (shape.scale <= 15) {
        const auto power = static_cast<double>(power_of_ten(shape.scale));
        const double scaled = std::nearbyint(value * power);
        if (std::abs(scaled) < kExactMax && scaled / power == value) {
            const auto unscaled = static_cast<Int128>(scaled);
            if (fits_decimal(unscaled, shape.width)) return unscaled;
            return std::nullopt;
        }
    }
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    CHECK(end.ec == std::errc{});
    return parse_decimal({text.data(), end.ptr}, shape);
}

std::optional<std::int32_t> parse_date(std::string_view text) {
    const auto days = take_date(text);
    return text.empty() ? days : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    const auto micros = take_time(text);
    return text.empty() ? micros : std::nullopt;
}

std::optional<ParsedTimestamp> parse_timestamp(std::string_view text) {
    constexpr std::int64_t kDayMicros = 86'400'000'000;
    const auto days = take_date(text);
    if (!days) return std::nullopt;
    ParsedTimestamp parsed{*days * kDayMicros, false};
    if (text.empty()) return parsed;
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    const auto time = take_time(text);
    if (!time) return std::nullopt;
    parsed.micros += *time;
    if (text.empty()) return parsed;
    while (take(text, ' ')) {
    }
    const auto offset = take_offset(text);
    if (!offset) return std::nullopt;
    return ParsedTimestamp{parsed.micros - *offset, true};
}

std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
    if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
    const bool has_hyphens = text.size() == 36;
    if (!has_hyphens && text.size() != 32) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_hyphen_place = has_hyphens && (i == 8 || i == 13 || i == 18 || i == 23);
        if (is_hyphen_place) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0) return std::nullopt;
        auto& byte = bytes[nibble / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | value);
        ++nibble;
    }
    return bytes;
}

Int128 duckdb_uuid(const std::array<std::uint8_t, 16>& bytes) {
    columnar::UInt128 number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    number ^= static_cast<columnar::UInt128>(1) << 127;
    return static_cast<Int128>(number);
}

}  // namespace trueup::extract
