#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest.h"
#include "extract/run/job.h"

/// The manifest that says what the ledger says.
namespace trueup::extract {

/// The parts as a manifest lists them, in the same order. Integrity when the ledger holds what no
/// part has, or parts of a chunk that it does not have.
Result<std::vector<ManifestPart>> manifest_parts(const std::vector<PartRecord>& parts,
                                                 const std::vector<ChunkRecord>& chunks);

/// What `database` and `relation` are now; without a snapshot.
SourceIdentity source_identity(const Export& wanted, const DatabaseIdentity& database,
                               const Relation& relation);

/// What the parts of one manifest, or of one chunk, have in common: "snapshot", "chunk", or "none"
/// when the relation has no states to be read in.
std::string consistency_name(const Relation& relation, Consistency consistency);

/// What a manifest says that the ledger does not know.
struct ManifestOrigin {
    SourceIdentity source;
    const Relation* relation = nullptr;
    const AddedColumns* added = nullptr;
    std::vector<std::string> chunk_keys;
};

/// The manifest of the run as it stands in the ledger, written now.
Result<Manifest> manifest_of_run(const JobContext& job, const Ledger& ledger, const RunRecord& run,
                                 const ManifestOrigin& origin);

}  // namespace trueup::extract
