#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trueup {

/// Microseconds since 1970-01-01T00:00:00Z; what the ledger and manifests store.
using UnixMicros = std::int64_t;

/// Where time comes from. Tests put a fixed one in its place.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual UnixMicros now() const = 0;
    /// Never goes back; for measuring.
    virtual std::chrono::nanoseconds monotonic() const = 0;
};

/// The system's clock; lives as long as the process.
const Clock& system_clock();

/// RFC 3339 in UTC with microseconds: "2026-01-31T08:15:00.000000Z".
std::string rfc3339(UnixMicros time);

/// Reads what rfc3339() writes, with any number of fractional digits from 0 to 6; nothing else.
std::optional<UnixMicros> parse_rfc3339(std::string_view text);

/// For people: "2026-01-31 08:15:00", in the process's local zone or in UTC.
std::string human_time(UnixMicros time, bool utc);

/// "20260131T081500Z", as it stands in run ids.
std::string compact_time(UnixMicros time);

}  // namespace trueup
