#include "extract/plan/rating.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "columnar/type.h"

namespace trueup::extract {
namespace {

// Rows of a single chunk: a run that is interrupted reads them all again.
constexpr std::int64_t kWholeRowsEfficient = kAutoChunkRows;
constexpr std::int64_t kWholeRowsAcceptable = 1'000'000;
constexpr std::int64_t kWholeRowsDegraded = 50'000'000;
/// Rows looked at by all chunks of a key without an index, each of which reads everything.
constexpr std::int64_t kScannedRowsAcceptable = 1'000'000;
constexpr std::int64_t kScannedRowsDegraded = 100'000'000;
/// A chunk that holds this many times the rows of an even share is the one that is waited for.
constexpr std::int64_t kSkew = 4;

std::string plural(std::int64_t count, std::string_view one) {
    return fmt::format("{} {}{}", grouped(count), one, count == 1 ? "" : "s");
}

std::optional<std::int64_t> rows_of(const Relation& relation, const ChunkPlan& plan) {
    return plan.rows_estimate ? plan.rows_estimate : relation.rows_estimate;
}

Grade grade_of(std::int64_t rows, std::int64_t acceptable, std::int64_t degraded) {
    if (rows <= acceptable) return Grade::Acceptable;
    return rows <= degraded ? Grade::Degraded : Grade::Unsafe;
}

std::string way_to_cut(const Relation& relation, const Export& wanted) {
    if (wanted.chunking.mode == Mode::Full && !relation.keys.empty()) {
        return fmt::format("without mode: full it is cut by {}", text_of(relation.keys.front()));
    }
    if (relation.is_table) return "a primary key, or a unique index without NULLs, lets it be cut";
    return "chunk_by_key names columns to cut it by; best those of an index";
}

/// Of a relation that is one chunk.
Reason of_whole(const Relation& relation, const ChunkPlan& plan, const Export& wanted) {
    const auto rows = rows_of(relation, plan);
    if (plan.is_small || (rows && *rows <= kWholeRowsEfficient)) {
        return {Grade::Efficient, "small enough to be one chunk", ""};
    }
    const std::string consequence = "an interrupted run reads all of it again, by one worker";
    if (!rows) {
        return {Grade::Degraded, "all of it is one chunk, however much that is: " + consequence,
                way_to_cut(relation, wanted)};
    }
    return {grade_of(*rows, kWholeRowsAcceptable, kWholeRowsDegraded),
            fmt::format("all of about {} are one chunk: {}", plural(*rows, "row"), consequence),
            way_to_cut(relation, wanted)};
}

std::string index_for(const Relation& relation, const ChunkKey& key) {
    if (relation.is_table) {
        return fmt::format("an index on ({}) lets each chunk read its own rows only",
                           fmt::join(key.columns, ", "));
    }
    return "cut a table by its key, or raise chunk_size so that there are fewer chunks";
}

/// Of a key that rows are found by.
Reason of_key(const Relation& relation, const ChunkPlan& plan) {
    const std::int64_t chunks = std::ssize(plan.chunks);
    const std::string by = text_of(*plan.key);
    if (plan.key->is_physical) {
        return {Grade::Efficient, "each chunk reads its own rows, by where they are stored", ""};
    }
    if (plan.key->is_ordered) {
        return {Grade::Efficient,
                fmt::format("each chunk reads its own rows, by the index on {}", by), ""};
    }
    if (chunks == 1) return {Grade::Efficient, "one chunk reads all of it", ""};
    const auto rows = rows_of(relation, plan);
    const std::string why =
        relation.is_table
            ? fmt::format("no index has {} in order", by)
            : fmt::format("whether the bounds of {} reach an index is up to its query", by);
    if (!rows) {
        return {Grade::Degraded,
                fmt::format("{}: each of the {} may read all of it", why, plural(chunks, "chunk")),
                index_for(relation, *plan.key)};
    }
    std::int64_t scanned = 0;
    if (__builtin_mul_overflow(*rows, chunks, &scanned)) scanned = kScannedRowsDegraded + 1;
    return {grade_of(scanned, kScannedRowsAcceptable, kScannedRowsDegraded),
            fmt::format("{}: {} read about {} to copy {}", why, plural(chunks, "chunk"),
                        plural(scanned, "row"), grouped(*rows)),
            index_for(relation, *plan.key)};
}

/// Chunks that are cut while they are read even out by themselves; these are not.
bool is_fixed(ChunkKind kind) { return kind == ChunkKind::Count || kind == ChunkKind::Days; }

std::optional<Reason> of_density(const ChunkPlan& plan) {
    if (!is_fixed(plan.kind) || plan.chunks.size() < 2) return std::nullopt;
    std::int64_t total = 0;
    std::int64_t largest = 0;
    std::int64_t empty = 0;
    for (const PlannedChunk& chunk : plan.chunks) {
        if (!chunk.rows_estimate) return std::nullopt;
        total += *chunk.rows_estimate;
        largest = std::max(largest, *chunk.rows_estimate);
        if (*chunk.rows_estimate == 0) ++empty;
    }
    const std::int64_t count = std::ssize(plan.chunks);
    if (empty > count / 2) {
        return Reason{Grade::Acceptable,
                      fmt::format("the key is sparse: about {} of {} hold no row", grouped(empty),
                                  plural(count, "chunk")),
                      "without chunk_by_days and chunk_count the chunks follow the rows"};
    }
    if (largest / kSkew <= total / count) return std::nullopt;
    return Reason{Grade::Acceptable,
                  fmt::format("rows are unevenly spread: one of {} holds about {} of {}",
                              plural(count, "chunk"), grouped(largest), plural(total, "row")),
                  "without chunk_by_days and chunk_count the chunks follow the rows"};
}

std::optional<Reason> of_fidelity(const Relation& relation) {
    std::vector<std::string> below;
    for (const SourceColumn& column : relation.columns) {
        if (column.fidelity == Fidelity::Exact) continue;
        below.push_back(fmt::format("{} ({})", column.name, name_of(column.fidelity)));
    }
    if (below.empty()) return std::nullopt;
    return Reason{Grade::Efficient, fmt::format("not kept exactly: {}", fmt::join(below, ", ")),
                  "\"columns:\" chooses other types, and --strict refuses these"};
}

}  // namespace

std::string_view name_of(Grade grade) {
    switch (grade) {
        case Grade::Efficient: return "efficient";
        case Grade::Acceptable: return "acceptable";
        case Grade::Degraded: return "degraded";
        case Grade::Unsafe: return "unsafe";
    }
    std::unreachable();
}

Rating rate(const Relation& relation, const ChunkPlan& plan, const Export& wanted) {
    Rating rating;
    const auto add = [&rating](std::optional<Reason> reason) {
        if (reason) rating.reasons.push_back(*std::move(reason));
    };
    add(plan.key ? of_key(relation, plan) : of_whole(relation, plan, wanted));
    add(of_density(plan));
    add(of_fidelity(relation));
    std::ranges::stable_sort(rating.reasons, std::ranges::greater(), &Reason::grade);
    rating.grade = rating.reasons.front().grade;
    return rating;
}

}  // namespace trueup::extract
