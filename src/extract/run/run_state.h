#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// What a resume, and a proof, need of a run besides its plan: the ledger keeps it with the run.
struct RunState {
    std::string source_state;  // Empty: unknown.
    std::vector<std::string> key;
    bool is_whole = true;  // Read as one chunk, by no key.
    std::int64_t rows_target = 0;
};

/// What the source says of its state. A source that changed a moment ago cannot be told from one
/// that is changing: a moment later it can, and then the next run may find that there is nothing to
/// do.
Result<std::optional<std::string>> settled_state(SourceDatabase& database);

std::string to_json(const RunState& state);
/// Integrity when it is none, or names no key though it was cut by one.
Result<RunState> parse_run_state(const std::string& text, const std::string& run_id);

}  // namespace trueup::extract
