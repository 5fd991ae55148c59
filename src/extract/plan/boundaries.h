#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "extract/plan/plan.h"
#include "extract/source/source.h"

namespace trueup::extract::plan {

/// One key of one relation, asked through one session. Borrows all three.
class KeyProbe {
  public:
    KeyProbe(SourceSession& session, const Relation& relation, const ChunkKey& key)
        : session_(&session), relation_(&relation), key_(&key) {}

    const ChunkKey& key() const { return *key_; }
    /// As in SourceSession.
    Result<std::optional<Key>> first(const std::optional<Key>& from = {}) const;
    Result<std::optional<Key>> last() const;
    Result<std::vector<Key>> walk(const SourceSession::Walk& walk) const;
    Result<bool> sorts_before(const Key& left, const Key& right) const;
    Result<bool> has_nulls() const;
    Result<std::vector<Quantile>> quantiles() const;

  private:
    SourceSession* session_;
    const Relation* relation_;
    const ChunkKey* key_;
};

/// Where one chunk ends and the next begins.
struct Cut {
    Key key;
    std::optional<std::int64_t> rows_below;  // Estimated, of the whole relation.
};

struct Cuts {  // NOLINT(clang-analyzer-optin.performance.Padding): in the order people read.
    std::vector<Cut> cuts;                   // Each strictly after the one before.
    std::optional<std::int64_t> rows_total;  // Estimated, NULL keys left out.
    std::int64_t rows_target = 0;            // Larger than wanted when a limit made it so.
    bool is_limited = false;                 // The limit of chunks changed the plan.
    CutBy by = CutBy::Walk;
};

/// Collects cuts, and drops each that the source does not sort after the one before: whatever
/// proposed it, chunks tile.
class CutList {
  public:
    /// `first` may be the smallest key: nothing lies below it, so it is no place to cut.
    CutList(const KeyProbe& probe, std::optional<Key> first)
        : probe_(probe), last_(std::move(first)) {}

    /// False when the cut was dropped.
    Result<bool> add(Cut cut);
    std::vector<Cut> take() { return std::move(cuts_); }

  private:
    KeyProbe probe_;
    std::optional<Key> last_;
    std::vector<Cut> cuts_;
};

/// What the chunks should be like; `count` goes before `rows`.
struct Goal {
    std::int64_t rows = 1;              // Wanted in each chunk.
    std::optional<std::int64_t> count;  // Wanted chunks.
    std::int64_t chunks_max = 1;
    std::optional<std::int64_t> rows_estimate;  // Of the relation, as the source knows it.
};

/// Cuts after every goal.rows rows, or into goal.count even chunks, in one pass over all keys; more
/// passes only when the number of rows was not known and the first guess was far off.
Result<Cuts> cut_by_walking(const KeyProbe& probe, const Goal& goal);

}  // namespace trueup::extract::plan
