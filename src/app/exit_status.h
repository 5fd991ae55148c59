#pragma once

#include <string>

#include "base/result.h"
#include "core/verdict.h"

namespace trueup::app {

/// The one place where an outcome becomes a number; docs/exit-status.md is its table.
/// `signal` is the one that asked us to stop, 0 when none did (then Interrupted counts as SIGINT).
int exit_status(const Result<core::Verdict>& outcome, int signal);

/// What `--help` of every command ends with.
std::string exit_status_help();

}  // namespace trueup::app
