#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "codex/plan/plan.h"
#include "codex/plan/selection.h"

namespace trueup::codex {
namespace {

using core::Partition;
using core::PartitionVerdict;

struct RowCounts {
    std::int64_t rows = 0;
    std::int64_t under_target = 0;
};

std::string_view target_of(const Plan& plan, const ThreadPlan& thread) {
    return thread.target.empty() ? plan.target.view() : thread.target.view();
}

std::vector<RowCounts> count_rows(const Inventory& inventory, const Plan& plan) {
    std::vector<RowCounts> counts(inventory.stores.size());
    for (const ThreadPlan& planned : plan.threads) {
        for (const RowRef ref : inventory.threads[planned.thread].rows) {
            const ThreadRow* row = row_at(inventory, ref);
            if (row == nullptr) continue;
            ++counts[ref.store].rows;
            if (row->provider == target_of(plan, planned)) ++counts[ref.store].under_target;
        }
    }
    return counts;
}

std::string note_of(const StoreView& view, const RowCounts& counts) {
    std::string note;
    const std::int64_t off = counts.rows - counts.under_target;
    if (off != 0) {
        note = fmt::format("{} {} under another provider", grouped(off), off == 1 ? "row" : "rows");
    }
    if (view.backfill.state == BackfillState::Ready) return note;
    if (!note.empty()) note += "; ";
    const bool is_stale = view.backfill.state == BackfillState::Stale;
    return note +
           (is_stale ? "a backfill was begun and its worker is gone" : "Codex is rebuilding it");
}

Partition store_partition(const StoreView& view, const RowCounts& counts) {
    Partition out{.kind = "store",
                  .id = fmt::format("{} {}", name_of(view.store.kind), printable(view.store.path))};
    if (view.problem || view.store.is_missing) {
        out.note = view.problem ? view.problem->message : "it does not exist";
        return out;
    }
    out.truth = counts.rows;
    out.copy = counts.under_target;
    const bool is_match = counts.rows == counts.under_target;
    out.verdict = is_match ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
    out.note = note_of(view, counts);
    return out;
}

void add_distinct(std::vector<std::string>& list, std::string_view text) {
    if (std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

/// What the thread is stamped with now, rows first; empty texts for stamps without a provider.
std::vector<std::string> providers_of(const Inventory& inventory, const Thread& thread) {
    std::vector<std::string> out;
    for (const RowRef ref : thread.rows) {
        const ThreadRow* row = row_at(inventory, ref);
        if (row != nullptr) add_distinct(out, row->provider.value_or(SharedText()));
    }
    for (const std::uint32_t index : thread.rollouts) {
        for (const MetaAt& at : inventory.rollouts[index].metas) {
            add_distinct(out, at.meta.provider.value_or(SharedText()));
        }
    }
    return out;
}

std::vector<std::string> paths_of(const Inventory& inventory, const Thread& thread) {
    std::vector<std::string> out;
    out.reserve(thread.rollouts.size() + 1);
    for (const std::uint32_t index : thread.rollouts)
        out.push_back(inventory.rollouts[index].path.str());
    if (thread.unusable) add_distinct(out, inventory.rollouts[*thread.unusable].path);
    return out;
}

std::string note_of(const ThreadPlan& planned) {
    switch (planned.action) {
        case Action::Match: return "";
        case Action::Patch: return "its rollout can be changed in place";
        case Action::Grow: return "its rollout has to be written anew";
        case Action::RowOnly: return "only rows differ";
        case Action::Blocked: return fmt::format("must not be changed now: {}", planned.detail);
        case Action::Bad: return fmt::format("cannot be read: {}", planned.detail);
    }
    std::unreachable();
}

Partition thread_partition(const Inventory& inventory, const Plan& plan,
                           const ThreadPlan& planned) {
    const Thread& thread = inventory.threads[planned.thread];
    Partition out{.kind = "thread", .id = printable(thread.id), .note = note_of(planned)};
    const bool is_bad = planned.action == Action::Bad;
    out.verdict = is_bad ? PartitionVerdict::Unknown : PartitionVerdict::Mismatch;
    out.fields.emplace_back("providers", providers_of(inventory, thread));
    out.fields.emplace_back("target", std::string(target_of(plan, planned)));
    out.fields.emplace_back("action", std::string(name_of(planned.action)));
    if (planned.reason != Reason::None) {
        out.fields.emplace_back("reason", std::string(name_of(planned.reason)));
    }
    out.fields.emplace_back("rollouts", paths_of(inventory, thread));
    return out;
}

}  // namespace

core::Report to_report(const Inventory& inventory, const Plan& plan) {
    core::Report report{.command = "codex check",
                        .subject = inventory.home.path,
                        .evidence = "stamp",
                        .truth = fmt::format("provider {}", plan.target),
                        .copy = inventory.home.path};
    const std::vector<RowCounts> counts = count_rows(inventory, plan);
    for (std::size_t index = 0; index < counts.size(); ++index) {
        report.partitions.push_back(store_partition(inventory.stores[index], counts[index]));
    }
    for (const ThreadPlan& planned : plan.threads) {
        if (planned.action == Action::Match) continue;
        report.partitions.push_back(thread_partition(inventory, plan, planned));
    }
    return report;
}

}  // namespace trueup::codex
