#include "app/since.h"

#include <fmt/format.h>

#include <ctime>

#include "base/text.h"

namespace trueup::app {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerHour = 3'600;
constexpr std::int64_t kAgeHoursMax = std::int64_t{24} * 366 * 1'000;  // A thousand years.

/// "7d" in microseconds.
std::optional<std::int64_t> parse_age(std::string_view text) {
    if (text.size() < 2 || text[0] < '0' || text[0] > '9') return std::nullopt;
    const auto amount = parse_int64(text.substr(0, text.size() - 1));
    const char unit = text.back();
    const std::int64_t hours = unit == 'h' ? 1 : unit == 'd' ? 24 : unit == 'w' ? 24 * 7 : 0;
    if (!amount || hours == 0 || *amount > kAgeHoursMax / hours) return std::nullopt;
    return *amount * hours * kSecondsPerHour * kMicrosPerSecond;
}

/// "2026-01-31T09:15:00+01:00", which base reads only with "Z".
std::optional<UnixMicros> parse_with_offset(std::string_view text) {
    constexpr std::string_view kOffset = "+hh:mm";
    if (text.size() < kOffset.size()) return std::nullopt;
    const std::string_view offset = text.substr(text.size() - kOffset.size());
    const bool is_signed = offset[0] == '+' || offset[0] == '-';
    if (!is_signed || offset[3] != ':') return std::nullopt;
    const std::string_view local = text.substr(0, text.size() - kOffset.size());
    const auto at = parse_rfc3339(std::string(local) + "Z");
    const auto shift = parse_rfc3339(fmt::format("1970-01-01T{}:00Z", offset.substr(1)));
    if (!at || !shift) return std::nullopt;
    return offset[0] == '+' ? *at - *shift : *at + *shift;
}

bool is_day(std::string_view text) {
    constexpr std::size_t kDaySize = 10;
    return text.size() == kDaySize && parse_rfc3339(std::string(text) + "T00:00:00Z").has_value();
}

/// Midnight of a day that is_day() knows, in the process's zone.
UnixMicros local_midnight(const std::string& day) {
    std::tm parts{};
    parts.tm_year = static_cast<int>(parse_int64(day.substr(0, 4)).value_or(1970)) - 1900;
    parts.tm_mon = static_cast<int>(parse_int64(day.substr(5, 2)).value_or(1)) - 1;
    parts.tm_mday = static_cast<int>(parse_int64(day.substr(8, 2)).value_or(1));
    parts.tm_isdst = -1;  // The system knows whether it is summer.
    return static_cast<std::int64_t>(std::mktime(&parts)) * kMicrosPerSecond;
}

}  // namespace

std::optional<Since> parse_since(std::string_view text) {
    if (const auto age = parse_age(text)) return Since{.age_us = age};
    if (is_day(text)) return Since{.day = std::string(text)};
    if (const auto at = parse_rfc3339(text)) return Since{.at = at};
    if (const auto at = parse_with_offset(text)) return Since{.at = at};
    return std::nullopt;
}

UnixMicros resolve(const Since& since, UnixMicros now, bool is_utc) {
    if (since.at) return *since.at;
    if (since.age_us) return now - *since.age_us;
    if (!is_utc) return local_midnight(since.day);
    return parse_rfc3339(since.day + "T00:00:00Z").value_or(now);
}

}  // namespace trueup::app
