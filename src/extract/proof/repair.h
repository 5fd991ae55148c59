#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/report.h"
#include "extract/proof/reconcile.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// One chunk to be read again.
struct RepairAction {
    std::int64_t chunk_id = 0;
    std::string bounds;                 // For people.
    std::string reason;                 // The note of the report.
    std::vector<std::string> replaces;  // Files that leave the committed set.
};

/// Something that differs and cannot be mended by reading a chunk again.
struct RepairSkip {
    std::string partition;  // "chunk 3", "outside null-keys".
    std::string reason;
};

/// What a repair is going to do. A value: nothing has changed yet.
struct RepairPlan {
    std::string export_name;
    std::string run_id;
    std::string plan_hash;
    std::string prefix;
    std::int64_t generation = 1;  // Of the copy that was judged.
    std::vector<RepairAction> actions;
    /// Manifest and marker are written again even without actions; says why. Empty: no need.
    std::string manifest_reason;
    std::vector<RepairSkip> skipped;

    bool is_empty() const { return actions.empty() && manifest_reason.empty(); }
};
/// For people, a line each.
std::string to_text(const RepairPlan& plan);
/// {"export","run_id",…,"actions":[…],"skipped":[…]} on one line.
std::string to_json(const RepairPlan& plan);

struct RepairOptions {
    /// How both sides are compared, before (unless a report is given) and after.
    ReconcileOptions compare;
    bool purges = false;  // Remove superseded files for good once the new manifest stands.
};

struct RepairResult {
    std::int64_t generation = 1;  // Of the manifest that stands now.
    std::int64_t rows_written = 0;
    std::vector<std::string> parts_written;
    std::vector<std::string> purged;
    core::Report after;     // Of what was replaced, compared again.
    bool is_clean = false;  // `after` is clean and nothing was skipped.
};

/// The plan that a report leads to. Integrity when the report is about another export, run, plan or
/// manifest generation than the copy that stands there.
Result<RepairPlan> plan_repair(const JobContext& job, const core::Report& report);

/// Does what the plan says: new parts are written beside the old ones, the ledger swaps them in one
/// transaction, the manifest in one rename, and what was replaced is compared again. Killed at any
/// point, plan and execute again end with the same rows. Integrity when the copy changed since the
/// plan was made; Retryable when somebody else is at work under the prefix.
Result<RepairResult> execute_repair(const JobContext& job, const RepairPlan& plan,
                                    const RepairOptions& options);

}  // namespace trueup::extract
