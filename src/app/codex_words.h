#pragma once

#include <string>

#include "codex/apply/reconcile.h"
#include "codex/home/rollout.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "codex/plan/plan.h"
#include "json/json.h"

/// What the kinds of things in codex are called, for people. In JSON they have the names that
/// name_of() gives.
namespace trueup::app {

std::string word_of(codex::BackfillState state);
std::string word_of(codex::StoreResult result);
std::string word_of(codex::Action action);
/// Empty for None.
std::string word_of(codex::Reason reason);
std::string word_of(codex::RolloutProblem problem);
/// A sentence without a full stop; empty when there is nothing to say.
std::string sentence_of(const codex::Notice& notice);

/// "openai", or "(none)".
std::string provider_text(const std::optional<std::string>& provider);
/// "openai (from config.toml)": the target, and who says so.
std::string target_text(const codex::Settings& settings);
/// What is known of the configuration file: its path and whether it is there.
std::string config_text(const codex::Settings& settings);

std::string_view name_of(codex::BackfillState state);
std::string_view name_of(codex::ConfigState state);
std::string_view name_of(codex::NoticeKind kind);

}  // namespace trueup::app
