#include "app/since.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace trueup::app {
namespace {

constexpr UnixMicros kSecond = 1'000'000;
constexpr UnixMicros kHour = 3'600 * kSecond;
constexpr UnixMicros kDay = 24 * kHour;
constexpr UnixMicros kNow = 1'769'846'400 * kSecond;  // 2026-01-31T08:00:00Z.

struct Point {
    std::string_view text;
    std::optional<UnixMicros> want;  // In UTC.
    int line = __builtin_LINE();
};

constexpr Point kPoints[] = {
    Point{"7d", kNow - 7 * kDay},
    Point{"0d", kNow},
    Point{"12h", kNow - kDay / 2},
    Point{"2w", kNow - 14 * kDay},
    Point{"2026-01-31", kNow - 8 * kHour},
    Point{"1970-01-01", 0},
    Point{"2026-01-31T08:00:00Z", kNow},
    Point{"2026-01-31T08:00:00.000001Z", kNow + 1},
    Point{"2026-01-31T09:00:00+01:00", kNow},
    Point{"2026-01-31T02:30:00.5-05:30", kNow + kSecond / 2},
    Point{"2024-02-29", 1'709'164'800 * kSecond},
    Point{"", std::nullopt},
    Point{"7", std::nullopt},
    Point{"d", std::nullopt},
    Point{"-7d", std::nullopt},
    Point{"+7d", std::nullopt},
    Point{"7.5d", std::nullopt},
    Point{"7m", std::nullopt},
    Point{"7 d", std::nullopt},
    Point{" 7d", std::nullopt},
    Point{"99999999999999999999d", std::nullopt},
    Point{"9999999999d", std::nullopt},
    Point{"2026-02-29", std::nullopt},
    Point{"2026-13-01", std::nullopt},
    Point{"2026-1-31", std::nullopt},
    Point{"20260131", std::nullopt},
    Point{"2026-01-31 ", std::nullopt},
    Point{"2026-01-31T08:00:00", std::nullopt},
    Point{"2026-01-31 08:00:00Z", std::nullopt},
    Point{"2026-01-31T25:00:00Z", std::nullopt},
    Point{"2026-01-31T08:00:00+25:00", std::nullopt},
    Point{"2026-01-31T08:00:00+01", std::nullopt},
    Point{"yesterday", std::nullopt},
    Point{"+01:00", std::nullopt},
};

TEST(ParseSince, ReadsAgesDaysAndTimesAndRejectsTheRest) {
    for (const Point& row : kPoints) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto since = parse_since(row.text);
        ASSERT_EQ(since.has_value(), row.want.has_value());
        if (since) {
            EXPECT_EQ(resolve(*since, kNow, /*is_utc=*/true), *row.want);
        }
    }
}

TEST(ParseSince, EveryBeginningOfATimeIsSafe) {
    const std::string_view whole = "2026-01-31T09:00:00.123456+01:00";
    ASSERT_TRUE(parse_since(whole).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const bool is_day = size == 10;
        EXPECT_EQ(parse_since(whole.substr(0, size)).has_value(), is_day) << size;
    }
}

TEST(Resolve, ADayBeginsInTheZoneOfTheProcess) {
    const char* before = std::getenv("TZ");
    const std::string kept = before == nullptr ? "" : before;
    ASSERT_EQ(::setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1), 0);
    ::tzset();
    const UnixMicros winter = resolve(*parse_since("2026-01-31"), kNow, /*is_utc=*/false);
    const UnixMicros summer = resolve(*parse_since("2026-07-01"), kNow, /*is_utc=*/false);
    EXPECT_EQ(winter - resolve(*parse_since("2026-01-31"), kNow, /*is_utc=*/true), 5 * kHour);
    EXPECT_EQ(summer - resolve(*parse_since("2026-07-01"), kNow, /*is_utc=*/true), 4 * kHour);
    ASSERT_EQ(before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1), 0);
    ::tzset();
}

}  // namespace
}  // namespace trueup::app
