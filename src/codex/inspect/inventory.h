#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/shared_text.h"
#include "base/short_list.h"
#include "codex/home/codex_home.h"
#include "codex/home/rollout.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "core/progress.h"

namespace trueup::codex {

/// One store as it was found.
struct StoreView {
    Store store;
    std::optional<Error> problem;  // It could not be read; then `rows` is empty.
    Backfill backfill;
    std::vector<ThreadRow> rows;
};

struct RowRef {
    std::uint32_t store = 0;  // Index into Inventory::stores.
    std::uint32_t row = 0;    // Index into its rows.
};

/// One conversation: all rows and all files that carry its id.
struct Thread {
    SharedText id;
    ShortList<RowRef> rows;             // Empty: a rollout that no store knows.
    ShortList<std::uint32_t> rollouts;  // Indexes into Inventory::rollouts.
    /// A row names this rollout, but what stands there is no rollout of this thread: missing,
    /// unreadable, or another thread's. Index into Inventory::rollouts; kept even when `rollouts`
    /// holds the thread's own file from elsewhere.
    std::optional<std::uint32_t> unusable;
};

/// Everything of a home that carries a stamp. A value; nothing in it is written back.
struct Inventory {
    CodexHome home;
    Settings settings;
    std::vector<StoreView> stores;
    std::vector<Rollout> rollouts;       // Each file once, by device and inode; problems included.
    std::vector<Thread> threads;         // In the order of the first store that knows them.
    std::vector<std::string> leftovers;  // Temporary files of writers that died.
    std::uint64_t rollouts_read = 0;     // Opened; the others were known from the cache.
};

struct InspectOptions {
    StoreFilter stores = StoreFilter::All;
    bool has_rollouts = true;  // False: rows only (--sqlite-only).
    MetaScan scan = MetaScan::WholeFile;
    RowDetail rows = RowDetail::Brief;
    /// For all stores together: how long locks are waited for.
    std::chrono::milliseconds wait{2000};
    int workers = 2;
    /// The rollouts' stamps from the last time, valid where device, inode, size and times are
    /// unchanged; empty: none. Read only.
    std::string cache_path;
};

/// Reads stores and rollouts, the latter by `workers` in parallel. Fails only when there is no
/// store at all, or when it is interrupted; what is wrong with one store or file stands there.
Result<Inventory> inspect(const CodexHome& home, const Settings& settings,
                          const InspectOptions& options, const Clock& clock,
                          core::Progress& progress);

/// Keeps the stamps of `inventory` for the next inspect(); written aside and renamed. Only files
/// that cannot have changed unseen since they were read are kept: see docs/formats/codex.md.
Status write_cache(const Inventory& inventory, const std::string& cache_path);

}  // namespace trueup::codex
