#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codex/home/codex_home.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"

namespace trueup::codex {

/// One store in numbers: all that a look without the rollouts needs.
struct StoreCounts {
    Store store;
    std::optional<Error> problem;  // It could not be read; then `providers` is empty.
    Backfill backfill;
    std::vector<ProviderCount> providers;  // Most rows first, then by name.
};

/// Counts in the database, so that no row is read; `wait` is how long locks are waited for in all.
/// What is wrong with one store stands there; fails only when there is no store.
Result<std::vector<StoreCounts>> count_stores(const CodexHome& home, const Settings& settings,
                                              StoreFilter filter, const Clock& clock,
                                              std::chrono::milliseconds wait);

}  // namespace trueup::codex
