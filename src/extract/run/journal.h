#pragma once

#include <string>

#include "base/result.h"
#include "extract/ledger/ledger.h"
#include "extract/run/job.h"
#include "json/json.h"

namespace trueup::extract {

/// Writes a line about the job's export into the journal, as of now. `run_id` may be empty.
Status record_event(Ledger& ledger, const JobContext& job, std::string run_id, std::string kind,
                    const json::Value& detail);

}  // namespace trueup::extract
