#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/environment.h"
#include "base/random.h"
#include "base/result.h"
#include "codex/home/codex_home.h"
#include "codex/home/settings.h"
#include "codex/home/store.h"
#include "codex/plan/plan.h"
#include "core/progress.h"
#include "core/verdict.h"

/// The commands that change a Codex home. Each walks inspect, plan, protect, apply, verify, record.
namespace trueup::codex {

enum class RunKind : std::uint8_t { Sync, Switch, Prepare, Watch, Undo, RestoreOriginal };
/// "sync", "switch", "prepare", "watch", "undo", "restore-original".
std::string_view name_of(RunKind kind);

/// What a person should hear while a run goes on.
enum class NoticeKind : std::uint8_t {
    WaitingForLock,      // Another trueup or codex-threadripper works on this home.
    WaitingForBackfill,  // `subject`: the store.
    WaitingForStore,     // Locked; `subject`: the store.
    RecoveredRun,   // An unfinished run was rolled back; `subject`: its id, `count`: its files and
                    // rows.
    StaleBackfill,  // A dead worker's backfill was ignored; `subject`: the store.
    UnknownProvider,  // `subject`: the target.
    Encrypted,        // `count` threads to be changed hold encrypted reasoning.
};
struct Notice {
    NoticeKind kind;
    std::string subject;
    std::int64_t count = 0;
};

/// What every run needs of the world; all of it is borrowed and outlives the run.
struct JobContext {
    CodexHome home;
    Environment environment;
    const Clock* clock = nullptr;
    Random* random = nullptr;
    core::Progress* progress = nullptr;
    std::function<void(const Notice&)> tell;
    int workers = 2;
};

inline constexpr std::uint32_t kPaddingBytesDefault = 256;
inline constexpr std::uint32_t kPaddingBytesMax = 65536;
inline constexpr int kRunsKept = 10;

struct ReconcileOptions {
    RunKind kind = RunKind::Sync;
    SettingsRequest settings;
    StoreFilter stores = StoreFilter::All;  // Anything but All needs is_sqlite_only.
    bool is_sqlite_only = false;
    bool is_dry_run = false;       // Stops at the plan: takes no lock, writes nothing.
    bool forces_backfill = false;  // Goes on although a store is in backfill.
    bool first_line_only = false;
    std::uint32_t padding = kPaddingBytesDefault;
    std::chrono::milliseconds wait{10'000};  // One budget for lock, backfill and stores.
    Selection selection;
};

enum class StoreResult : std::uint8_t {
    Updated,   // All rows that were to change have changed; also when there were none.
    Missing,   // The configured store does not exist.
    Backfill,  // Left alone: Codex is rebuilding it.
    Locked,    // Stayed locked beyond the budget.
    Failed,    // Damaged, or the system refused; see the detail.
};
std::string_view name_of(StoreResult result);

struct StoreOutcome {
    Store store;
    StoreResult result = StoreResult::Updated;
    std::string detail;
    std::int64_t rows = 0;  // In the store.
    std::int64_t rows_changed = 0;
    std::optional<std::string> backup;  // Path of the copy made before.
};

/// A thread that did not simply match.
struct ThreadOutcome {
    SharedText id;
    Action action = Action::Match;  // What was done or, for Blocked and Bad, why nothing was.
    Reason reason = Reason::None;
    SharedText detail;
    std::vector<SharedText> paths;
};

struct RunOutcome {
    RunKind kind = RunKind::Sync;
    std::optional<std::string>
        run_id;  // Nothing: nothing had to change, so there is nothing to undo.
    std::optional<std::string> undoes;  // The run that an undo took back.
    std::string target;
    ProviderOrigin origin = ProviderOrigin::Default;
    bool is_dry_run = false;
    std::vector<StoreOutcome> stores;
    std::int64_t threads = 0;   // Looked at.
    std::int64_t rollouts = 0;  // Looked at.
    std::int64_t patched = 0;   // Rollouts; this and the next two, in a dry run: would change.
    std::int64_t grown = 0;
    std::int64_t rows_changed = 0;
    std::int64_t matched = 0;  // Threads that were right before.
    std::int64_t left = 0;     // Threads blocked, bad or rolled back.
    std::int64_t encrypted = 0;
    std::vector<ThreadOutcome> changed;  // In a dry run: what would change.
    std::vector<ThreadOutcome> left_out;
    std::vector<Notice> notices;  // Also told while it went on.
    UnixMicros started_at = 0;
    std::chrono::milliseconds elapsed{0};

    /// Set when nothing at all could be done, though something was to do: why. What a command then
    /// ends with.
    std::optional<Error> failure;

    /// Clean: all done. Incomplete: some threads or stores were left.
    core::Verdict verdict() const;
};

/// One reconcile. Errors, with nothing left half done: Config (W: an empty or vanished
/// configuration while there is history; name a provider to go on), Retryable (the lock or every
/// store stayed locked), Failed (no store could be updated, protecting failed: nothing was
/// written).
Result<RunOutcome> reconcile(const JobContext& job, const ReconcileOptions& options);

/// Gives cold rollouts blanks at the end of their first lines, so that later runs can patch in
/// place. Paginated, open, hard-linked and compressed ones are left.
Result<RunOutcome> prepare(const JobContext& job, const ReconcileOptions& options);

/// Puts each thread back under the provider that it had when trueup first changed it.
Result<RunOutcome> restore_original(const JobContext& job, const ReconcileOptions& options);

struct UndoOptions {
    std::optional<std::string> run_id;  // Nothing: the newest that is no undo and not undone.
    bool is_dry_run = false;
    std::chrono::milliseconds wait{10'000};
};
/// Puts back every byte and row of a run. What somebody changed since is left and reported.
Result<RunOutcome> undo(const JobContext& job, const UndoOptions& options);

/// One line of `codex history`.
struct RunSummary {
    std::string run_id;
    RunKind kind = RunKind::Sync;
    std::string target;
    UnixMicros started_at = 0;
    std::optional<UnixMicros>
        finished_at;            // Nothing: it was interrupted; the next run puts it right.
    std::int64_t rollouts = 0;  // Changed.
    std::int64_t rows = 0;
    std::int64_t left = 0;
    std::uint64_t bytes = 0;               // On the disk: journal, kept files and database copies.
    std::optional<std::string> undone_by;  // Run id.
    bool can_undo = false;
};
/// Newest first. Runs whose journal cannot be read are left out and named in `damaged`.
struct History {
    std::vector<RunSummary> runs;
    std::vector<std::string> damaged;
};
Result<History> history(const CodexHome& home);

/// All but the newest `keep` runs, watch's counted apart, newest first. Never an unfinished one.
Result<std::vector<std::string>> runs_beyond(const CodexHome& home, int keep);

/// Removes their undo journals and database copies. Returns the runs removed.
Result<std::vector<std::string>> prune(const JobContext& job, int keep,
                                       std::chrono::milliseconds wait);

}  // namespace trueup::codex
