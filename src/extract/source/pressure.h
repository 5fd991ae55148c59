#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// How hard a server is pressed, in numbers of its own that any user may read.
namespace trueup::extract {

/// One of these numbers, and from where on it is strain.
struct PressureSignal {
    enum class Kind : std::uint8_t {
        Count,  // Of what happened since the server started: strain is a growth since the last
                // look.
        Level,  // Of what is so now.
    };
    Kind kind = Kind::Level;
    std::string_view name;  // "sessions that wait for a lock"
    std::int64_t value = 0;
    std::int64_t strain = 1;  // From here on, or from so much more on.
    std::int64_t calm = 0;    // Up to here a level is no strain at all; between the two nothing is
                              // decided.
};
using Pressure = std::vector<PressureSignal>;

/// Looks at the pressure on a server over a connection of its own; for one thread at a time.
class PressureGauge {
  public:
    PressureGauge() = default;
    PressureGauge(const PressureGauge&) = delete;
    PressureGauge& operator=(const PressureGauge&) = delete;
    PressureGauge(PressureGauge&&) = delete;
    PressureGauge& operator=(PressureGauge&&) = delete;
    virtual ~PressureGauge() = default;
    /// One cheap statement. Connects again when the connection was lost.
    virtual Result<Pressure> read() = 0;
};

/// Sessions of others that work at this moment. What a server bears is not to be seen from outside,
/// but how many connections its owner allows says how large it is.
inline PressureSignal busy_sessions(std::int64_t busy, std::int64_t connections_max) {
    constexpr std::int64_t kBusyMin = 16;
    constexpr std::int64_t kPart = 8;
    const std::int64_t strain = std::max(kBusyMin, connections_max / kPart);
    return {.name = "other sessions at work", .value = busy, .strain = strain, .calm = strain / 2};
}

/// A single one is everyday life; a queue is not.
inline PressureSignal waiting_sessions(std::int64_t waiting) {
    return {.name = "sessions that wait for a lock", .value = waiting, .strain = 3, .calm = 1};
}

/// Longer than this no look may take: whoever waits for it ends no sooner.
inline constexpr std::chrono::seconds kGaugePatience{5};

/// The last connection belongs to those whom the server is for.
inline std::unexpected<Error> no_room_for_gauge(const std::string& place) {
    return fail(ErrorClass::Retryable,
                place + ": no connection can be spared to see how busy it is");
}

}  // namespace trueup::extract
