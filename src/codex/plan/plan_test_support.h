#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "codex/plan/plan.h"

namespace trueup::codex {

/// A rollout that exists nowhere but in a made-up inventory.
struct RolloutSpec {
    std::string provider = "old";
    std::string path;  // Empty: one of its own below sessions/.
    RolloutFormat format = RolloutFormat::Plain;
    RolloutProblem problem = RolloutProblem::None;
    std::uint32_t blanks = 256;  // Of the last of its records; the others have plenty.
    int records = 1;
    bool is_paginated = false;
    bool has_encrypted = false;
    std::uint64_t links = 1;
    std::int64_t mtime_s = 0;
    std::string cwd;
};

/// Builds an inventory piece by piece. The target is "openai", the home "/u/.codex", which is
/// "/disk/codex" with its links resolved.
class MadeUp {
  public:
    MadeUp() {
        inventory.home = {.path = "/u/.codex", .canonical = "/disk/codex"};
        inventory.settings.provider = "openai";
    }

    std::uint32_t store(StoreKind kind = StoreKind::Cli,
                        BackfillState state = BackfillState::Ready) {
        StoreView view;
        view.store = {.kind = kind, .path = "/u/.codex/" + std::string(name_of(kind))};
        view.backfill.state = state;
        inventory.stores.push_back(std::move(view));
        return static_cast<std::uint32_t>(inventory.stores.size() - 1);
    }

    Thread& thread(std::string_view id) {
        inventory.threads.push_back({.id = id});
        return inventory.threads.back();
    }

    /// A row of the newest thread.
    ThreadRow& row(std::uint32_t store, std::optional<std::string> provider) {
        Thread& thread = inventory.threads.back();
        auto& rows = inventory.stores[store].rows;
        thread.rows.push_back({.store = store, .row = static_cast<std::uint32_t>(rows.size())});
        rows.push_back({.id = thread.id, .provider = std::move(provider)});
        return rows.back();
    }

    /// A rollout of the newest thread.
    std::uint32_t rollout(const RolloutSpec& spec) {
        const std::uint32_t index = file(inventory.threads.back().id.str(), spec);
        inventory.threads.back().rollouts.push_back(index);
        return index;
    }

    /// What a row of the newest thread names although it is no rollout of it.
    std::uint32_t unusable(const RolloutSpec& spec) {
        const std::uint32_t index = file("somebody else", spec);
        inventory.threads.back().unusable = index;
        return index;
    }

    Plan plan(PlanOptions options = {}) const {
        options.now = now;
        return make_plan(inventory, options);
    }

    Inventory inventory;
    UnixMicros now = 1'800'000'000'000'000;

  private:
    std::uint32_t file(const std::string& id, const RolloutSpec& spec) {
        const std::uint64_t inode = inventory.rollouts.size() + 1;
        Rollout made;
        made.path = spec.path.empty()
                        ? "/u/.codex/sessions/rollout-" + std::to_string(inode) + ".jsonl"
                        : spec.path;
        made.format = spec.format;
        made.problem = spec.problem;
        made.thread_id = id;
        made.has_encrypted = spec.has_encrypted;
        made.info.device = 7;
        made.info.inode = inode;
        made.info.links = spec.links;
        made.info.mtime_ns = spec.mtime_s * 1'000'000'000;
        for (int record = 0; record < spec.records; ++record) {
            MetaLine meta;
            meta.thread_id = id;
            meta.provider = spec.provider;
            const auto quoted = static_cast<std::uint32_t>(spec.provider.size() + 2);
            meta.values = {{.offset = 100, .length = quoted}};
            meta.insert_at = 50;
            meta.blanks_at_end = record + 1 == spec.records ? spec.blanks : 4096;
            meta.length = 102 + quoted + meta.blanks_at_end;
            meta.is_paginated = spec.is_paginated;
            meta.cwd = spec.cwd;
            made.metas.push_back(
                {.offset = 10'000 * static_cast<std::uint64_t>(record), .meta = std::move(meta)});
        }
        inventory.rollouts.push_back(std::move(made));
        return static_cast<std::uint32_t>(inventory.rollouts.size() - 1);
    }
};

}  // namespace trueup::codex
