#include "codex/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codex/plan/selection.h"

namespace trueup::codex {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

/// Why a thread has to stay as it is.
struct Obstacle {
    Reason reason;
    SharedText detail;
};

Reason reason_of(RolloutProblem problem) {
    switch (problem) {
        case RolloutProblem::None:
        case RolloutProblem::Missing: return Reason::None;
        case RolloutProblem::Unreadable:
        case RolloutProblem::NotAFile:
        case RolloutProblem::TooLong: return Reason::Unreadable;
        case RolloutProblem::Empty: return Reason::Empty;
        case RolloutProblem::NotJson: return Reason::NotJson;
        case RolloutProblem::NoMeta: return Reason::NoMeta;
        case RolloutProblem::Damaged: return Reason::Damaged;
    }
    std::unreachable();
}

bool has_room(const Rollout& rollout, std::string_view target) {
    return rollout.format == RolloutFormat::Plain &&
           std::ranges::all_of(rollout.metas,
                               [&](const MetaAt& at) { return has_room_for(at.meta, target); });
}

class Planner {
  public:
    Planner(const Inventory& inventory, const PlanOptions& options);

    ThreadPlan decide(const Thread& thread, std::string_view target) const;
    ThreadPlan decide_padding(const Thread& thread, std::uint32_t padding) const;

  private:
    bool is_off_limits(const StoreView& view) const;
    Obstacle store_obstacle(const StoreView& view) const;
    std::optional<Obstacle> find_bad(const Thread& thread) const;
    std::optional<Obstacle> take_rollouts(const Thread& thread, std::string_view target,
                                          ThreadPlan& plan) const;
    bool is_outside_home(const Rollout& rollout) const;
    std::optional<Obstacle> growth_obstacle(const Rollout& rollout) const;
    std::optional<Obstacle> take_rows(const Thread& thread, std::string_view target,
                                      ThreadPlan& plan) const;
    bool is_known_to_a_store(const Thread& thread) const;
    std::optional<Obstacle> step_obstacle(const Thread& thread) const;

    const Inventory* inventory_;
    const PlanOptions* options_;
    const StoreView* in_backfill_ = nullptr;
    const StoreView* unreadable_ = nullptr;
};

Planner::Planner(const Inventory& inventory, const PlanOptions& options)
    : inventory_(&inventory), options_(&options) {
    for (const StoreView& view : inventory.stores) {
        if (view.store.is_missing) continue;
        const StoreView*& first = view.problem ? unreadable_ : in_backfill_;
        if (first == nullptr && is_off_limits(view)) first = &view;
    }
}

bool Planner::is_off_limits(const StoreView& view) const {
    if (view.problem) return true;
    return view.backfill.state == BackfillState::Running && !options_->forces_backfill;
}

Obstacle Planner::store_obstacle(const StoreView& view) const {
    if (view.problem) return {Reason::StoreUnavailable, view.problem->message};
    return {Reason::StoreUnavailable, fmt::format("{} is in backfill", view.store.path)};
}

/// A rollout that a row names, or that carries the thread's id, and that nobody can read.
std::optional<Obstacle> Planner::find_bad(const Thread& thread) const {
    const auto judge = [this](std::uint32_t index) -> std::optional<Obstacle> {
        const Rollout& rollout = inventory_->rollouts[index];
        const Reason reason = reason_of(rollout.problem);
        if (reason == Reason::None) return std::nullopt;
        const std::string_view words =
            rollout.detail.empty() ? name_of(rollout.problem) : rollout.detail.view();
        return Obstacle{reason, fmt::format("{}: {}", rollout.path, words)};
    };
    for (const std::uint32_t index : thread.rollouts) {
        if (auto bad = judge(index)) return bad;
    }
    return thread.unusable ? judge(*thread.unusable) : std::nullopt;
}

bool Planner::is_outside_home(const Rollout& rollout) const {
    const CodexHome& home = inventory_->home;
    return !is_within(rollout.path, home.path) && !is_within(rollout.path, home.canonical);
}

/// Why the rollout must not be written anew.
std::optional<Obstacle> Planner::growth_obstacle(const Rollout& rollout) const {
    const auto because = [&](Reason reason) { return Obstacle{reason, rollout.path}; };
    if (rollout.is_paginated()) return because(Reason::Paginated);
    if (rollout.info.links > 1) return because(Reason::HardLinked);
    if (options_->open_files == nullptr) return std::nullopt;
    if (options_->open_files->holds(rollout.info)) return because(Reason::OpenElsewhere);
    if (options_->open_files->is_complete) return std::nullopt;
    // One from the future is as good as new.
    const UnixMicros age = options_->now - rollout.info.mtime_ns / kNanosPerMicro;
    if (age < std::chrono::microseconds(kMaybeOpenAge).count()) return because(Reason::MaybeOpen);
    return std::nullopt;
}

std::optional<Obstacle> Planner::take_rollouts(const Thread& thread, std::string_view target,
                                               ThreadPlan& plan) const {
    for (const std::uint32_t index : thread.rollouts) {
        const Rollout& rollout = inventory_->rollouts[index];
        if (rollout.problem == RolloutProblem::Missing) continue;  // Gone since it was listed.
        plan.has_encrypted = plan.has_encrypted || rollout.has_encrypted;
        if (rollout.is_under(target)) continue;
        if (is_outside_home(rollout)) return Obstacle{Reason::OutsideHome, rollout.path};
        if (has_room(rollout, target)) {
            plan.patches.push_back(index);
            continue;
        }
        if (auto obstacle = growth_obstacle(rollout)) return obstacle;
        plan.growths.push_back(index);
    }
    return std::nullopt;
}

/// Takes the rows that are off the target and may be written; answers for one that may not.
std::optional<Obstacle> Planner::take_rows(const Thread& thread, std::string_view target,
                                           ThreadPlan& plan) const {
    std::optional<Obstacle> obstacle;
    for (const RowRef ref : thread.rows) {
        const ThreadRow* row = row_at(*inventory_, ref);
        if (row != nullptr && row->provider == target) continue;
        const StoreView& view = inventory_->stores[ref.store];
        if (row != nullptr && !is_off_limits(view)) {
            plan.rows.push_back(ref);
        } else if (!obstacle) {
            obstacle = store_obstacle(view);
        }
    }
    return obstacle;
}

bool Planner::is_known_to_a_store(const Thread& thread) const {
    return std::ranges::any_of(thread.rows,
                               [this](RowRef ref) { return row_at(*inventory_, ref) != nullptr; });
}

/// Stores that could bring rows and rollouts out of step though no row that we read says so.
std::optional<Obstacle> Planner::step_obstacle(const Thread& thread) const {
    if (in_backfill_ != nullptr) return store_obstacle(*in_backfill_);
    if (unreadable_ != nullptr && !is_known_to_a_store(thread)) return store_obstacle(*unreadable_);
    return std::nullopt;
}

ThreadPlan as_left(Action action, Obstacle obstacle) {
    return {.action = action, .reason = obstacle.reason, .detail = std::move(obstacle.detail)};
}

Action action_of(const ThreadPlan& plan) {
    if (!plan.growths.empty()) return Action::Grow;
    if (!plan.patches.empty()) return Action::Patch;
    return plan.rows.empty() ? Action::Match : Action::RowOnly;
}

ThreadPlan Planner::decide(const Thread& thread, std::string_view target) const {
    ThreadPlan plan;
    if (options_->has_rollouts) {
        if (auto bad = find_bad(thread)) return as_left(Action::Bad, *std::move(bad));
        if (auto obstacle = take_rollouts(thread, target, plan)) {
            return as_left(Action::Blocked, *std::move(obstacle));
        }
    }
    std::optional<Obstacle> held = take_rows(thread, target, plan);
    plan.action = action_of(plan);
    if (plan.action == Action::Match) {
        return held ? as_left(Action::Blocked, *std::move(held)) : std::move(plan);
    }
    if (options_->has_rollouts && !held) held = step_obstacle(thread);
    if (!held) return plan;
    if (options_->has_rollouts) return as_left(Action::Blocked, *std::move(held));
    plan.reason = held->reason;  // Rows alone: the ready stores do not wait for the others.
    plan.detail = std::move(held->detail);
    return plan;
}

/// Room that a later run finds in every record: blanks, and the value that stands there.
bool is_padded(const Rollout& rollout, std::uint32_t padding) {
    return std::ranges::all_of(rollout.metas, [padding](const MetaAt& at) {
        std::uint64_t room = at.meta.blanks_at_end;
        for (const Slice& value : at.meta.values) room += value.length;
        return room >= padding;
    });
}

ThreadPlan Planner::decide_padding(const Thread& thread, std::uint32_t padding) const {
    ThreadPlan plan;
    if (auto bad = find_bad(thread)) return as_left(Action::Bad, *std::move(bad));
    for (const std::uint32_t index : thread.rollouts) {
        const Rollout& rollout = inventory_->rollouts[index];
        // Compressed ones are written anew whenever they change, so room would be of no use.
        const bool is_meant = rollout.problem == RolloutProblem::None &&
                              rollout.format == RolloutFormat::Plain &&
                              !is_padded(rollout, padding);
        if (!is_meant) continue;
        if (is_outside_home(rollout)) {
            return as_left(Action::Blocked, {Reason::OutsideHome, rollout.path});
        }
        if (auto held = growth_obstacle(rollout)) return as_left(Action::Blocked, *std::move(held));
        plan.growths.push_back(index);
    }
    std::optional<Obstacle> held = step_obstacle(thread);
    plan.action = action_of(plan);
    const bool is_held = held && plan.action != Action::Match;
    return is_held ? as_left(Action::Blocked, *std::move(held)) : std::move(plan);
}

/// For the thread's own target where each has its own, else for `target`; nothing for a thread that
/// has none and that nobody asked for.
std::optional<ThreadPlan> plan_of(const Thread& thread, const Planner& planner,
                                  const PlanOptions& options, const SharedText& target) {
    if (options.targets == nullptr) return planner.decide(thread, target);
    std::optional<SharedText> own = options.targets->target_of(thread);
    if (own) {
        ThreadPlan made = planner.decide(thread, *own);
        made.target = *std::move(own);
        return made;
    }
    // Only who asked for this very thread wants to hear of it.
    if (options.selection.threads.empty()) return std::nullopt;
    return as_left(Action::Blocked, {Reason::NoOriginal, {}});
}

void count(const ThreadPlan& plan, PlanCounts& counts) {
    switch (plan.action) {
        case Action::Match: ++counts.match; return;
        case Action::Blocked: ++counts.blocked; return;
        case Action::Bad: ++counts.bad; return;
        case Action::Patch: ++counts.patch; break;
        case Action::Grow: ++counts.grow; break;
        case Action::RowOnly: ++counts.row_only; break;
    }
    if (plan.has_encrypted) ++counts.encrypted;
}

void add(std::uint32_t thread, ThreadPlan made, Plan& plan) {
    made.thread = thread;
    count(made, plan.counts);
    plan.threads.push_back(std::move(made));
}

}  // namespace

std::string_view name_of(Action action) {
    switch (action) {
        case Action::Match: return "match";
        case Action::Patch: return "patch";
        case Action::Grow: return "grow";
        case Action::RowOnly: return "row-only";
        case Action::Blocked: return "blocked";
        case Action::Bad: return "bad";
    }
    std::unreachable();
}

std::string_view name_of(Reason reason) {
    switch (reason) {
        case Reason::None: return "";
        case Reason::OpenElsewhere: return "open";
        case Reason::MaybeOpen: return "maybe-open";
        case Reason::Paginated: return "paginated";
        case Reason::HardLinked: return "hard-linked";
        case Reason::OutsideHome: return "outside-home";
        case Reason::ReadOnly: return "read-only";
        case Reason::Unreadable: return "unreadable";
        case Reason::Empty: return "empty";
        case Reason::NotJson: return "not-json";
        case Reason::NoMeta: return "no-meta";
        case Reason::Damaged: return "damaged";
        case Reason::ChangedMeanwhile: return "changed-meanwhile";
        case Reason::StoreUnavailable: return "store-unavailable";
        case Reason::WriteFailed: return "write-failed";
        case Reason::RolledBack: return "rolled-back";
        case Reason::NoOriginal: return "no-original";
    }
    std::unreachable();
}

Plan make_plan(const Inventory& inventory, const PlanOptions& options) {
    Plan plan{.target = inventory.settings.provider};
    const Selector selector(inventory, options.selection);
    const Planner planner(inventory, options);
    if (options.selection.is_all()) plan.threads.reserve(inventory.threads.size());
    for (std::uint32_t index = 0; index < inventory.threads.size(); ++index) {
        const Thread& thread = inventory.threads[index];
        if (!options.has_rollouts && thread.rows.empty()) continue;
        if (!selector.takes(thread)) continue;
        if (auto made = plan_of(thread, planner, options, plan.target)) {
            add(index, *std::move(made), plan);
        }
    }
    return plan;
}

Plan plan_padding(const Inventory& inventory, const PlanOptions& options, std::uint32_t padding) {
    Plan plan{.target = inventory.settings.provider};
    const Selector selector(inventory, options.selection);
    const Planner planner(inventory, options);
    for (std::uint32_t index = 0; index < inventory.threads.size(); ++index) {
        const Thread& thread = inventory.threads[index];
        if (selector.takes(thread)) add(index, planner.decide_padding(thread, padding), plan);
    }
    return plan;
}

}  // namespace trueup::codex
