#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest.h"
#include "extract/run/job.h"
#include "json/json.h"

/// The rules of the configuration's `quality`, held against a copy before it counts. It makes no
/// difference how the copy was read or how often its run was resumed: all of its parts are judged.
namespace trueup::extract {

enum class RuleOutcome : std::uint8_t {
    Kept,
    Broken,
    Skipped,  // More values than unique_max_entries: not looked at.
};
std::string_view name_of(RuleOutcome outcome);

/// One rule, held against a copy.
struct QualityCheck {
    std::string rule;    // The key of the configuration.
    std::string column;  // Empty: the rule is about all rows.
    /// Rows, a share of NULLs, or values too many; of a rule that was skipped, values.
    double measured = 0;
    double allowed = 0;
    RuleOutcome outcome = RuleOutcome::Kept;
};
/// [{"rule","column","measured","allowed","outcome"}]
json::Value to_json(const std::vector<QualityCheck>& checks);

/// Config when a rule names a column that parts do not have.
Status check_rules(const Quality& rules, const Relation& relation, const AddedColumns& added);

/// Where the parts of a copy are, and where a look at them may put what does not fit in memory.
struct CopyPlace {
    std::string prefix;
    std::string spill_folder;
};

/// Every rule against the committed parts of `manifest`. Rows and NULLs are those that were counted
/// while the parts were written; values that must be unique are read back. Integrity when a part
/// cannot be read.
Result<std::vector<QualityCheck>> judge_quality(const JobContext& job, const CopyPlace& place,
                                                const Manifest& manifest);

CopyPlace copy_place(const Ledger& ledger, const std::string& prefix);

/// The same for a copy that is to get its manifest: the journal tells, and a broken rule is
/// refuse_broken()'s error.
Result<std::vector<QualityCheck>> require_quality(const JobContext& job, Ledger& ledger,
                                                  const std::string& prefix,
                                                  const Manifest& manifest);

/// Integrity, naming each rule that is broken with what was measured and what is allowed.
Status refuse_broken(const std::vector<QualityCheck>& checks, const std::string& export_name);
/// A sentence for each rule that was skipped.
std::vector<std::string> skipped_rules(const std::vector<QualityCheck>& checks,
                                       const std::string& export_name);

}  // namespace trueup::extract
