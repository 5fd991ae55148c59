#include "extract/source/statement_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace trueup::extract {
namespace {

/// What the first statement reads, before anything is known. With PostgreSQL such a statement takes
/// 0.05 to 0.08 s, and reading by many of them costs no more than reading by one.
constexpr double kFirstBytes = 8 << 20;
constexpr double kRowBytesAssumed = 128;
constexpr double kRowsMax = 1e7;

std::optional<std::int64_t> number_in(const Key& key) {
    if (key.size() != 1) return std::nullopt;
    const auto* number = std::get_if<std::int64_t>(&key.front());
    return number == nullptr ? std::nullopt : std::optional(*number);
}

std::int64_t sum_or_max(std::int64_t from, std::int64_t width) {
    std::int64_t sum = 0;
    const bool is_over = __builtin_add_overflow(from, width, &sum);
    return is_over ? std::numeric_limits<std::int64_t>::max() : sum;
}

}  // namespace

StatementRanges::StatementRanges(SourceSession& session, const Relation& relation,
                                 const ChunkKey* key, Bounds bounds, ReadPace& pace)
    : session_(&session),
      relation_(&relation),
      key_(key),
      bounds_(std::move(bounds)),
      pace_(&pace),
      is_cut_(key != nullptr && key->is_ordered && !bounds_.is_null_keys) {
    if (!is_cut_) return;
    const std::string of = relation.name + "\n" + text_of(*key);
    if (pace.of == of) return;
    const double row_bytes = static_cast<double>(std::max<std::uint64_t>(
        relation.row_bytes_estimate.value_or(static_cast<std::uint64_t>(kRowBytesAssumed)), 1));
    constexpr double kBlockBytes = 8192;
    pace = {.of = of,
            .rows = std::max(kFirstBytes / row_bytes, 1.0),
            .keys_per_row = key->is_physical ? row_bytes / kBlockBytes : 1.0};
}

Status StatementRanges::begin() {
    has_begun_ = true;
    if (!is_cut_) return {};
    const auto first =
        bounds_.lower ? bounds_.lower : TRY(session_->first_key(*relation_, *key_, std::nullopt));
    if (!bounds_.upper) last_ = TRY(session_->last_key(*relation_, *key_));
    is_cut_ = first && (bounds_.upper || last_);
    if (!is_cut_) return {};
    from_ = *first;
    is_number_ = number_in(from_) && number_in(bounds_.upper ? *bounds_.upper : *last_);
    return {};
}

Result<std::optional<Bounds>> StatementRanges::next(std::int64_t rows_max) {
    if (is_done_) return std::nullopt;
    if (!has_begun_) {
        TRY(begin());
        lower_ = bounds_.lower;
    }
    std::optional<Key> end;
    if (is_cut_) {
        const auto rows = static_cast<std::int64_t>(std::clamp(pace_->rows, 1.0, kRowsMax));
        end = TRY(end_of_range(rows_max == 0 ? rows : std::clamp<std::int64_t>(rows_max, 1, rows)));
    }
    Bounds range{.lower = lower_, .upper = bounds_.upper, .is_null_keys = bounds_.is_null_keys};
    if (end) {
        range.upper = end;
        lower_ = end;
        from_ = *end;
    } else {
        is_done_ = true;
        lower_.reset();
    }
    return range;
}

Result<std::optional<Key>> StatementRanges::end_of_range(std::int64_t rows) {
    if (is_number_) return end_by_number(rows);
    return end_by_walk(rows);
}

Result<std::optional<Key>> StatementRanges::end_by_number(std::int64_t rows) {
    std::int64_t from = number_in(from_).value_or(0);
    if (was_empty_) {
        // A gap may be wide: the next row is found by the index, not by reading nothing.
        const auto first = TRY(session_->first_key(*relation_, *key_, from_));
        if (!first) return std::nullopt;
        from = std::max(from, number_in(*first).value_or(from));
    }
    const double width = std::ceil(static_cast<double>(rows) * pace_->keys_per_row);
    width_ = static_cast<std::int64_t>(std::clamp(width, 1.0, 1e18));
    const std::int64_t to = sum_or_max(from, width_);
    const bool is_inside =
        bounds_.upper ? to < *number_in(*bounds_.upper) : to <= *number_in(*last_);
    if (is_inside && to > from) return std::optional(Key{to});
    width_ = 0;
    return std::nullopt;
}

Result<std::optional<Key>> StatementRanges::end_by_walk(std::int64_t rows) {
    while (true) {
        const auto keys = TRY(
            session_->walk_keys(*relation_, *key_, {.from = from_, .every = rows, .keys_max = 1}));
        if (keys.empty()) return std::nullopt;
        const Key& key = keys.front();
        const bool is_past =
            bounds_.upper && !TRY(session_->sorts_before(*relation_, *key_, key, *bounds_.upper));
        if (is_past) return std::nullopt;
        // Rows of one key stay together, however many they are.
        if (key_->is_unique || TRY(session_->sorts_before(*relation_, *key_, from_, key))) {
            return std::optional(key);
        }
        constexpr std::int64_t kStep = 4;
        if (__builtin_mul_overflow(rows, kStep, &rows)) return std::nullopt;
    }
}

void StatementRanges::took(std::int64_t rows, std::chrono::nanoseconds time) {
    was_empty_ = rows == 0;
    if (rows == 0 || !is_cut_) return;
    const auto read = static_cast<double>(rows);
    if (width_ != 0) {
        // A stretch of other density must not make the next range a hundred times too wide.
        constexpr double kChangeMax = 8;
        const double before = pace_->keys_per_row;
        pace_->keys_per_row = std::clamp(static_cast<double>(width_) / read, before / kChangeMax,
                                         before * kChangeMax);
    }
    const double wanted = static_cast<double>(std::chrono::nanoseconds(kStatementTime).count()) /
                          std::max(static_cast<double>(time.count()), 1.0);
    const bool says_much = read * 2 >= pace_->rows;
    if (wanted < 1) {
        pace_->rows =
            std::clamp(std::min(read, pace_->rows) * std::max(wanted, 0.25), 1.0, kRowsMax);
    } else if (says_much) {
        pace_->rows = std::clamp(pace_->rows * std::min(wanted, 2.0), 1.0, kRowsMax);
    }
}

}  // namespace trueup::extract
