#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codex/inspect/inventory.h"
#include "codex/plan/plan.h"
#include "json/json.h"

namespace trueup::app {

/// One conversation, as `codex list` shows it.
struct ThreadItem {
    std::string id;
    std::vector<std::string> providers;  // All that its rows and rollouts carry; "" for none.
    bool is_mismatched = false;          // Not all of them are the target.
    std::string title;                   // Of a row; empty without one.
    std::string cwd;
    std::optional<UnixMicros> updated_at;  // The latest of its rows, else of its rollouts' files.
    bool is_archived = false;
    std::uint64_t bytes = 0;  // Of its rollouts on the disk.
    std::vector<std::string> stores;
    std::vector<std::string> paths;
    bool is_paginated = false;
    bool is_compressed = false;
    bool has_encrypted = false;
    codex::Action action = codex::Action::Match;
    codex::Reason reason = codex::Reason::None;
    codex::RolloutProblem problem = codex::RolloutProblem::None;

    /// Something about it needs a look: it cannot be changed or read, or a part of it is missing.
    bool has_problem() const;
};

/// The threads of a plan; the newest first.
std::vector<ThreadItem> list_threads(const codex::Inventory& inventory, const codex::Plan& plan);

json::Value to_json(const ThreadItem& item);

}  // namespace trueup::app
