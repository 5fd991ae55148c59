#include "codex/watch/watcher.h"

#include <algorithm>
#include <utility>

namespace trueup::codex {
namespace {

/// Whether time alone may free the thread: a file that is closed, a lock that is given back.
bool may_pass(Reason reason) {
    switch (reason) {
        case Reason::OpenElsewhere:
        case Reason::MaybeOpen:
        case Reason::ChangedMeanwhile:
        case Reason::StoreUnavailable:
        case Reason::WriteFailed:
        case Reason::RolledBack: return true;
        case Reason::None:
        case Reason::Paginated:
        case Reason::HardLinked:
        case Reason::OutsideHome:
        case Reason::ReadOnly:
        case Reason::Unreadable:
        case Reason::Empty:
        case Reason::NotJson:
        case Reason::NoMeta:
        case Reason::Damaged:
        case Reason::NoOriginal: return false;
    }
    std::unreachable();
}

/// A store that is to be tried again soon.
bool must_retry(const StoreOutcome& outcome) {
    switch (outcome.result) {
        case StoreResult::Updated:
        case StoreResult::Missing: return false;  // Its coming is an event.
        case StoreResult::Backfill:
        case StoreResult::Locked:
        case StoreResult::Failed: return true;
    }
    std::unreachable();
}

std::vector<Store> stores_of(const std::vector<StoreOutcome>& outcomes) {
    std::vector<Store> stores;
    stores.reserve(outcomes.size());
    for (const StoreOutcome& outcome : outcomes) stores.push_back(outcome.store);
    return stores;
}

}  // namespace

void Settling::note(Time now) {
    if (!due_) first_ = now;
    due_ = std::min<Time>(now + kSettle, first_ + kSettleMax);
}

Watcher::Watcher(const WatchOptions& options, Senses& senses, const Reconcile& reconcile)
    : options_(&options), senses_(&senses), reconcile_(&reconcile), narrator_(options.say) {}

void Watcher::run() {
    follow();
    scan_at_ = senses_->now() + kScanInterval;
    reconcile_now();
    while (!is_stopped_) {
        const Wake wake = senses_->wait(next_deadline());
        if (wake.is_stopped) return;
        take(wake);
        act();
    }
}

Watcher::Time Watcher::next_deadline() const {
    Time deadline = Time::max();
    for (const auto& due : {config_.due(), store_at_, retry_at_, scan_at_, full_scan_at_}) {
        if (due) deadline = std::min(deadline, *due);
    }
    return deadline;
}

bool Watcher::is_due(const std::optional<Time>& time) const {
    return time && *time <= senses_->now();
}

void Watcher::take(const Wake& wake) {
    if (wake.is_lost) follow();
    if (wake.is_config || wake.is_lost) config_.note(senses_->now());
    if (wake.is_store || wake.is_lost) look_again();
}

void Watcher::look_again() {
    if (!store_at_) store_at_ = senses_->now() + kSettle;
}

/// One run at most: what else is due comes at the next turn.
void Watcher::act() {
    if (is_due(config_.due()) || is_due(retry_at_) || is_due(full_scan_at_)) {
        reconcile_now();
        return;
    }
    if (is_due(scan_at_)) {
        scan();
        return;
    }
    if (!is_due(store_at_)) return;
    store_at_.reset();
    if (has_news()) reconcile_now();
}

void Watcher::follow() {
    if (const auto note = senses_->follow(stores_of(stores_))) narrator_.say(*note);
}

void Watcher::scan() {
    scan_at_ = senses_->now() + kScanInterval;
    follow();
    if (senses_->look_at_config().files != config_files_) config_.note(senses_->now());
    if (!options_->is_sqlite_only && senses_->has_tree_moved()) has_tree_moved_ = true;
    if (!is_failing_ && (has_tree_moved_ || has_waiting_)) {
        reconcile_now();
        return;
    }
    store_at_.reset();
    if (has_news()) reconcile_now();
}

/// Whether the stores call for a run.
bool Watcher::has_news() {
    if (senses_->look_at_places(stores_of(stores_)) != places_) return true;
    if (is_failing_) return false;
    bool has_some = false;
    for (const StoreOutcome& outcome : stores_) {
        if (outcome.store.is_missing) continue;
        const StoreLook look = senses_->look_at_store(outcome.store, target_, known_);
        if (look.problem && !retry_at_) retry_later();
        if (look.problem || !look.is_moved) continue;
        // While Codex rebuilds a store its rows change all the time; the end of that matters.
        const bool is_over = outcome.result == StoreResult::Backfill && look.is_ready;
        if (is_over ||
            (outcome.result == StoreResult::Updated && take_news(outcome.store.path, look.news))) {
            has_some = true;
        }
    }
    return has_some;
}

/// Rows that have called for a run already and are off the target still, would call for one run
/// after the other: they are left to the scans.
bool Watcher::take_news(const std::string& store, const std::vector<std::string>& news) {
    const ThreadIds before = std::exchange(suspects_[store], {});
    bool has_some = false;
    for (const std::string& id : news) {
        const bool is_stubborn = before.contains(id);
        (is_stubborn ? known_ : suspects_[store]).insert(id);
        if (is_stubborn) has_waiting_ = true;
        if (!is_stubborn) has_some = true;
    }
    return has_some;
}

ReconcileOptions Watcher::reconcile_options() const {
    ReconcileOptions out;
    out.kind = RunKind::Watch;
    out.settings = options_->settings;
    out.stores = options_->stores;
    out.is_sqlite_only = options_->is_sqlite_only;
    out.forces_backfill = options_->forces_backfill;
    out.first_line_only = options_->first_line_only;
    out.padding = options_->padding;
    out.wait = kWatchWait;
    return out;
}

void Watcher::reconcile_now() {
    config_.clear();
    retry_at_.reset();
    // Looked at before the run: what changes meanwhile is seen as a change afterwards.
    ConfigLook config = senses_->look_at_config();
    config_files_ = std::move(config.files);
    places_ = senses_->look_at_places(stores_of(stores_));
    if (!options_->is_sqlite_only) static_cast<void>(senses_->has_tree_moved());
    const Result<RunOutcome> outcome = (*reconcile_)(reconcile_options());
    full_scan_at_ = senses_->now() + kFullScanInterval;
    if (!outcome) {
        take_error(outcome.error());
        return;
    }
    has_tree_moved_ = false;
    take_outcome(*outcome);
}

void Watcher::retry_later() {
    retry_at_ = senses_->now() + retry_delay_;
    retry_delay_ = std::min<Time>(retry_delay_ * 2, kRetryMax);
}

void Watcher::take_error(const Error& error) {
    if (error.kind == ErrorClass::Interrupted) {
        is_stopped_ = true;
        return;
    }
    is_failing_ = true;
    narrator_.tell(error);
    retry_later();
}

void Watcher::take_outcome(const RunOutcome& outcome) {
    narrator_.tell(outcome);
    is_failing_ = outcome.failure.has_value();
    target_ = outcome.target;
    stores_ = outcome.stores;
    // Stores that were there before keep the stamps from before the run.
    std::vector<FileStamp> places = senses_->look_at_places(stores_of(stores_));
    for (FileStamp& place : places) {
        const auto old = std::ranges::find(places_, place.path, &FileStamp::path);
        if (old != places_.end()) place = *old;
    }
    places_ = std::move(places);
    follow();

    known_.clear();
    has_waiting_ = false;
    for (const ThreadOutcome& thread : outcome.left_out) {
        known_.insert(thread.id.str());
        has_waiting_ = has_waiting_ || may_pass(thread.reason);
    }
    if (is_failing_ || std::ranges::any_of(stores_, must_retry)) {
        retry_later();
    } else {
        retry_delay_ = kRetryMin;
    }
    look_again();
}

}  // namespace trueup::codex
