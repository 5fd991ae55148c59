#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codex/apply/run_journal.h"
#include "codex/home/store.h"

namespace trueup::codex {

/// How the rows of one store fared.
struct StoreChange {
    std::optional<Error> problem;
    std::int64_t rows_changed = 0;
    bool may_be_changed = false;  // It was told to commit, whatever came of it.
};

/// The lists are borrowed, and all of them are needed.
struct RowsInput {
    const std::vector<StoreRecord>* stores = nullptr;
    const std::vector<RowEdit>* rows = nullptr;
    const std::vector<SharedText>* threads = nullptr;  // Ids, by number.
    std::vector<bool> skipped;                         // By number: leave its rows alone.
};

struct RowsOptions {
    std::chrono::milliseconds wait{0};  // For all stores together.
    const Clock* clock = nullptr;
};

struct RowsResult {
    std::vector<StoreChange> stores;   // As many as given, in their order.
    std::vector<bool> is_out_of_step;  // By thread number: skipped, or a row of it did not change.
};

/// Makes each row what its `after` says, where it is what its `before` says, or is right already.
/// One IMMEDIATE transaction for each store; all are begun before any is committed. A thread of
/// which one row cannot be changed, because its store is locked or damaged or because somebody else
/// changed the row, changes in no store and is out of step. Never fails as a whole: what a commit
/// that failed leaves behind in other stores is for the caller to take back.
RowsResult change_rows(RowsInput input, const RowsOptions& options);

}  // namespace trueup::codex
