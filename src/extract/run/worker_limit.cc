#include "extract/run/worker_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace trueup::extract {
namespace {

using Kind = PressureSignal::Kind;

bool is_calm(const PressureSignal& signal) {
    return signal.kind == Kind::Count || signal.value <= signal.calm;
}

}  // namespace

std::optional<std::int64_t> WorkerLimit::growth_of(const PressureSignal& signal) const {
    const auto before = std::ranges::find(last_, signal.name, &PressureSignal::name);
    // A server that was restarted, or told to forget, counts from 0 again.
    if (before == last_.end() || signal.value < before->value) return std::nullopt;
    std::int64_t growth = 0;
    if (__builtin_sub_overflow(signal.value, before->value, &growth)) return std::nullopt;
    return growth;
}

std::optional<WorkerLimit::Strain> WorkerLimit::strain_in(const Pressure& pressure) const {
    for (const PressureSignal& signal : pressure) {
        const bool is_count = signal.kind == Kind::Count;
        const auto value = is_count ? growth_of(signal) : std::optional(signal.value);
        if (!value || *value < signal.strain) continue;
        return Strain{signal.name, fmt::format("{}: {}{}, which is strain from {} on", signal.name,
                                               *value, is_count ? " more" : "", signal.strain)};
    }
    return std::nullopt;
}

std::optional<WorkerLimit::Change> WorkerLimit::see(Pressure pressure) {
    auto strain = strain_in(pressure);
    const bool is_all_calm = std::ranges::all_of(pressure, is_calm);
    last_ = std::move(pressure);
    if (strain) {
        calm_looks_ = 0;
        return go_to(now_ / 2, std::move(strain->sentence), strain->signal);
    }
    calm_looks_ = is_all_calm ? std::min(calm_looks_ + 1, kCalmLooks) : 0;
    if (calm_looks_ < kCalmLooks) return std::nullopt;
    return go_to(now_ + 1, "the source is calm");
}

std::optional<WorkerLimit::Change> WorkerLimit::open(std::string why) {
    return go_to(range_.most, std::move(why));
}

std::optional<WorkerLimit::Change> WorkerLimit::go_to(int workers, std::string why,
                                                      std::string_view signal) {
    const int to = std::clamp(workers, range_.least, range_.most);
    if (to == now_) return std::nullopt;
    Change change{.from = now_, .to = to, .why = std::move(why), .signal = signal};
    now_ = to;
    return change;
}

}  // namespace trueup::extract
