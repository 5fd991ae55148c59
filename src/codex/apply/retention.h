#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codex/home/codex_home.h"

namespace trueup::codex {

/// Removes all runs but the newest `keep` of watch and the newest `keep` of the others, with the
/// database copies they made, and temporary copies that a crash left. Unfinished runs and runs
/// whose journal cannot be read stay. Returns the runs removed. The home's lock must be held.
Result<std::vector<std::string>> retain(const CodexHome& home, int keep);

}  // namespace trueup::codex
