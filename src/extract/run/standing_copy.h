#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "extract/destination/destination.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest.h"

namespace trueup::extract {

/// The manifest of the copy that a run made, when all of it still stands: its marker is valid, the
/// manifest is the run's, and every committed part is there with its size.
Result<std::optional<Manifest>> standing_copy(const RunRecord& run);

/// What the ledger claims as committed and does not stand there with its size.
Result<std::vector<PartRecord>> parts_gone(const Ledger& ledger, const std::string& run_id,
                                           const Destination& destination);

}  // namespace trueup::extract
