#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/config/config.h"
#include "extract/source/key.h"
#include "extract/source/source.h"

/// Cuts a relation into chunks by a few index probes, or one pass over an index. The chunks of a
/// plan tile the relation: every row is in exactly one, whatever the source thinks of its order.
namespace trueup::extract {

enum class ChunkKind : std::uint8_t {
    Whole,     // One read of everything, by no key.
    Range,     // A column, cut where about equal rows lie between.
    Keyset,    // The same for a key of several columns, or of texts.
    Physical,  // The same for the place a row is stored at.
    Count,     // A given number of chunks.
    Days,      // A given number of days each, from midnight to midnight.
    Dense,     // A given number of rows each, exactly.
};
/// "whole", "range", …
std::string_view name_of(ChunkKind kind);

/// What the places to cut at were found by.
enum class CutBy : std::uint8_t {
    Nothing,    // There is one chunk, or windows of days.
    Histogram,  // The source's own statistics.
    Probes,     // Looks at the index that are far apart.
    Walk,       // A pass over all keys.
};
/// "nothing", "histogram", "probes", "walk".
std::string_view name_of(CutBy by);

struct PlannedChunk {
    Bounds bounds;
    std::optional<std::int64_t> rows_estimate;
};

struct ChunkPlan {
    ChunkKind kind = ChunkKind::Whole;
    CutBy cut_by = CutBy::Nothing;
    std::optional<ChunkKey> key;                // Nothing: Whole.
    std::vector<PlannedChunk> chunks;           // At least one; in key order, NULL keys last.
    std::int64_t rows_target = 0;               // What a chunk should have; at least 1.
    std::optional<std::int64_t> rows_estimate;  // Of the relation.
    bool is_small = false;              // It was found to have no more rows than are worth cutting.
    std::string reason;                 // For people: what was found and decided.
    std::vector<std::string> warnings;  // Whole sentences, each names the export.
};

/// Bounds of the planner's own; their defaults suit every user, tests make them small.
struct PlanOptions {
    std::int64_t whole_rows_max = kAutoChunkRows;  // Mode::Auto cuts larger relations only.
    std::int64_t chunks_max = 10'000;              // NULL keys not counted; at least 1.
    std::uint64_t chunk_bytes = 64'000'000;        // When neither rows nor bytes are wanted.
    std::uint64_t row_bytes_assumed = 256;         // When the source does not know.
    std::int64_t walked_rows_max = std::int64_t{1} << 16;  // Walks every key of smaller ones.
    std::int64_t probe_rows = 256;                         // Keys looked at by one probe.
    int probes = 64;                                       // At first, evenly spread.
};

/// Plans the chunks of `wanted`, whose relation the session has described. Config when the key that
/// is wanted does not exist, there is none to be found, or a column cut by days holds no dates.
/// Runs no full count; a few index probes, at worst one pass over an index (over the relation, when
/// no index has the key: a warning says so).
Result<ChunkPlan> plan_chunks(SourceSession& session, const Relation& relation,
                              const Export& wanted, const PlanOptions& options = {});

}  // namespace trueup::extract
