#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "extract/run/governor.h"
#include "extract/run/job.h"
#include "extract/run/quality.h"

namespace trueup::extract {

enum class RunOutcome : std::uint8_t {
    Done,       // Everything was read and committed.
    Unchanged,  // The source and the plan are those of the last run, and its parts are there.
    Written,    // To standard output; nothing was recorded.
};
std::string_view name_of(RunOutcome outcome);

struct RunOptions {
    bool is_fresh = false;  // Give an unfinished run up, and read even an unchanged source.
};

struct RunSummary {
    std::string export_name;
    std::string run_id;
    RunOutcome outcome = RunOutcome::Done;
    bool is_resumed = false;
    std::string prefix;
    std::int64_t rows = 0;
    std::int64_t parts = 0;
    std::int64_t bytes = 0;
    std::int64_t chunks = 0;
    std::int64_t retries = 0;
    std::int64_t values_nulled = 0;
    double seconds = 0;
    SourceLoad load;                    // Over all sessions.
    std::optional<Governed> governed;   // Nothing when all workers might work all the time.
    std::vector<QualityCheck> quality;  // Of each rule; none is broken.
    std::vector<std::string> warnings;
};

/// Runs one export to its end: inspect, plan, protect, apply, verify, record. After an error what
/// was done so far is durable, the prefix has no `_SUCCESS`, and the same call goes on where this
/// one stopped.
Result<RunSummary> run_export(const JobContext& job, const RunOptions& options);

}  // namespace trueup::extract
