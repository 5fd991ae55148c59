#include "codex/apply/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/file.h"
#include "base/signal.h"
#include "codex/apply/retention.h"
#include "codex/apply/run_folder.h"
#include "codex/home/open_files.h"
#include "sqlite/connection.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

// How often a store in backfill is looked at again.
constexpr milliseconds kLookAgain{100};

/// The others bring each thread where it was, or nowhere.
bool sets_one_provider(RunKind kind) {
    return kind == RunKind::Sync || kind == RunKind::Switch || kind == RunKind::Watch;
}

bool has_history(const Inventory& inventory) {
    const bool has_rows = std::ranges::any_of(
        inventory.stores, [](const StoreView& view) { return !view.rows.empty(); });
    return has_rows || !inventory.rollouts.empty();
}

}  // namespace

Change::Change(const JobContext& job, const ReconcileOptions& options)
    : job_(&job), options_(&options), began_(job.clock->monotonic()) {
    outcome_.kind = options.kind;
    outcome_.is_dry_run = options.is_dry_run;
    outcome_.started_at = job.clock->now();
}

Result<RunOutcome> Change::run(const Planner& planner) {
    if (options_->stores != StoreFilter::All && !options_->is_sqlite_only) {
        return fail(ErrorClass::Usage, "one store alone can only be changed without the rollouts",
                    "add --sqlite-only");
    }
    if (!options_->is_dry_run) TRY(lock_and_recover());
    inventory_.home = job_->home;
    inventory_.settings = TRY(read_settings(job_->home, options_->settings, job_->environment));
    if (!inventory_.settings.is_known_provider && sets_one_provider(options_->kind)) {
        tell(NoticeKind::UnknownProvider, inventory_.settings.provider);
    }
    const bool is_ready = options_->is_dry_run || TRY(stores_are_ready());
    TRY(look());
    TRY(refuse_vanished_configuration());
    make_the_plan(planner);
    if (is_ready && !options_->is_dry_run) TRY(execute_plan());
    return outcome();
}

Status Change::lock_and_recover() {
    const core::FileLock::Wait wait{.budget = options_->wait,
                                    .on_wait = [this] { tell(NoticeKind::WaitingForLock); },
                                    .clock = job_->clock};
    lock_ = TRY(core::FileLock::acquire(lock_path(job_->home), wait));
    const auto recovered = TRY(recover(*job_, left_of_wait()));
    for (const Recovered& run : recovered) {
        tell(NoticeKind::RecoveredRun, run.run_id, run.files + run.rows);
    }
    return {};
}

/// Waits, within the budget, until no store is being rebuilt or locked. A run that writes rollouts
/// needs all of them: Codex reads rollouts while it rebuilds.
Result<bool> Change::stores_are_ready() {
    const auto stores = TRY(discover_stores(job_->home, inventory_.settings, StoreFilter::All));
    bool has_told = false;
    while (true) {
        const Store* busy = nullptr;
        for (const Store& store : stores) {
            if (busy == nullptr && !store.is_missing && is_busy(store)) busy = &store;
        }
        if (busy == nullptr) return true;
        // The ready ones can be written without the rollouts.
        if (options_->is_sqlite_only && left_of_wait() == milliseconds(0)) return true;
        if (left_of_wait() == milliseconds(0)) return false;
        if (!has_told) tell(NoticeKind::WaitingForBackfill, busy->path);
        has_told = true;
        TRY(check_interrupt());
        std::this_thread::sleep_for(std::min(left_of_wait(), kLookAgain));
    }
}

/// Locked, or truly in backfill. A store that is damaged is not busy: it is reported, and does not
/// hold up the others.
bool Change::is_busy(const Store& store) {
    auto connection = open_store(store, StoreAccess::Read, std::min(left_of_wait(), kLookAgain));
    if (!connection) return connection.error().kind == ErrorClass::Retryable;
    const auto backfill = read_backfill(*connection, job_->clock->now());
    if (!backfill) return backfill.error().kind == ErrorClass::Retryable;
    if (backfill->state == BackfillState::Stale) tell(NoticeKind::StaleBackfill, store.path);
    return backfill->state == BackfillState::Running && !options_->forces_backfill;
}

Status Change::look() {
    const InspectOptions how{
        .stores = options_->stores,
        .has_rollouts = !options_->is_sqlite_only,
        .scan = options_->first_line_only ? MetaScan::FirstLine : MetaScan::WholeFile,
        .rows = options_->selection.is_all() ? RowDetail::Brief : RowDetail::Full,
        .wait = std::max(left_of_wait(), kLookAgain),
        .workers = job_->workers,
        .cache_path = options_->first_line_only ? std::string() : cache_path(job_->home)};
    inventory_ = TRY(inspect(job_->home, inventory_.settings, how, *job_->clock, *job_->progress));
    return require_threads(options_->selection, inventory_);
}

Status Change::refuse_vanished_configuration() const {
    const Settings& settings = inventory_.settings;
    const bool is_guess =
        settings.origin == ProviderOrigin::Default && settings.config != ConfigState::Present;
    if (!sets_one_provider(options_->kind) || !is_guess || !has_history(inventory_)) return {};
    return fail(ErrorClass::Config,
                fmt::format("{} {}, while there is history", settings.config_path,
                            settings.config == ConfigState::Empty ? "is empty" : "does not exist"),
                "name the provider: --provider openai");
}

void Change::make_the_plan(const Planner& planner) {
    PlanOptions how{.selection = options_->selection,
                    .has_rollouts = !options_->is_sqlite_only,
                    .forces_backfill = options_->forces_backfill,
                    .now = job_->clock->now()};
    plan_ = planner(inventory_, how);
    if (plan_.counts.grow == 0) return;
    // Only now is it worth to look who has files open.
    const OpenFiles open = find_open_files();
    how.open_files = &open;
    plan_ = planner(inventory_, how);
}

Status Change::execute_plan() {
    if (plan_.is_empty()) return tidy_up();
    if (plan_.counts.encrypted > 0) tell(NoticeKind::Encrypted, {}, plan_.counts.encrypted);
    RunInput input = input_of_plan();
    outcome_.run_id = input.begin.run_id;
    const RunResult result = TRY(execute(*job_, std::move(input)));
    take_result(result);
    return tidy_up();
}

RunInput Change::input_of_plan() {
    RunInput input;
    input.begin = {.run_id = make_run_id(job_->home, job_->clock->now(), *job_->random),
                   .kind = options_->kind,
                   .target = plan_.target.str(),
                   .started_at = outcome_.started_at,
                   .undoes = {}};
    input.backs_up =
        options_->kind != RunKind::Watch;  // It has the journal; a copy each time is too much.
    std::vector<std::optional<std::uint32_t>> record_of(inventory_.stores.size());
    const auto count = static_cast<std::size_t>(plan_.counts.changes());
    input.threads.reserve(count);
    input.rows.reserve(count);
    input.file_threads.reserve(count);
    input.originals.reserve(count);
    files_.reserve(count);
    plan_of_thread_.reserve(count);
    for (std::uint32_t i = 0; i < plan_.threads.size(); ++i) {
        const ThreadPlan& plan = plan_.threads[i];
        const bool changes = plan.action == Action::Patch || plan.action == Action::Grow ||
                             plan.action == Action::RowOnly;
        if (!changes) continue;
        for (const RowRef& ref : plan.rows) {
            if (record_of[ref.store]) continue;
            const Store& store = inventory_.stores[ref.store].store;
            record_of[ref.store] = static_cast<std::uint32_t>(input.stores.size());
            input.stores.push_back({.kind = store.kind, .path = store.path, .backup = {}});
            store_of_record_.push_back(ref.store);
        }
        plan_of_thread_.push_back(i);
        add_thread(plan, input);
        for (const RowRef& ref : plan.rows) {
            const ThreadRow& row = inventory_.stores[ref.store].rows[ref.row];
            input.rows.push_back({.thread = static_cast<std::uint32_t>(input.threads.size() - 1),
                                  .store = *record_of[ref.store],
                                  .before = row.provider,
                                  .after = target_of(plan)});
        }
    }
    folders_.resize(static_cast<std::size_t>(std::max(job_->workers, 1)));
    input.edit_of = [this](std::size_t index, std::size_t worker) -> Result<FileEdit> {
        const File& file = files_[index];
        const EditRequest request{.thread = file.thread,
                                  .mode = file.mode,
                                  .provider = file.provider,
                                  .padding = options_->padding};
        Rollout& rollout = inventory_.rollouts[file.rollout];
        PlannedEdit planned = TRY(make_edit(rollout, request, folders_[worker]));
        // Compressing again does not give the same bytes, so undo needs the old file.
        const bool is_kept = planned.edit.format == RolloutFormat::Zstd;
        if (is_kept) planned.edit.kept = fmt::format("rollout-{}.zst", index);
        // From here on the inventory says what the home is going to be; see refresh().
        rollout.metas = std::move(planned.metas);
        // What was appended since has not been looked at.
        if (planned.edit.info.bytes != rollout.info.bytes) rollout.info = {};
        return std::move(planned.edit);
    };
    input.wait = left_of_wait();
    return input;
}

const SharedText& Change::target_of(const ThreadPlan& plan) const {
    return plan.target.empty() ? plan_.target : plan.target;
}

void Change::add_thread(const ThreadPlan& plan, RunInput& input) {
    const auto number = static_cast<std::uint32_t>(input.threads.size());
    const Thread& thread = inventory_.threads[plan.thread];
    input.threads.push_back(thread.id);
    const auto add = [&](std::uint32_t rollout, EditMode mode) {
        const bool keeps_provider = options_->kind == RunKind::Prepare;
        files_.push_back({rollout, number, mode, keeps_provider ? SharedText() : target_of(plan)});
        input.file_threads.push_back(number);
    };
    for (const std::uint32_t rollout : plan.patches) add(rollout, EditMode::Patch);
    for (const std::uint32_t rollout : plan.growths) add(rollout, EditMode::Rewrite);
    const auto original = original_of(thread);
    if (original && options_->kind != RunKind::Prepare) {
        input.originals.emplace_back(thread.id, *original);
    }
}

/// The rollout is what Codex rebuilds rows from, so its word counts first.
std::optional<SharedText> Change::original_of(const Thread& thread) const {
    for (const std::uint32_t rollout : thread.rollouts) {
        const auto& metas = inventory_.rollouts[rollout].metas;
        if (!metas.empty() && metas.front().meta.provider) return metas.front().meta.provider;
    }
    for (const RowRef& ref : thread.rows) {
        const auto& provider = inventory_.stores[ref.store].rows[ref.row].provider;
        if (provider) return provider;
    }
    return std::nullopt;
}

}  // namespace trueup::codex
