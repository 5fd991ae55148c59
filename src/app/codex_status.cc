#include "app/codex_status.h"

#include <algorithm>
#include <map>

#include "app/codex_json.h"
#include "app/codex_service.h"
#include "app/codex_words.h"
#include "app/view.h"

namespace trueup::app {
namespace {

using codex::Action;
using codex::Inventory;
using codex::ProviderCount;
using codex::Rollout;
using codex::RolloutProblem;
using codex::StoreView;
using codex::ThreadPlan;

void add_hidden(StoreStatus& status, std::string_view target) {
    for (const ProviderCount& count : status.providers) {
        status.rows += count.rows;
        if (count.provider != target) status.hidden += count.rows;
    }
}

StoreStatus store_status(const StoreView& view, std::string_view target) {
    StoreStatus status{.store = view.store, .problem = view.problem, .backfill = view.backfill};
    std::map<std::optional<SharedText>, std::int64_t> rows;
    for (const codex::ThreadRow& row : view.rows) ++rows[row.provider];
    for (const auto& [provider, count] : rows) {
        const auto name = provider ? std::optional(provider->str()) : std::nullopt;
        status.providers.push_back({name, count});
    }
    const auto more_rows = [](const ProviderCount& left, const ProviderCount& right) {
        return left.rows > right.rows;  // By name where they are as many: the map is in that order.
    };
    std::ranges::stable_sort(status.providers, more_rows);
    add_hidden(status, target);
    return status;
}

/// Codex does not list it: its row, or without one its rollout, is not under the target.
bool is_hidden(const Inventory& inventory, const ThreadPlan& plan, std::string_view target) {
    if (plan.action == Action::Match) return false;
    if (plan.action != Action::Bad) return true;
    const auto& rows = inventory.threads[plan.thread].rows;
    return std::ranges::any_of(rows, [&](const codex::RowRef ref) {
        return inventory.stores[ref.store].rows[ref.row].provider != target;
    });
}

RolloutStatus rollout_status(const Inventory& inventory, const codex::Plan& plan) {
    RolloutStatus status;
    status.blocked = plan.counts.blocked;
    status.encrypted = plan.counts.encrypted;
    for (const Rollout& rollout : inventory.rollouts) {
        if (rollout.problem == RolloutProblem::Missing) {
            ++status.missing;
            continue;
        }
        ++status.files;
        if (rollout.format == codex::RolloutFormat::Zstd) ++status.compressed;
        if (rollout.problem != RolloutProblem::None) {
            ++status.unreadable;
            continue;
        }
        ++status.readable;
        if (!rollout.is_under(plan.target)) ++status.mismatched;
    }
    for (const codex::Thread& thread : inventory.threads) {
        if (thread.rows.empty()) ++status.without_row;
    }
    return status;
}

json::Value rollouts_json(const std::optional<RolloutStatus>& status) {
    if (!status) return {};
    return {{"files", status->files},           {"readable", status->readable},
            {"mismatched", status->mismatched}, {"blocked", status->blocked},
            {"unreadable", status->unreadable}, {"missing", status->missing},
            {"compressed", status->compressed}, {"without_row", status->without_row},
            {"encrypted", status->encrypted}};
}

json::Value store_json(const StoreStatus& status) {
    json::Value providers = json::Value::array();
    for (const ProviderCount& count : status.providers) {
        providers.push_back({{"provider", json_text(count.provider)}, {"rows", count.rows}});
    }
    return {{"kind", name_of(status.store.kind)},
            {"path", status.store.path},
            {"problem", status.problem ? json::Value(status.problem->message) : json::Value()},
            {"rows", status.rows},
            {"hidden", status.hidden},
            {"providers", providers},
            {"backfill", backfill_json(status.backfill)}};
}

}  // namespace

bool HomeStatus::has_unread_store() const {
    return std::ranges::any_of(stores,
                               [](const StoreStatus& one) { return one.problem.has_value(); });
}

HomeStatus status_of(const Inventory& inventory, const codex::Plan& plan) {
    HomeStatus status{.home = inventory.home, .settings = inventory.settings};
    for (const StoreView& view : inventory.stores) {
        status.stores.push_back(store_status(view, plan.target));
    }
    status.threads.all = std::ssize(plan.threads);
    status.threads.hidden = std::ranges::count_if(plan.threads, [&](const ThreadPlan& one) {
        return is_hidden(inventory, one, plan.target);
    });
    status.rollouts = rollout_status(inventory, plan);
    status.leftovers = std::ssize(inventory.leftovers);
    return status;
}

HomeStatus status_of(const codex::CodexHome& home, const codex::Settings& settings,
                     std::vector<codex::StoreCounts> counts) {
    HomeStatus status{.home = home, .settings = settings};
    for (codex::StoreCounts& one : counts) {
        StoreStatus store{.store = std::move(one.store),
                          .problem = std::move(one.problem),
                          .backfill = std::move(one.backfill),
                          .providers = std::move(one.providers)};
        add_hidden(store, settings.provider);
        status.threads.all += store.rows;
        status.threads.hidden += store.hidden;
        status.stores.push_back(std::move(store));
    }
    return status;
}

void add_runs(HomeStatus& status) {
    const auto history = codex::history(status.home);
    if (!history) return;
    for (const codex::RunSummary& run : history->runs) {
        if (!run.finished_at) status.unfinished = run;
    }
    if (!history->runs.empty()) status.last_run = history->runs.front();
}

json::Value to_json(const HomeStatus& status) {
    json::Value stores = json::Value::array();
    for (const StoreStatus& store : status.stores) stores.push_back(store_json(store));
    const bool is_hiding = status.threads.hidden > 0;
    return {{"schema", "trueup.codex.status/1"},
            {"home", status.home.path},
            {"config", config_json(status.settings)},
            {"target", target_json(status.settings)},
            {status.rollouts ? "threads" : "rows",
             {{"all", status.threads.all}, {"hidden", status.threads.hidden}}},
            {"verdict", is_hiding                   ? "differs"
                        : status.has_unread_store() ? "incomplete"
                                                    : "clean"},
            {"stores", stores},
            {"rollouts", rollouts_json(status.rollouts)},
            {"leftovers", status.leftovers},
            {"service", service_json(status.service)},
            {"last_run", status.last_run ? run_json(*status.last_run) : json::Value()},
            {"unfinished_run",
             status.unfinished ? json::Value(status.unfinished->run_id) : json::Value()}};
}

}  // namespace trueup::app
