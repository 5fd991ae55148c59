#include "extract/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "extract/plan/boundaries.h"
#include "extract/plan/days.h"
#include "extract/plan/density.h"
#include "extract/plan/histogram.h"

namespace trueup::extract {
namespace {

using plan::Cut;
using plan::Cuts;
using plan::Goal;
using plan::KeyProbe;

/// Without a size that was asked for, rows are never so large that a chunk has fewer than this.
constexpr std::uint64_t kRowsMin = 1'000;
/// Statistics and probes that differ by this factor: one of them is wrong, so the keys are walked.
constexpr double kDoubtFactor = 4;
/// Within this factor the statistics are the better number.
constexpr double kTrustFactor = 1.25;

std::string plural(std::int64_t count, std::string_view one) {
    return fmt::format("{} {}{}", grouped(count), one, count == 1 ? "" : "s");
}

/// Two significant digits: what probes tell.
std::int64_t rounded(std::int64_t number) {
    std::int64_t unit = 1;
    while (number / unit >= 100) unit *= 10;
    return number / unit * unit;
}

bool is_within(double factor, std::int64_t left, std::int64_t right) {
    const auto smaller = static_cast<double>(std::min(left, right));
    return static_cast<double>(std::max(left, right)) <= factor * std::max(smaller, 1.0);
}

std::string subject_of(const ChunkKey& key) {
    if (key.is_physical) return "physical position " + text_of(key);
    if (key.is_primary) return "primary key " + text_of(key);
    const std::string_view noun = key.columns.size() == 1 ? "column" : "columns";
    return fmt::format("{}{} {}", key.is_unique ? "unique " : "", noun, text_of(key));
}

/// Plans one export; used once.
class Planner {
  public:
    Planner(SourceSession& session, const Relation& relation, const Export& wanted,
            const PlanOptions& options)
        : session_(&session), relation_(&relation), wanted_(&wanted), options_(options) {}

    Result<ChunkPlan> plan();

  private:
    Result<std::optional<ChunkPlan>> whole_if_small();
    ChunkPlan whole(std::string reason) const;
    Result<ChunkKey> choose_key();
    Goal goal() const;
    Result<bool> is_larger_than(const ChunkKey& key, std::int64_t rows);
    Result<Cuts> cut(const KeyProbe& probe);
    Result<Cuts> cut_evenly(const KeyProbe& probe);
    Result<Cuts> cut_days(const KeyProbe& probe);
    ChunkKind kind_of(const ChunkKey& key, const Cuts& cuts) const;
    std::optional<std::int64_t> rows_of(const Cuts& cuts) const;
    Status add_chunks(ChunkPlan& plan, const KeyProbe& probe, Cuts cuts);
    std::string reason_of(const ChunkPlan& plan) const;
    std::string size_of(const ChunkPlan& plan, std::int64_t chunks) const;
    void warn(std::string sentence);
    void warn_of(const ChunkPlan& plan, bool is_limited);

    SourceSession* session_;
    const Relation* relation_;
    const Export* wanted_;
    PlanOptions options_;
    std::int64_t window_days_ = 0;  // Of Days, as planned.
    std::vector<std::string> warnings_;
};

Result<ChunkPlan> Planner::plan() {
    const Chunking& chunking = wanted_->chunking;
    if (chunking.mode == Mode::Full) return whole("mode full: one chunk");
    if (chunking.by == ChunkBy::Whole) return whole("one chunk, as configured");
    if (chunking.mode == Mode::Auto && chunking.by == ChunkBy::Auto) {
        auto small = TRY(whole_if_small());
        if (small) return *std::move(small);
    }
    ChunkPlan plan;
    plan.key = TRY(choose_key());
    const KeyProbe probe(*session_, *relation_, *plan.key);
    Cuts cuts = TRY(cut(probe));
    const bool is_limited = cuts.is_limited;
    plan.kind = kind_of(*plan.key, cuts);
    plan.cut_by = cuts.cuts.empty() ? CutBy::Nothing : cuts.by;
    plan.rows_target = cuts.rows_target;
    plan.rows_estimate = rows_of(cuts);
    TRY(add_chunks(plan, probe, std::move(cuts)));
    plan.reason = reason_of(plan);
    warn_of(plan, is_limited);
    plan.warnings = std::move(warnings_);
    return plan;
}

/// Statistics may be old, so a small number is checked by a walk that cannot be long.
Result<std::optional<ChunkPlan>> Planner::whole_if_small() {
    const std::int64_t rows_max = options_.whole_rows_max;
    const auto estimate = relation_->rows_estimate;
    if (estimate && *estimate > rows_max) {
        if (!relation_->keys.empty()) return std::nullopt;
        return whole(fmt::format("about {}, but no key to cut by: one chunk",
                                 plural(rounded(*estimate), "row")));
    }
    if (relation_->keys.empty()) return whole("no key to cut by: one chunk");
    const bool is_large = TRY(is_larger_than(relation_->keys.front(), rows_max));
    if (is_large) return std::nullopt;
    ChunkPlan small = whole(fmt::format("not more than {}: one chunk", plural(rows_max, "row")));
    small.is_small = true;
    return small;
}

ChunkPlan Planner::whole(std::string reason) const {
    ChunkPlan plan;
    plan.chunks.push_back({.bounds = {}, .rows_estimate = relation_->rows_estimate});
    plan.rows_target = std::max<std::int64_t>(1, relation_->rows_estimate.value_or(1));
    plan.rows_estimate = relation_->rows_estimate;
    plan.reason = std::move(reason);
    return plan;
}

Result<ChunkKey> Planner::choose_key() {
    const std::vector<std::string>& columns = wanted_->chunking.columns;
    if (!columns.empty()) return session_->key_of(*relation_, columns);
    if (!relation_->keys.empty()) return relation_->keys.front();
    return fail(
        ErrorClass::Config,
        fmt::format("export {}: {} has no key to cut it by", wanted_->name, relation_->name),
        "name one with chunk_column or chunk_by_key, or use mode: full");
}

Goal Planner::goal() const {
    const Chunking& chunking = wanted_->chunking;
    Goal goal{.chunks_max = options_.chunks_max, .rows_estimate = relation_->rows_estimate};
    const std::uint64_t row_bytes = std::max<std::uint64_t>(
        1, relation_->row_bytes_estimate.value_or(options_.row_bytes_assumed));
    std::uint64_t rows = std::max(kRowsMin, options_.chunk_bytes / row_bytes);
    if (chunking.bytes > 0) rows = std::max<std::uint64_t>(1, chunking.bytes / row_bytes);
    // No relation has so many rows, and a limit may multiply it.
    constexpr std::uint64_t kRowsMax = std::uint64_t{1} << 50U;
    goal.rows = static_cast<std::int64_t>(std::min(rows, kRowsMax));
    if (chunking.rows > 0) goal.rows = chunking.rows;
    if (chunking.by == ChunkBy::Count) goal.count = std::max<std::int64_t>(1, chunking.count);
    return goal;
}

Result<bool> Planner::is_larger_than(const ChunkKey& key, std::int64_t rows) {
    const auto keys = TRY(session_->walk_keys(
        *relation_, key, {.from = {}, .every = std::max<std::int64_t>(1, rows), .keys_max = 1}));
    return !keys.empty();
}

Result<Cuts> Planner::cut(const KeyProbe& probe) {
    switch (wanted_->chunking.by) {
        case ChunkBy::Days: return cut_days(probe);
        case ChunkBy::Dense: return plan::cut_by_walking(probe, goal());
        case ChunkBy::Auto:
        case ChunkBy::Whole:
        case ChunkBy::Range:
        case ChunkBy::Count:
        case ChunkBy::Key: return cut_evenly(probe);
    }
    std::unreachable();
}

Result<Cuts> Planner::cut_evenly(const KeyProbe& probe) {
    const auto estimate = relation_->rows_estimate;
    // Without an index each probe reads everything, and a walk reads it once.
    bool is_probed = probe.key().is_ordered;
    if (is_probed && estimate) is_probed = *estimate > options_.walked_rows_max;
    if (is_probed && !estimate) {
        is_probed = TRY(is_larger_than(probe.key(), options_.walked_rows_max));
    }
    if (is_probed) {
        auto known = TRY(plan::cut_by_histogram(probe, goal()));
        if (known) return *std::move(known);
        auto cuts = TRY(plan::cut_by_density(
            probe, goal(), {.probe_rows = options_.probe_rows, .probes = options_.probes}));
        // Without statistics, this many are known to be there.
        const bool is_believed =
            cuts && *cuts->rows_total >= options_.walked_rows_max / 2 &&
            (!estimate || is_within(kDoubtFactor, *cuts->rows_total, *estimate));
        if (is_believed) return *std::move(cuts);
    }
    return plan::cut_by_walking(probe, goal());
}

Result<Cuts> Planner::cut_days(const KeyProbe& probe) {
    const std::int64_t days = std::max<std::int64_t>(1, wanted_->chunking.days);
    auto found = TRY(plan::cut_by_days(probe, days, goal(), "export " + wanted_->name));
    window_days_ = found.days;
    found.cuts.rows_target = goal().rows;
    found.cuts.by = CutBy::Nothing;
    if (found.cuts.is_limited) {
        const std::string outcome =
            found.days == days ? "windows without rows were joined to the ones before"
                               : fmt::format("windows are {} long", plural(found.days, "day"));
        warn(fmt::format("column {} spans {} of {}, more than the {} chunks of a plan: {}",
                         text_of(probe.key()), plural(found.windows, "window"), plural(days, "day"),
                         grouped(options_.chunks_max), outcome));
    }
    return std::move(found.cuts);
}

ChunkKind Planner::kind_of(const ChunkKey& key, const Cuts& cuts) const {
    switch (wanted_->chunking.by) {
        case ChunkBy::Count: return ChunkKind::Count;
        case ChunkBy::Days: return ChunkKind::Days;
        case ChunkBy::Dense: return ChunkKind::Dense;
        case ChunkBy::Range:
        case ChunkBy::Key:
        case ChunkBy::Auto:
        case ChunkBy::Whole: break;
    }
    if (key.is_physical) return ChunkKind::Physical;
    if (wanted_->chunking.by == ChunkBy::Range) return ChunkKind::Range;
    if (wanted_->chunking.by == ChunkBy::Key || key.columns.size() > 1) return ChunkKind::Keyset;
    if (cuts.cuts.empty()) return ChunkKind::Range;
    const KeyValue& value = cuts.cuts.front().key.front();
    const bool is_number =
        std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    return is_number ? ChunkKind::Range : ChunkKind::Keyset;
}

std::optional<std::int64_t> Planner::rows_of(const Cuts& cuts) const {
    const auto estimate = relation_->rows_estimate;
    if (cuts.rows_total) {
        const bool is_current = estimate && is_within(kTrustFactor, *estimate, *cuts.rows_total);
        return is_current ? estimate : rounded(*cuts.rows_total);
    }
    if (cuts.cuts.empty() || !cuts.cuts.back().rows_below) return estimate;
    // A walk knows the rows to within one chunk.
    const std::int64_t least = *cuts.cuts.back().rows_below;
    const std::int64_t most = least + cuts.rows_target;
    if (estimate && *estimate >= least && *estimate <= most) return estimate;
    return least + cuts.rows_target / 2;
}

Status Planner::add_chunks(ChunkPlan& plan, const KeyProbe& probe, Cuts cuts) {
    const bool is_estimated = cuts.cuts.empty() || cuts.cuts.front().rows_below.has_value();
    std::int64_t rows_before = 0;
    Bounds bounds;
    for (Cut& cut : cuts.cuts) {
        bounds.upper = cut.key;
        PlannedChunk& chunk = plan.chunks.emplace_back(std::move(bounds), std::nullopt);
        if (cut.rows_below) {
            chunk.rows_estimate = *cut.rows_below - rows_before;
            rows_before = *cut.rows_below;
        }
        bounds = {.lower = std::move(cut.key)};
    }
    PlannedChunk& last = plan.chunks.emplace_back(std::move(bounds), std::nullopt);
    const auto rows = cuts.rows_total ? cuts.rows_total : plan.rows_estimate;
    if (is_estimated && rows) last.rows_estimate = std::max<std::int64_t>(0, *rows - rows_before);
    if (!probe.key().may_be_null) return {};
    // Planned even when there are none now: such rows may arrive before they are read.
    PlannedChunk& nulls = plan.chunks.emplace_back();
    nulls.bounds.is_null_keys = true;
    if (!probe.key().is_ordered) return {};
    const bool has_nulls = TRY(probe.has_nulls());
    if (!has_nulls) nulls.rows_estimate = 0;
    return {};
}

std::string Planner::reason_of(const ChunkPlan& plan) const {
    std::string text = subject_of(*plan.key);
    if (plan.rows_estimate) text += ", about " + plural(*plan.rows_estimate, "row");
    if (plan.rows_estimate && relation_->row_bytes_estimate) {
        text += fmt::format(" of {} bytes",
                            grouped(static_cast<std::int64_t>(*relation_->row_bytes_estimate)));
    }
    const bool has_null_chunk = plan.chunks.back().bounds.is_null_keys;
    const std::int64_t chunks = std::ssize(plan.chunks) - (has_null_chunk ? 1 : 0);
    text += fmt::format(": {}{}", plural(chunks, "chunk"), size_of(plan, chunks));
    if (has_null_chunk) text += ", and one for NULL keys";
    if (plan.cut_by == CutBy::Histogram) text += ", cut by the histogram of the statistics";
    return text;
}

/// " of about 64 MB", or nothing when it is not known.
std::string Planner::size_of(const ChunkPlan& plan, std::int64_t chunks) const {
    if (plan.kind == ChunkKind::Days) return " of " + plural(window_days_, "day");
    if (plan.kind == ChunkKind::Dense) return " of " + plural(plan.rows_target, "row");
    if (!plan.rows_estimate) return "";
    const std::int64_t rows = (*plan.rows_estimate + chunks - 1) / chunks;
    if (!relation_->row_bytes_estimate) return " of about " + plural(rounded(rows), "row");
    const std::uint64_t bytes = static_cast<std::uint64_t>(rows) * *relation_->row_bytes_estimate;
    return " of about " + human_bytes(bytes);
}

void Planner::warn(std::string sentence) {
    warnings_.push_back(fmt::format("export {}: {}", wanted_->name, std::move(sentence)));
}

void Planner::warn_of(const ChunkPlan& plan, bool is_limited) {
    const std::int64_t limit = options_.chunks_max;
    if (is_limited && plan.kind == ChunkKind::Count) {
        warn(fmt::format("a plan has at most {}, not the {} wanted", plural(limit, "chunk"),
                         grouped(wanted_->chunking.count)));
    } else if (is_limited && plan.kind != ChunkKind::Days) {
        warn(fmt::format("a plan has at most {}, so each has about {} instead of {}",
                         plural(limit, "chunk"), plural(plan.rows_target, "row"),
                         grouped(goal().rows)));
    }
    if (!plan.key->is_ordered && plan.chunks.size() > 1) {
        warn(fmt::format("no index has {} in order, so each of the {} chunks reads all of {}",
                         text_of(*plan.key), grouped(std::ssize(plan.chunks)), relation_->name));
    }
}

}  // namespace

std::string_view name_of(CutBy by) {
    switch (by) {
        case CutBy::Nothing: return "nothing";
        case CutBy::Histogram: return "histogram";
        case CutBy::Probes: return "probes";
        case CutBy::Walk: return "walk";
    }
    std::unreachable();
}

std::string_view name_of(ChunkKind kind) {
    switch (kind) {
        case ChunkKind::Whole: return "whole";
        case ChunkKind::Range: return "range";
        case ChunkKind::Keyset: return "keyset";
        case ChunkKind::Physical: return "physical";
        case ChunkKind::Count: return "count";
        case ChunkKind::Days: return "days";
        case ChunkKind::Dense: return "dense";
    }
    std::unreachable();
}

Result<ChunkPlan> plan_chunks(SourceSession& session, const Relation& relation,
                              const Export& wanted, const PlanOptions& options) {
    CHECK(options.chunks_max >= 1);
    CHECK(options.probes >= 1);
    CHECK(options.probe_rows >= 1);
    return Planner(session, relation, wanted, options).plan();
}

}  // namespace trueup::extract
