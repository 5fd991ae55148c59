#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include "codex/plan/plan_test_support.h"
#include "codex/plan/selection.h"

// Whatever a home looks like: made-up inventories, and what must hold of the plan of each.
namespace trueup::codex {
namespace {

constexpr std::int64_t kNowSeconds = 1'800'000'000;

template <class T>
T one_of(std::initializer_list<T> values) {
    return *rc::gen::elementOf(std::vector<T>(values));
}

bool rarely() { return *rc::gen::inRange(0, 6) == 0; }

RolloutSpec any_rollout() {
    static const std::vector<RolloutProblem> problems = {
        RolloutProblem::Missing, RolloutProblem::Unreadable, RolloutProblem::NotAFile,
        RolloutProblem::Empty,   RolloutProblem::NotJson,    RolloutProblem::NoMeta,
        RolloutProblem::TooLong, RolloutProblem::Damaged};
    RolloutSpec spec;
    spec.provider = one_of<std::string>({"openai", "old", "azure-production"});
    if (rarely()) spec.path = one_of<std::string>({"/tmp/x.jsonl", "/disk/codex/sessions/x.jsonl"});
    if (rarely()) spec.format = RolloutFormat::Zstd;
    if (rarely()) spec.problem = *rc::gen::elementOf(problems);
    spec.blanks = one_of<std::uint32_t>({0, 256});
    spec.records = *rc::gen::inRange(1, 4);
    spec.is_paginated = rarely();
    spec.has_encrypted = rarely();
    spec.links = rarely() ? 2 : 1;
    spec.mtime_s = one_of<std::int64_t>({0, kNowSeconds - 10, kNowSeconds + 10});
    return spec;
}

void add_store(MadeUp& made, StoreKind kind) {
    static const std::vector<BackfillState> states = {BackfillState::Ready, BackfillState::Stale,
                                                      BackfillState::Running};
    const std::uint32_t index =
        made.store(kind, rarely() ? *rc::gen::elementOf(states) : BackfillState::Ready);
    StoreView& view = made.inventory.stores[index];
    if (rarely()) view.problem = Error{ErrorClass::Retryable, view.store.path + " is locked", {}};
    view.store.is_missing = view.problem && rarely();
}

void add_thread(MadeUp& made, int number) {
    made.thread("t" + std::to_string(number));
    for (std::uint32_t store = 0; store < made.inventory.stores.size(); ++store) {
        // A store that could not be read has no rows, so no thread knows of any.
        if (made.inventory.stores[store].problem || *rc::gen::inRange(0, 3) == 0) continue;
        made.row(store, *rc::gen::element<std::optional<std::string>>("openai", "openai", "old",
                                                                      std::nullopt));
    }
    const int rollouts = *rc::gen::weightedElement<int>({{2, 0}, {6, 1}, {2, 2}, {1, 3}});
    for (int index = 0; index < rollouts; ++index) made.rollout(any_rollout());
    if (rarely()) made.unusable(any_rollout());
}

struct World {
    MadeUp made;
    OpenFiles open;
    PlanOptions options;
};

World any_world() {
    World world;
    const int stores = *rc::gen::inRange(1, 4);
    for (int store = 0; store < stores; ++store)
        add_store(world.made, static_cast<StoreKind>(store));
    const int threads = *rc::gen::inRange(0, 8);
    for (int thread = 0; thread < threads; ++thread) add_thread(world.made, thread);
    for (const Rollout& rollout : world.made.inventory.rollouts) {
        if (rarely()) world.open.files.insert({rollout.info.device, rollout.info.inode});
    }
    world.open.is_complete = *rc::gen::arbitrary<bool>();
    world.options.has_rollouts = !rarely();
    world.options.forces_backfill = *rc::gen::arbitrary<bool>();
    return world;
}

Plan plan_of(const World& world) {
    PlanOptions options = world.options;
    options.open_files = &world.open;
    return world.made.plan(options);
}

bool changes(const ThreadPlan& thread) {
    return !thread.patches.empty() || !thread.growths.empty() || !thread.rows.empty();
}

std::vector<std::uint32_t> rollouts_of(const ThreadPlan& thread) {
    std::vector<std::uint32_t> out(thread.patches.begin(), thread.patches.end());
    out.insert(out.end(), thread.growths.begin(), thread.growths.end());
    return out;
}

/// The inventory after everything that the plan says was done.
Inventory done(const World& world, const Plan& plan) {
    Inventory after = world.made.inventory;
    for (const ThreadPlan& thread : plan.threads) {
        for (const RowRef ref : thread.rows) {
            after.stores[ref.store].rows[ref.row].provider = plan.target;
        }
        for (const std::uint32_t index : rollouts_of(thread)) {
            for (MetaAt& at : after.rollouts[index].metas) at.meta.provider = plan.target;
        }
    }
    return after;
}

bool is_right(const Inventory& inventory, const Thread& thread, bool has_rollouts) {
    const bool rows = std::ranges::all_of(thread.rows, [&](RowRef ref) {
        return row_at(inventory, ref)->provider == inventory.settings.provider;
    });
    return rows && (!has_rollouts || std::ranges::all_of(thread.rollouts, [&](std::uint32_t index) {
               const Rollout& rollout = inventory.rollouts[index];
               return rollout.problem == RolloutProblem::Missing ||
                      rollout.is_under(inventory.settings.provider);
           }));
}

/// What one thread's plan names, each thing once and each off the target.
struct Seen {
    std::set<std::uint32_t> threads;
    std::set<std::uint32_t> rollouts;
    std::set<std::pair<std::uint32_t, std::uint32_t>> rows;

    bool is_new(const Inventory& inventory, const ThreadPlan& thread) {
        const std::string& target = inventory.settings.provider;
        const auto is_new_rollout = [&](std::uint32_t index) {
            return rollouts.insert(index).second && !inventory.rollouts[index].is_under(target);
        };
        const auto is_new_row = [&](RowRef ref) {
            return rows.emplace(ref.store, ref.row).second &&
                   row_at(inventory, ref)->provider != target;
        };
        return threads.insert(thread.thread).second &&
               std::ranges::all_of(rollouts_of(thread), is_new_rollout) &&
               std::ranges::all_of(thread.rows, is_new_row);
    }
};

TEST(PlanProperty, NothingTwiceAndNothingForNothing) {
    EXPECT_TRUE(rc::check([] {
        const World world = any_world();
        const Inventory& inventory = world.made.inventory;
        Seen seen;
        for (const ThreadPlan& thread : plan_of(world).threads) {
            RC_ASSERT(seen.is_new(inventory, thread));
            const Thread& subject = inventory.threads[thread.thread];
            if (!world.options.has_rollouts || !is_right(inventory, subject, true)) continue;
            RC_ASSERT(thread.action == Action::Match || thread.action == Action::Bad);
        }
    }));
}

TEST(PlanProperty, CountsEqualTheList) {
    EXPECT_TRUE(rc::check([] {
        const Plan plan = plan_of(any_world());
        std::map<Action, std::int64_t> counts;
        std::int64_t encrypted = 0;
        for (const ThreadPlan& thread : plan.threads) {
            ++counts[thread.action];
            if (changes(thread) && thread.has_encrypted) ++encrypted;
        }
        RC_ASSERT(counts[Action::Match] == plan.counts.match);
        RC_ASSERT(counts[Action::Patch] == plan.counts.patch);
        RC_ASSERT(counts[Action::Grow] == plan.counts.grow);
        RC_ASSERT(counts[Action::RowOnly] == plan.counts.row_only);
        RC_ASSERT(counts[Action::Blocked] == plan.counts.blocked);
        RC_ASSERT(counts[Action::Bad] == plan.counts.bad);
        RC_ASSERT(encrypted == plan.counts.encrypted);
        RC_ASSERT(plan.is_empty() ==
                  (plan.counts.patch + plan.counts.grow + plan.counts.row_only == 0));
    }));
}

TEST(PlanProperty, RowAndRolloutStayInStep) {
    EXPECT_TRUE(rc::check([] {
        const World world = any_world();
        const Plan plan = plan_of(world);
        const Inventory after = done(world, plan);
        for (const ThreadPlan& thread : plan.threads) {
            const bool is_left = thread.action == Action::Blocked || thread.action == Action::Bad;
            RC_ASSERT(changes(thread) == (!is_left && thread.action != Action::Match));
            RC_ASSERT(is_left <= (thread.reason != Reason::None));
            if (is_left || thread.reason != Reason::None) continue;
            RC_ASSERT(is_right(after, after.threads[thread.thread], world.options.has_rollouts));
        }
    }));
}

TEST(PlanProperty, ASecondRunFindsNothingLeftToDo) {
    EXPECT_TRUE(rc::check([] {
        World world = any_world();
        const Plan first = plan_of(world);
        world.made.inventory = done(world, first);
        const Plan second = plan_of(world);
        RC_ASSERT(second.is_empty());
        RC_ASSERT(second.counts.bad == first.counts.bad);
        RC_ASSERT(second.threads.size() == first.threads.size());
    }));
}

bool may_change(const Inventory& inventory, const Rollout& rollout) {
    return is_within(rollout.path, inventory.home.path) ||
           is_within(rollout.path, inventory.home.canonical);
}

bool may_patch(const Inventory& inventory, const Rollout& rollout) {
    return may_change(inventory, rollout) && rollout.format == RolloutFormat::Plain &&
           std::ranges::all_of(rollout.metas, [&](const MetaAt& at) {
               return has_room_for(at.meta, inventory.settings.provider);
           });
}

bool may_grow(const World& world, const Rollout& rollout) {
    return may_change(world.made.inventory, rollout) && !rollout.is_paginated() &&
           rollout.info.links == 1 && !world.open.holds(rollout.info) &&
           (world.open.is_complete || rollout.info.mtime_ns == 0);
}

void assert_files_may_change(const World& world, const ThreadPlan& thread) {
    const Inventory& inventory = world.made.inventory;
    for (const std::uint32_t index : thread.patches) {
        RC_ASSERT(may_patch(inventory, inventory.rollouts[index]));
    }
    for (const std::uint32_t index : thread.growths) {
        RC_ASSERT(may_grow(world, inventory.rollouts[index]));
    }
}

TEST(PlanProperty, InPlaceOnlyWithRoomAndAnewOnlyWhereItIsSafe) {
    EXPECT_TRUE(rc::check([] {
        const World world = any_world();
        for (const ThreadPlan& thread : plan_of(world).threads) {
            assert_files_may_change(world, thread);
            RC_ASSERT(thread.growths.empty() == (thread.action != Action::Grow));
            RC_ASSERT(world.options.has_rollouts || rollouts_of(thread).empty());
        }
    }));
}

TEST(PlanProperty, StoresThatMustNotBeWrittenAreNot) {
    EXPECT_TRUE(rc::check([] {
        const World world = any_world();
        const Inventory& inventory = world.made.inventory;
        const auto is_held = [&](const StoreView& view) {
            return view.backfill.state == BackfillState::Running && !world.options.forces_backfill;
        };
        const bool is_any_held = std::ranges::any_of(inventory.stores, [&](const StoreView& view) {
            return !view.problem && is_held(view);
        });
        const auto is_off_limits = [&](RowRef ref) {
            const StoreView& view = inventory.stores[ref.store];
            return view.problem || is_held(view);
        };
        const Plan plan = plan_of(world);
        RC_ASSERT(!is_any_held || !world.options.has_rollouts || plan.is_empty());
        for (const ThreadPlan& thread : plan.threads) {
            RC_ASSERT(std::ranges::none_of(thread.rows, is_off_limits));
        }
    }));
}

TEST(PlanProperty, ASelectionChangesNoDecision) {
    EXPECT_TRUE(rc::check([] {
        World world = any_world();
        const Plan whole = plan_of(world);
        std::vector<std::uint32_t> wanted;
        world.options.selection.threads = {"nobody"};
        for (const ThreadPlan& thread : whole.threads) {
            if (*rc::gen::arbitrary<bool>()) continue;
            wanted.push_back(thread.thread);
            world.options.selection.threads.push_back(
                world.made.inventory.threads[thread.thread].id.str());
        }
        const Plan some = plan_of(world);
        RC_ASSERT(some.threads.size() == wanted.size());
        auto all = whole.threads.begin();
        for (const ThreadPlan& thread : some.threads) {
            while (all->thread != thread.thread) ++all;
            RC_ASSERT(all->action == thread.action);
            RC_ASSERT(all->reason == thread.reason);
            RC_ASSERT(all->patches == thread.patches);
            RC_ASSERT(all->growths == thread.growths);
            RC_ASSERT(all->rows.size() == thread.rows.size());
        }
    }));
}

}  // namespace
}  // namespace trueup::codex
