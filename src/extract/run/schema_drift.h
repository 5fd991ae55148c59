#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "extract/ledger/ledger.h"
#include "extract/run/job.h"
#include "extract/source/source.h"

/// Whether the columns of an export are those that it had when a run of it was last done.
namespace trueup::extract {

/// The columns, as the ledger remembers them: [{"name","type"}].
std::string schema_json(const Relation& relation);

struct SchemaDrift {
    std::string changes;   // "note was added, total was removed, id was INTEGER and is BIGINT"
    std::string sentence;  // The same, naming export, relation and run.
};
/// Nothing when no run was done, or the columns are the same; their order does not matter.
/// SchemaChanged, and told to the journal, when the configuration takes no others; Integrity when
/// those of the ledger are none.
Result<std::optional<SchemaDrift>> look_for_drift(Ledger& ledger, const JobContext& job,
                                                  const Relation& relation);

}  // namespace trueup::extract
