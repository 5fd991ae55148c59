#include "extract/plan/histogram.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace trueup::extract::plan {
namespace {

/// NULL is no place to cut at, and no share is less than nothing or more than all.
bool is_usable(const Quantile& quantile) {
    const bool is_null = std::holds_alternative<std::monostate>(quantile.value);
    return !is_null && quantile.share_below >= 0 && quantile.share_below <= 1;
}

class HistogramCuts {
  public:
    HistogramCuts(const KeyProbe& probe, const Goal& goal, std::vector<Quantile> quantiles)
        : probe_(probe), goal_(goal), quantiles_(std::move(quantiles)) {}

    Result<std::optional<Cuts>> cut();

  private:
    std::int64_t chunks_wanted() const;
    bool is_fine_enough(std::int64_t chunks) const;
    Quantile at(double share) const;
    Result<std::optional<Key>> key_at(const KeyValue& value) const;

    KeyProbe probe_;
    Goal goal_;
    std::vector<Quantile> quantiles_;
    std::optional<Key> first_;  // Of a key of several columns.
};

std::int64_t HistogramCuts::chunks_wanted() const {
    if (goal_.count) return *goal_.count;
    return std::max<std::int64_t>(
        1, *goal_.rows_estimate / goal_.rows + (*goal_.rows_estimate % goal_.rows == 0 ? 0 : 1));
}

/// Rows between two values of the statistics lie in an unknown way, so that more cuts than values
/// would be guessed.
bool HistogramCuts::is_fine_enough(std::int64_t chunks) const {
    return chunks < std::ssize(quantiles_);
}

/// Below which about this share of the rows lies: between two values, or at the nearer of them.
Quantile HistogramCuts::at(double share) const {
    const auto above = std::ranges::lower_bound(quantiles_, share, {}, &Quantile::share_below);
    if (above == quantiles_.end()) return quantiles_.back();
    if (above == quantiles_.begin()) return *above;
    const Quantile& low = *std::prev(above);
    const Quantile& high = *above;
    const double part = (share - low.share_below) / (high.share_below - low.share_below);
    const auto* const from = std::get_if<std::int64_t>(&low.value);
    const auto* const to = std::get_if<std::int64_t>(&high.value);
    if (from == nullptr || to == nullptr) return part < 0.5 ? low : high;
    if (*from >= *to) return high;
    const std::uint64_t width = static_cast<std::uint64_t>(*to) - static_cast<std::uint64_t>(*from);
    const auto into = static_cast<std::uint64_t>(part * static_cast<double>(width));
    const std::uint64_t value = static_cast<std::uint64_t>(*from) + std::min(into, width);
    return {static_cast<std::int64_t>(value), share};
}

/// Statistics know the first column only; with more of them a real key is looked up.
Result<std::optional<Key>> HistogramCuts::key_at(const KeyValue& value) const {
    if (probe_.key().columns.size() == 1) return std::optional(Key{value});
    Key from = *first_;
    from.front() = value;
    return probe_.first(from);
}

Result<std::optional<Cuts>> HistogramCuts::cut() {
    const std::int64_t wanted = chunks_wanted();
    const std::int64_t chunks = std::min(wanted, goal_.chunks_max);
    const bool is_sound = std::ranges::all_of(quantiles_, is_usable) &&
                          std::ranges::is_sorted(quantiles_, {}, &Quantile::share_below);
    if (!is_sound || !is_fine_enough(chunks)) return std::nullopt;
    if (probe_.key().columns.size() > 1) {
        first_ = TRY(probe_.first());
        if (!first_) return std::nullopt;
    }
    const auto rows = static_cast<double>(*goal_.rows_estimate);
    CutList list(probe_, {});
    for (std::int64_t chunk = 1; chunk < chunks; ++chunk) {
        const Quantile quantile = at(static_cast<double>(chunk) / static_cast<double>(chunks));
        if (quantile.share_below <= 0) continue;
        auto key = TRY(key_at(quantile.value));
        if (key) TRY(list.add({*std::move(key), std::llround(quantile.share_below * rows)}));
    }
    Cuts cuts{.cuts = list.take(), .rows_total = goal_.rows_estimate, .by = CutBy::Histogram};
    // A few values that many rows have: a walk finds out whether more can be done.
    if (2 * (std::ssize(cuts.cuts) + 1) <= chunks) return std::nullopt;
    cuts.is_limited = chunks < wanted;
    cuts.rows_target = !goal_.count && !cuts.is_limited
                           ? goal_.rows
                           : std::max<std::int64_t>(1, *goal_.rows_estimate / chunks);
    return cuts;
}

}  // namespace

Result<std::optional<Cuts>> cut_by_histogram(const KeyProbe& probe, const Goal& goal) {
    if (!goal.rows_estimate || *goal.rows_estimate <= 0) return std::nullopt;
    auto quantiles = TRY(probe.quantiles());
    if (quantiles.empty()) return std::nullopt;
    return HistogramCuts(probe, goal, std::move(quantiles)).cut();
}

}  // namespace trueup::extract::plan
