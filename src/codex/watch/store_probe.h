#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codex/home/store.h"
#include "codex/watch/senses.h"
#include "sqlite/connection.h"

namespace trueup::codex {

/// Ids of the rows off the target ?1. Ranges instead of "<>": that would read the whole table, and
/// these go through the index that Codex keeps.
inline constexpr std::string_view kRowsOffTarget =
    "SELECT CAST(id AS TEXT) FROM threads WHERE model_provider < ?1 "
    "UNION ALL SELECT CAST(id AS TEXT) FROM threads WHERE model_provider > ?1 "
    "UNION ALL SELECT CAST(id AS TEXT) FROM threads WHERE model_provider IS NULL";

/// Looks at one store again and again over a connection that it keeps: PRAGMA data_version tells
/// whether anybody committed, and only then rows are read, those off the target alone. It never
/// takes a write lock and holds no lock between two looks.
class StoreProbe {
  public:
    explicit StoreProbe(std::string path) : path_(std::move(path)) {}

    /// `now` is for the lease of a backfill.
    StoreLook look(std::string_view target, const ThreadIds& known, UnixMicros now);

  private:
    Status open_current();
    Result<StoreLook> read(std::string_view target, const ThreadIds& known, UnixMicros now);

    std::string path_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
    std::optional<sqlite::Connection> connection_;
    std::optional<std::int64_t> version_;
    std::string target_;
};

}  // namespace trueup::codex
