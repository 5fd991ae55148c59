#pragma once

#include <optional>
#include <string>

#include "codex/apply/reconcile.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "json/json.h"

/// Things of codex as JSON, where several commands show them.
namespace trueup::app {

/// The text, or null.
json::Value json_text(const std::optional<std::string>& text);
json::Value backfill_json(const codex::Backfill& backfill);
json::Value config_json(const codex::Settings& settings);
json::Value target_json(const codex::Settings& settings);
json::Value run_json(const codex::RunSummary& run);
/// trueup.codex.run/1: what sync and its like did.
json::Value outcome_json(const codex::RunOutcome& outcome);

}  // namespace trueup::app
