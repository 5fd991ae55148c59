#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "extract/source/source.h"

namespace trueup::extract {

/// How much one statement should read, learned from those before. A session keeps it from chunk to
/// chunk.
struct ReadPace {
    std::string of;             // The relation and key that it was learned from.
    double rows = 0;            // A statement should return.
    double keys_per_row = 1.0;  // Of a whole-number key: its gaps; below 1 when rows share keys.
};

/// Cuts the rows of a chunk into ranges, each read by one statement, so that none keeps the server
/// busy for long: a table is read by many statements of about kStatementTime. The ranges tile the
/// chunk, in key order.
class StatementRanges {
  public:
    static constexpr std::chrono::milliseconds kStatementTime{80};

    /// `key` may be null: then, as for keys without an index, the chunk is one range. All of it
    /// outlives this; `session` is asked between statements only.
    StatementRanges(SourceSession& session, const Relation& relation, const ChunkKey* key,
                    Bounds bounds, ReadPace& pace);

    /// The next range; nothing at the end. `rows_max` is about how many rows it should have at
    /// most; 0: as many as the pace says.
    Result<std::optional<Bounds>> next(std::int64_t rows_max);
    /// What the last range had, and how long its statement took.
    void took(std::int64_t rows, std::chrono::nanoseconds time);
    /// Where the next range begins; nothing before the first one and after the last.
    const std::optional<Key>& next_lower() const { return lower_; }

  private:
    Status begin();
    /// Whole numbers are cut by arithmetic, other keys where an index probe says.
    Result<std::optional<Key>> end_of_range(std::int64_t rows);
    Result<std::optional<Key>> end_by_number(std::int64_t rows);
    Result<std::optional<Key>> end_by_walk(std::int64_t rows);

    SourceSession* session_;
    const Relation* relation_;
    const ChunkKey* key_;
    Bounds bounds_;
    ReadPace* pace_;
    bool has_begun_ = false;
    bool is_done_ = false;
    bool is_cut_ = false;       // More than one range is possible.
    bool is_number_ = false;    // The key is one whole number.
    std::optional<Key> lower_;  // Of the next range.
    Key from_;                  // The same, or the first key when that side is open.
    std::optional<Key> last_;   // The last key when the upper side is open.
    std::int64_t width_ = 0;    // Of the last range, in keys; 0 when not cut by arithmetic.
    bool was_empty_ = false;    // The last range.
};

}  // namespace trueup::extract
