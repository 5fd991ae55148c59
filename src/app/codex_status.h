#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/result.h"
#include "codex/apply/reconcile.h"
#include "codex/home/codex_home.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "codex/inspect/inventory.h"
#include "codex/inspect/store_counts.h"
#include "codex/plan/plan.h"
#include "codex/service/service.h"
#include "json/json.h"

/// What `codex status` knows of a home, gathered without writing anything.
namespace trueup::app {

/// One store, in numbers.
struct StoreStatus {
    codex::Store store;
    std::optional<Error> problem;  // Then the numbers are zero.
    codex::Backfill backfill;
    std::vector<codex::ProviderCount> providers;  // Most rows first, then by name.
    std::int64_t rows = 0;
    std::int64_t hidden = 0;  // Not under the target.
};

/// The rollouts, in numbers.
struct RolloutStatus {
    std::int64_t files = 0;
    std::int64_t readable = 0;
    std::int64_t mismatched = 0;  // Readable, not under the target.
    std::int64_t blocked = 0;     // Threads whose rollout must not be changed now.
    std::int64_t unreadable = 0;  // There, but not to be read.
    std::int64_t missing = 0;     // Named by a row, not there.
    std::int64_t compressed = 0;
    std::int64_t without_row = 0;  // Threads that no store knows.
    std::int64_t encrypted = 0;    // Threads that would change and hold encrypted reasoning.
};

/// Threads, or rows of the stores when rollouts were not read.
struct ThreadTotals {
    std::int64_t all = 0;
    std::int64_t hidden = 0;
};

struct HomeStatus {
    codex::CodexHome home;
    codex::Settings settings;
    std::vector<StoreStatus> stores;
    ThreadTotals threads;
    std::optional<RolloutStatus> rollouts;  // Nothing with --sqlite-only.
    std::int64_t leftovers = 0;             // Files of writers that died.
    std::optional<codex::RunSummary> last_run;
    std::optional<codex::RunSummary> unfinished;
    codex::ServiceStatus service;

    bool has_unread_store() const;
};

/// From everything that was found.
HomeStatus status_of(const codex::Inventory& inventory, const codex::Plan& plan);
/// From the counts of the stores alone.
HomeStatus status_of(const codex::CodexHome& home, const codex::Settings& settings,
                     std::vector<codex::StoreCounts> counts);

/// The last run and the unfinished one. What cannot be read is left out: history says so.
void add_runs(HomeStatus& status);

/// trueup.codex.status/1.
json::Value to_json(const HomeStatus& status);

}  // namespace trueup::app
