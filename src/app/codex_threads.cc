#include "app/codex_threads.h"

#include <algorithm>

#include "app/codex_words.h"
#include "app/view.h"

namespace trueup::app {
namespace {

using codex::Action;
using codex::Inventory;
using codex::Rollout;
using codex::RolloutProblem;
using codex::ThreadRow;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kNanosPerMicro = 1'000;

void add_distinct(std::vector<std::string>& list, std::string_view text) {
    if (std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

void add_row(ThreadItem& item, const codex::StoreView& view, const ThreadRow& row) {
    add_distinct(item.providers, row.provider.value_or(SharedText()));
    add_distinct(item.stores, std::string(name_of(view.store.kind)));
    if (item.title.empty()) item.title = row.title.view();
    if (item.cwd.empty()) item.cwd = row.cwd.view();
    item.is_archived = item.is_archived || row.is_archived;
    if (!row.updated_at) return;
    const UnixMicros updated_at = *row.updated_at * kMicrosPerSecond;
    item.updated_at = std::max(item.updated_at.value_or(updated_at), updated_at);
}

/// `has_rows`: then they say when the thread was updated.
void add_rollout(ThreadItem& item, const Rollout& rollout, bool has_rows) {
    add_distinct(item.paths, rollout.path);
    item.bytes += rollout.info.bytes;
    item.is_paginated = item.is_paginated || rollout.is_paginated();
    item.is_compressed = item.is_compressed || rollout.format == codex::RolloutFormat::Zstd;
    item.has_encrypted = item.has_encrypted || rollout.has_encrypted;
    for (const codex::MetaAt& at : rollout.metas) {
        add_distinct(item.providers, at.meta.provider.value_or(SharedText()));
        if (item.cwd.empty()) item.cwd = at.meta.cwd.view();
    }
    if (has_rows) return;
    const UnixMicros written_at = rollout.info.mtime_ns / kNanosPerMicro;
    item.updated_at = std::max(item.updated_at.value_or(written_at), written_at);
}

ThreadItem item_of(const Inventory& inventory, const codex::ThreadPlan& plan,
                   std::string_view target) {
    const codex::Thread& thread = inventory.threads[plan.thread];
    ThreadItem item{.id = thread.id.str(), .action = plan.action, .reason = plan.reason};
    for (const codex::RowRef ref : thread.rows) {
        const codex::StoreView& view = inventory.stores[ref.store];
        add_row(item, view, view.rows[ref.row]);
    }
    for (const std::uint32_t index : thread.rollouts) {
        add_rollout(item, inventory.rollouts[index], !thread.rows.empty());
    }
    if (thread.unusable) {
        const Rollout& unusable = inventory.rollouts[*thread.unusable];
        add_distinct(item.paths, unusable.path);
        item.problem = unusable.problem;
    }
    item.is_mismatched = std::ranges::any_of(
        item.providers, [target](std::string_view one) { return one != target; });
    return item;
}

}  // namespace

bool ThreadItem::has_problem() const {
    const bool is_stuck = action == Action::Blocked || action == Action::Bad;
    return is_stuck || problem != RolloutProblem::None || stores.empty();
}

std::vector<ThreadItem> list_threads(const Inventory& inventory, const codex::Plan& plan) {
    std::vector<ThreadItem> items;
    items.reserve(plan.threads.size());
    for (const codex::ThreadPlan& one : plan.threads) {
        items.push_back(item_of(inventory, one, plan.target));
    }
    std::ranges::stable_sort(items, std::greater(), &ThreadItem::updated_at);
    return items;
}

json::Value to_json(const ThreadItem& item) {
    json::Value providers = json::Value::array();
    for (const std::string& provider : item.providers) {
        providers.push_back(provider.empty() ? json::Value() : json::Value(provider));
    }
    const auto name_or_null = [](std::string_view name) {
        return name.empty() || name == "none" ? json::Value() : json::Value(name);
    };
    return {{"id", item.id},
            {"providers", providers},
            {"mismatched", item.is_mismatched},
            {"title", item.title},
            {"cwd", item.cwd},
            {"updated_at", json_time(item.updated_at)},
            {"archived", item.is_archived},
            {"bytes", item.bytes},
            {"stores", item.stores},
            {"rollouts", item.paths},
            {"paginated", item.is_paginated},
            {"compressed", item.is_compressed},
            {"encrypted", item.has_encrypted},
            {"action", name_of(item.action)},
            {"reason", name_or_null(name_of(item.reason))},
            {"problem", name_or_null(name_of(item.problem))}};
}

}  // namespace trueup::app
