#pragma once

#include <cstdint>

#include "base/clock.h"
#include "extract/ledger/records.h"
#include "extract/run/run.h"

namespace trueup::extract {

/// What the ledger keeps for comparison of a run that came to its end.
MetricRecord metric_of(const RunRecord& ended, const RunSummary& summary, std::int64_t workers,
                       UnixMicros now);

}  // namespace trueup::extract
