#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace trueup::app {

/// A point in time as --since takes it. What it means is decided when it is resolved: an age needs
/// to know what time it is, and a date the zone in force.
struct Since {
    std::optional<UnixMicros> at;        // RFC 3339, with any offset.
    std::optional<std::int64_t> age_us;  // "7d", "12h", "2w".
    std::string day;                     // "2026-01-31", else empty.
    bool operator==(const Since&) const = default;
};

/// Nothing when `text` is none of the three.
std::optional<Since> parse_since(std::string_view text);

/// A day begins at midnight, in UTC or in the process's zone.
UnixMicros resolve(const Since& since, UnixMicros now, bool is_utc);

}  // namespace trueup::app
