#include "extract/plan/days.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace trueup::extract::plan {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kDayMin = -719'528;   // 0000-01-01
constexpr std::int64_t kDayMax = 2'932'896;  // 9999-12-31

std::int64_t floor_div(std::int64_t number, std::int64_t by) {
    return number / by - (number % by < 0 ? 1 : 0);
}

/// A number of exactly these digits, or nothing.
std::optional<unsigned> digits(std::string_view text) {
    unsigned number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    return number;
}

std::optional<std::int64_t> day_of_text(std::string_view text) {
    constexpr std::size_t kDateBytes = 10;
    if (text.size() < kDateBytes || text[4] != '-' || text[7] != '-') return std::nullopt;
    if (text.size() > kDateBytes && text[kDateBytes] != 'T' && text[kDateBytes] != ' ') {
        return std::nullopt;
    }
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day));
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count();
}

Result<std::int64_t> day_of_key(const KeyProbe& probe, const Key& key, const std::string& what) {
    if (const auto day = day_of(key.front())) return *day;
    return fail(ErrorClass::Config,
                fmt::format("{}: column {} holds {}, which is no date", what, text_of(probe.key()),
                            text_of(key.front())),
                "chunks by days need ISO dates (2024-02-29) or Unix seconds of the years 0 to "
                "9999; use chunk_column alone to cut by value");
}

struct Windows {
    std::int64_t first_day = 0;
    std::int64_t days = 1;
    std::int64_t count = 1;

    std::int64_t day(std::int64_t window) const { return first_day + window * days; }
};

Result<Cuts> cut_all(const KeyProbe& probe, const Windows& windows, const Key& first) {
    CutList list(probe, first);
    for (std::int64_t window = 1; window < windows.count; ++window) {
        TRY(list.add({{midnight_of(windows.day(window), first.front())}, {}}));
    }
    return Cuts{.cuts = list.take()};
}

/// Only the windows that hold a key; nothing when those are too many.
Result<std::optional<Cuts>> cut_filled(const KeyProbe& probe, const Windows& windows,
                                       const Key& first, const Goal& goal) {
    CutList list(probe, first);
    std::int64_t chunks = 1;
    for (std::int64_t window = 1; window < windows.count;) {
        const Key from{midnight_of(windows.day(window), first.front())};
        const auto next = TRY(probe.first(from));
        if (!next) break;
        const auto day = day_of(next->front());
        if (!day) return std::nullopt;
        // A key of an earlier day can only come from an order that is not that of dates.
        const std::int64_t filled = floor_div(*day - windows.first_day, windows.days);
        if (filled < window || ++chunks > goal.chunks_max) return std::nullopt;
        TRY(list.add({{midnight_of(windows.day(filled), first.front())}, {}}));
        window = filled + 1;
    }
    return Cuts{.cuts = list.take()};
}

}  // namespace

std::optional<std::int64_t> day_of(const KeyValue& value) {
    if (const auto* const text = std::get_if<std::string>(&value)) return day_of_text(*text);
    const auto* const seconds = std::get_if<std::int64_t>(&value);
    if (seconds == nullptr) return std::nullopt;
    const std::int64_t day = floor_div(*seconds, kSecondsPerDay);
    if (day < kDayMin || day > kDayMax) return std::nullopt;
    return day;
}

KeyValue midnight_of(std::int64_t day, const KeyValue& like) {
    if (std::holds_alternative<std::int64_t>(like)) return day * kSecondsPerDay;
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

Result<DayCuts> cut_by_days(const KeyProbe& probe, std::int64_t days, const Goal& goal,
                            const std::string& what) {
    DayCuts found{.cuts = {}, .days = days};
    const auto first = TRY(probe.first());
    const auto last = TRY(probe.last());
    if (!first || !last) return found;
    const std::int64_t first_day = TRY(day_of_key(probe, *first, what));
    const std::int64_t last_day = TRY(day_of_key(probe, *last, what));
    if (first->front().index() != last->front().index() || last_day < first_day) {
        return fail(
            ErrorClass::Config,
            fmt::format("{}: column {} holds {} and {}, which are dates of two kinds", what,
                        text_of(probe.key()), text_of(first->front()), text_of(last->front())));
    }
    Windows windows{.first_day = first_day, .days = days};
    windows.count = (last_day - first_day) / days + 1;
    found.windows = windows.count;
    const bool is_limited = windows.count > goal.chunks_max;
    std::optional<Cuts> filled;
    if (is_limited && probe.key().is_ordered) {
        filled = TRY(cut_filled(probe, windows, *first, goal));
    }
    if (is_limited && !filled) {
        const std::int64_t factor = (windows.count + goal.chunks_max - 1) / goal.chunks_max;
        windows.days = days * factor;
        windows.count = (last_day - first_day) / windows.days + 1;
        found.days = windows.days;
    }
    if (!filled) filled = TRY(cut_all(probe, windows, *first));
    found.cuts = *std::move(filled);
    found.cuts.is_limited = is_limited;
    return found;
}

}  // namespace trueup::extract::plan
