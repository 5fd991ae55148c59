#pragma once

#include <vector>

#include "base/result.h"
#include "codex/apply/reconcile.h"
#include "codex/apply/run_journal.h"

namespace trueup::codex {

/// Decides where the copies go: `backups/<kind>/state_5.sqlite.<unix ms>.bak` in the folder of each
/// store.
void name_backups(const Clock& clock, std::vector<StoreRecord>& stores);

/// Makes the copies that are named, readable by their owner alone; temporary files that an
/// interrupted copy left in the same folder go. The first failure ends it.
Status back_up(const std::vector<StoreRecord>& stores);

}  // namespace trueup::codex
