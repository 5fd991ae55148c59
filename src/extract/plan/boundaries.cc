#include "extract/plan/boundaries.h"

#include <algorithm>
#include <utility>

namespace trueup::extract::plan {
namespace {

/// A walk for a number of chunks keeps this many keys for each of them, and at most so many.
constexpr std::int64_t kKeysPerChunk = 16;
constexpr std::int64_t kKeysMax = 250'000;
constexpr std::int64_t kCoarser = 8;

struct Sample {
    std::vector<Key> keys;
    std::int64_t every = 1;
};

/// Keys of about equal distance, at least four for each chunk unless there are fewer.
Result<Sample> sample_keys(const KeyProbe& probe, const Goal& goal, std::int64_t count) {
    constexpr std::int64_t kRowsGuessed = std::int64_t{1} << 20;
    constexpr int kPassesMax = 12;
    const std::int64_t keys_wanted = count * kKeysPerChunk;
    Sample sample;
    sample.every =
        std::max<std::int64_t>(1, goal.rows_estimate.value_or(kRowsGuessed) / keys_wanted);
    for (int pass = 1;; ++pass) {
        sample.keys = TRY(probe.walk({.from = {}, .every = sample.every, .keys_max = kKeysMax}));
        const std::int64_t found = std::ssize(sample.keys);
        if (pass == kPassesMax) return sample;
        if (found >= kKeysMax) {
            sample.every *= kCoarser;
        } else if (sample.every > 1 && found < 4 * count) {
            const std::int64_t rows = (found + 1) * sample.every;
            sample.every = std::max<std::int64_t>(1, rows / keys_wanted);
        } else {
            return sample;
        }
    }
}

Result<Cuts> cut_by_count(const KeyProbe& probe, const Goal& goal, std::int64_t count) {
    const Sample sample = TRY(sample_keys(probe, goal, count));
    const std::int64_t steps = std::ssize(sample.keys) + 1;
    CutList list(probe, {});
    for (std::int64_t chunk = 1; chunk < count; ++chunk) {
        const std::int64_t step = chunk * steps / count;
        if (step == 0) continue;
        const auto at = static_cast<std::size_t>(step - 1);
        TRY(list.add({sample.keys[at], step * sample.every}));
    }
    const std::int64_t rows = steps * sample.every;
    return Cuts{.cuts = list.take(),
                .rows_total = rows,
                .rows_target = std::max<std::int64_t>(1, (rows + count - 1) / count)};
}

Result<Cuts> cut_by_rows(const KeyProbe& probe, const Goal& goal) {
    Cuts cuts{.rows_target = goal.rows};
    std::vector<Key> keys;
    while (true) {
        keys =
            TRY(probe.walk({.from = {}, .every = cuts.rows_target, .keys_max = goal.chunks_max}));
        if (std::ssize(keys) < goal.chunks_max) break;
        cuts.rows_target *= kCoarser;
        cuts.is_limited = true;
    }
    CutList list(probe, {});
    std::int64_t rows_below = 0;
    for (Key& key : keys) {
        rows_below += cuts.rows_target;
        TRY(list.add({std::move(key), rows_below}));
    }
    cuts.cuts = list.take();
    return cuts;
}

}  // namespace

Result<std::optional<Key>> KeyProbe::first(const std::optional<Key>& from) const {
    return session_->first_key(*relation_, *key_, from);
}

Result<std::optional<Key>> KeyProbe::last() const { return session_->last_key(*relation_, *key_); }

Result<std::vector<Key>> KeyProbe::walk(const SourceSession::Walk& walk) const {
    return session_->walk_keys(*relation_, *key_, walk);
}

Result<bool> KeyProbe::sorts_before(const Key& left, const Key& right) const {
    return session_->sorts_before(*relation_, *key_, left, right);
}

Result<bool> KeyProbe::has_nulls() const { return session_->has_null_keys(*relation_, *key_); }

Result<std::vector<Quantile>> KeyProbe::quantiles() const {
    return session_->quantiles(*relation_, *key_);
}

Result<bool> CutList::add(Cut cut) {
    if (last_) {
        const bool is_after = TRY(probe_.sorts_before(*last_, cut.key));
        if (!is_after) return false;
    }
    last_ = cut.key;
    cuts_.push_back(std::move(cut));
    return true;
}

Result<Cuts> cut_by_walking(const KeyProbe& probe, const Goal& goal) {
    if (!goal.count) return cut_by_rows(probe, goal);
    const std::int64_t count = std::min(*goal.count, goal.chunks_max);
    Cuts cuts = TRY(cut_by_count(probe, goal, count));
    cuts.is_limited = count < *goal.count;
    return cuts;
}

}  // namespace trueup::extract::plan
