#include "base/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace trueup {
namespace {

class SystemClock final : public Clock {
  public:
    UnixMicros now() const override {
        const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
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

/// The decimal number in `text` at `at`, `digits` long; -1 when another character is among them.
int digits_at(std::string_view text, std::size_t at, std::size_t digits) {
    int number = 0;
    for (const char c : text.substr(at, digits)) {
        if (c < '0' || c > '9') return -1;
        number = number * 10 + (c - '0');
    }
    return number;
}

/// Microseconds in ".5" to ".123456", 0 for nothing; -1 when it is neither.
int fraction_of(std::string_view text) {
    if (text.empty()) return 0;
    if (text[0] != '.' || text.size() < 2 || text.size() > 7) return -1;
    std::string digits(text.substr(1));
    digits.resize(6, '0');
    return digits_at(digits, 0, 6);
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

std::optional<UnixMicros> parse_rfc3339(std::string_view text) {
    namespace chrono = std::chrono;
    constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= kShape.size() || text.back() != 'Z') return std::nullopt;
    for (std::size_t i = 0; i < kShape.size(); ++i) {
        if (kShape[i] != 'd' && text[i] != kShape[i]) return std::nullopt;
    }
    const int parts[] = {digits_at(text, 0, 4),  digits_at(text, 5, 2),  digits_at(text, 8, 2),
                         digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)};
    const int micros = fraction_of(text.substr(kShape.size(), text.size() - kShape.size() - 1));
    if (micros < 0 || *std::min_element(std::begin(parts), std::end(parts)) < 0)
        return std::nullopt;
    const chrono::year_month_day date{chrono::year{parts[0]},
                                      chrono::month{static_cast<unsigned>(parts[1])},
                                      chrono::day{static_cast<unsigned>(parts[2])}};
    if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
    const auto at = chrono::sys_days(date) + chrono::hours(parts[3]) + chrono::minutes(parts[4]) +
                    chrono::seconds(parts[5]);
    return chrono::duration_cast<chrono::microseconds>(at.time_since_epoch()).count() + micros;
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
