#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace trueup {
namespace {

class SystemClock final : public Clock {
  public:
    UnixMicros now() const override {
        using namespace std::chrono;
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        return duration_cast<microseconds>(since_epoch).count();
    }
    std::chrono::nanoseconds monotonic() const override {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
};

struct Split {
    std::time_t seconds;
    std::int64_t micros;
};

Split split(UnixMicros time) {
    std::int64_t seconds = time / 1'000'000;
    std::int64_t micros = time % 1'000'000;
    if (micros < 0) {
        micros += 1'000'000;
        --seconds;
    }
    return {static_cast<std::time_t>(seconds), micros};
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string rfc3339(UnixMicros time) {
    const Split parts = split(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(parts.seconds), parts.micros);
}

std::string human_time(UnixMicros time, bool utc) {
    const std::time_t seconds = split(time).seconds;
    return fmt::format("{:%Y-%m-%d %H:%M:%S}",
                       utc ? fmt::gmtime(seconds) : fmt::localtime(seconds));
}

std::string compact_time(UnixMicros time) {
    return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(split(time).seconds));
}

}  // namespace trueup
