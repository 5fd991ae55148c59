#include "codex/inspect/store_counts.h"

#include <algorithm>
#include <utility>

#include "sqlite/connection.h"

namespace trueup::codex {
namespace {

Status count(StoreCounts& counts, UnixMicros now, std::chrono::milliseconds wait) {
    if (counts.store.is_missing) {
        return fail(ErrorClass::Failed, counts.store.path + ": there is no such store");
    }
    auto connection = TRY(open_store(counts.store, StoreAccess::Read, wait));
    counts.backfill = TRY(read_backfill(connection, now));
    counts.providers = TRY(count_providers(connection));
    return {};
}

}  // namespace

Result<std::vector<StoreCounts>> count_stores(const CodexHome& home, const Settings& settings,
                                              StoreFilter filter, const Clock& clock,
                                              std::chrono::milliseconds wait) {
    const auto deadline = clock.monotonic() + wait;
    std::vector<StoreCounts> all;
    for (Store& store : TRY(discover_stores(home, settings, filter))) {
        StoreCounts counts{.store = std::move(store)};
        const auto left = std::max(deadline - clock.monotonic(), std::chrono::nanoseconds(0));
        const auto budget = std::chrono::duration_cast<std::chrono::milliseconds>(left);
        if (const auto done = count(counts, clock.now(), budget); !done) {
            counts.problem = done.error();
        }
        all.push_back(std::move(counts));
    }
    return all;
}

}  // namespace trueup::codex
