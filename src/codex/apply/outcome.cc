#include <algorithm>
#include <utility>

#include "codex/apply/reconcile.h"

namespace trueup::codex {

std::string_view name_of(RunKind kind) {
    switch (kind) {
        case RunKind::Sync: return "sync";
        case RunKind::Switch: return "switch";
        case RunKind::Prepare: return "prepare";
        case RunKind::Watch: return "watch";
        case RunKind::Undo: return "undo";
        case RunKind::RestoreOriginal: return "restore-original";
    }
    std::unreachable();
}

std::string_view name_of(StoreResult result) {
    switch (result) {
        case StoreResult::Updated: return "updated";
        case StoreResult::Missing: return "missing";
        case StoreResult::Backfill: return "backfill";
        case StoreResult::Locked: return "locked";
        case StoreResult::Failed: return "failed";
    }
    std::unreachable();
}

core::Verdict RunOutcome::verdict() const {
    const bool has_store_left = std::ranges::any_of(
        stores, [](const StoreOutcome& store) { return store.result != StoreResult::Updated; });
    return left > 0 || has_store_left ? core::Verdict::Incomplete : core::Verdict::Clean;
}

}  // namespace trueup::codex
