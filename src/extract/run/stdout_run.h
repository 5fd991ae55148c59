#pragma once

#include "base/result.h"
#include "extract/run/run.h"

namespace trueup::extract {

/// An export to standard output: one read, written aside and verified like a part, then passed on.
/// Nothing is recorded and nothing can be resumed.
Result<RunSummary> run_to_stdout(const JobContext& job);

}  // namespace trueup::extract
