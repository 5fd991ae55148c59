#include <fmt/format.h>

#include "base/file.h"
#include "codex/apply/change.h"
#include "codex/apply/retention.h"
#include "codex/apply/run_folder.h"

namespace trueup::codex {
namespace {

ThreadOutcome outcome_of(const Inventory& inventory, const ThreadPlan& plan) {
    const Thread& thread = inventory.threads[plan.thread];
    ThreadOutcome outcome{.id = thread.id,
                          .action = plan.action,
                          .reason = plan.reason,
                          .detail = plan.detail,
                          .paths = {}};
    for (const std::uint32_t rollout : thread.rollouts) {
        outcome.paths.push_back(inventory.rollouts[rollout].path);
    }
    return outcome;
}

/// What the store itself lets us say before a row was touched.
StoreOutcome outcome_of(const StoreView& view, bool forces_backfill) {
    StoreOutcome outcome{.store = view.store, .result = StoreResult::Updated, .detail = {}};
    outcome.rows = std::ssize(view.rows);
    if (view.store.is_missing) {
        outcome.result = StoreResult::Missing;
    } else if (view.problem) {
        const bool is_locked = view.problem->kind == ErrorClass::Retryable;
        outcome.result = is_locked ? StoreResult::Locked : StoreResult::Failed;
    } else if (view.backfill.state == BackfillState::Running && !forces_backfill) {
        outcome.result = StoreResult::Backfill;
    }
    if (view.problem) outcome.detail = view.problem->message;
    return outcome;
}

}  // namespace

void take_change(const StoreChange& change, StoreOutcome& outcome) {
    outcome.rows_changed = change.rows_changed;
    if (!change.problem) return;
    const bool is_locked = change.problem->kind == ErrorClass::Retryable;
    outcome.result = is_locked ? StoreResult::Locked : StoreResult::Failed;
    outcome.detail = change.problem->message;
}

void Change::take_result(const RunResult& result) {
    outcome_.patched = result.patched;
    outcome_.grown = result.grown;
    outcome_.rows_changed = result.rows_changed;
    outcome_.changed.reserve(result.threads.size());
    for (std::uint32_t number = 0; number < result.threads.size(); ++number) {
        const ThreadFate& fate = result.threads[number];
        ThreadOutcome one = outcome_of(inventory_, plan_.threads[plan_of_thread_[number]]);
        if (fate.is_done()) {
            outcome_.changed.push_back(std::move(one));
            continue;
        }
        one.action = Action::Blocked;
        one.reason = fate.reason;
        one.detail = fate.detail;
        outcome_.left_out.push_back(std::move(one));
    }
    store_results_ = result.stores;
    backups_ = result.backups;
    refresh(result);
}

/// So that the next look can do without reading what was changed: it knows a file by its times.
void Change::refresh(const RunResult& result) {
    std::vector<std::int64_t> ctimes(files_.size());
    for (const FileDone& done : result.files_done) ctimes[done.index] = done.ctime_ns;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        Rollout& rollout = inventory_.rollouts[files_[i].rollout];
        if (ctimes[i] == 0 || rollout.info.inode == 0) {
            rollout.info = {};
        } else {
            rollout.info.ctime_ns = ctimes[i];
            rollout.looked_at_ns = result.read_back.began_ns;
        }
    }
}

/// What is kept for later runs; none of it can make this one fail.
Status Change::tidy_up() {
    for (const std::string& path : inventory_.leftovers) {
        discard(remove_file(path), "a leftover that stays does no harm");
    }
    const bool has_news = inventory_.rollouts_read > 0 || outcome_.run_id;
    if (has_news && !options_->first_line_only && !options_->is_sqlite_only) {
        discard(write_cache(inventory_, cache_path(job_->home)), "the cache is only for speed");
    }
    discard(retain(job_->home, kRunsKept), "old runs that stay do no harm");
    return {};
}

RunOutcome Change::outcome() {
    outcome_.target = plan_.target;
    outcome_.origin = inventory_.settings.origin;
    outcome_.threads = std::ssize(plan_.threads);
    outcome_.rollouts = std::ssize(inventory_.rollouts);
    outcome_.matched = plan_.counts.match;
    outcome_.encrypted = plan_.counts.encrypted;
    for (const StoreView& view : inventory_.stores) {
        outcome_.stores.push_back(outcome_of(view, options_->forces_backfill));
    }
    for (std::size_t i = 0; i < store_of_record_.size() && i < store_results_.size(); ++i) {
        StoreOutcome& store = outcome_.stores[store_of_record_[i]];
        take_change(store_results_[i], store);
        store.backup = backups_[i];
    }
    const bool is_planned_only = !outcome_.run_id;
    for (const ThreadPlan& plan : plan_.threads) {
        const bool is_left = plan.action == Action::Blocked || plan.action == Action::Bad;
        if (is_left) outcome_.left_out.push_back(outcome_of(inventory_, plan));
        const bool would_change = !is_left && plan.action != Action::Match;
        if (would_change && options_->is_dry_run) {
            outcome_.patched += std::ssize(plan.patches);
            outcome_.grown += std::ssize(plan.growths);
            outcome_.rows_changed += std::ssize(plan.rows);
            outcome_.changed.push_back(outcome_of(inventory_, plan));
        } else if (would_change && is_planned_only) {
            // Not even tried: a store was not ready.
            ThreadOutcome one = outcome_of(inventory_, plan);
            one.action = Action::Blocked;
            one.reason = Reason::StoreUnavailable;
            outcome_.left_out.push_back(std::move(one));
        }
    }
    outcome_.left = std::ssize(outcome_.left_out);
    outcome_.failure = failure();
    outcome_.elapsed =
        std::chrono::duration_cast<std::chrono::milliseconds>(job_->clock->monotonic() - began_);
    return std::move(outcome_);
}

/// With no store that could be updated, nothing was done.
std::optional<Error> Change::failure() const {
    const StoreOutcome* first = nullptr;
    for (const StoreOutcome& store : outcome_.stores) {
        if (store.result == StoreResult::Updated) return std::nullopt;
        if (first == nullptr) first = &store;
    }
    if (first == nullptr || options_->is_dry_run) return std::nullopt;
    const std::string why =
        first->detail.empty() ? fmt::format("{} is in backfill", first->store.path) : first->detail;
    return Error{ErrorClass::Failed, fmt::format("no store could be updated: {}", why), {}};
}

void Change::tell(NoticeKind kind, std::string subject, std::int64_t count) {
    outcome_.notices.push_back({kind, std::move(subject), count});
    if (job_->tell) job_->tell(outcome_.notices.back());
}

std::chrono::milliseconds Change::left_of_wait() const {
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(job_->clock->monotonic() - began_);
    return std::max(options_->wait - spent, std::chrono::milliseconds(0));
}

}  // namespace trueup::codex
