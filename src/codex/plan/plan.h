#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codex/home/open_files.h"
#include "codex/inspect/inventory.h"
#include "core/report.h"

/// What is to be done with each thread of a home: a pure function of what was found there.
namespace trueup::codex {

/// Which threads a command is about; empty lists and nothings select all.
struct Selection {
    std::vector<std::string> threads;  // Ids.
    std::vector<std::string> from;     // Providers they carry now, in a row or in the rollout.
    std::optional<std::string> cwd;    // Absolute; the thread's folder, or one below it.
    /// Updated in that second or later, as a row says; a thread whose rows do not say goes by the
    /// time of its rollout, and without one is not selected.
    std::optional<UnixMicros> since;
    std::optional<bool> is_archived;  // As any row says; without rows, by the rollout's folder.

    bool is_all() const;
};
/// Usage, naming the first of the selected ids that no row and no rollout has. Not while there are
/// stores that could not be read: it may stand in one of them.
Status require_threads(const Selection& selection, const Inventory& inventory);

/// What happens to a thread.
enum class Action : std::uint8_t {
    Match,    // Row and rollout are under the target.
    Patch,    // The rollout changes in place, the rows follow.
    Grow,     // The rollout is written anew with longer lines, the rows follow.
    RowOnly,  // There is no rollout that could contradict the row; only rows change.
    Blocked,  // The rollout must not be changed now: rollout and rows stay as they are.
    Bad,      // The rollout cannot be read: rollout and rows stay as they are.
};
/// "match", "patch", "grow", "row-only", "blocked", "bad".
std::string_view name_of(Action action);

/// Why a thread is blocked or bad, or how an attempt ended.
enum class Reason : std::uint8_t {
    None,
    OpenElsewhere,  // Another process has the rollout open, and it would have to grow.
    MaybeOpen,      // It would have to grow, /proc is not conclusive, and it is under 60 s old.
    Paginated,      // Its bytes must not move, and the line has no room.
    HardLinked,     // It would have to grow, and has other names.
    OutsideHome,    // The row names a path that is not below the Codex home.
    ReadOnly,       // We may not write the file or its folder.
    Unreadable,     // RolloutProblem::Unreadable, NotAFile, TooLong.
    Empty,
    NotJson,
    NoMeta,
    Damaged,
    ChangedMeanwhile,  // Somebody wrote it between inspecting and applying.
    StoreUnavailable,  // A store that knows it, or may, is locked, damaged or in backfill.
    WriteFailed,       // The system refused; see the detail.
    RolledBack,        // Its store stayed locked: the rollout was put back.
    NoOriginal,        // restore-original: nobody knows what it was first made with.
};
/// "open", "maybe-open", "paginated", "hard-linked", "outside-home", …: as it stands in JSON. Empty
/// for None.
std::string_view name_of(Reason reason);

struct ThreadPlan {
    std::uint32_t thread = 0;  // Index into Inventory::threads.
    Action action = Action::Match;
    /// RowOnly with StoreUnavailable: some of its rows change, others are in a store that must not
    /// be written.
    Reason reason = Reason::None;
    SharedText detail;                 // Names the file or store that is to blame.
    SharedText target;                 // Empty: the plan's; else this thread's own.
    ShortList<std::uint32_t> patches;  // Rollouts that change in place.
    ShortList<std::uint32_t> growths;  // Rollouts that are written anew.
    ShortList<RowRef> rows;            // Rows that change.
    bool has_encrypted = false;        // Changing it may make it impossible to continue.
};

struct PlanCounts {
    std::int64_t match = 0;
    std::int64_t patch = 0;
    std::int64_t grow = 0;
    std::int64_t row_only = 0;
    std::int64_t blocked = 0;
    std::int64_t bad = 0;
    std::int64_t encrypted = 0;  // Of those that change.

    std::int64_t changes() const { return patch + grow + row_only; }
    std::int64_t left() const { return blocked + bad; }
};

/// What a run is going to do: a value that can be printed.
struct Plan {
    SharedText target;
    std::vector<ThreadPlan> threads;  // Only those selected, matches included.
    PlanCounts counts;
    bool is_empty() const { return counts.changes() == 0; }
};

/// Where /proc is not conclusive, a rollout written less than this ago may be open.
inline constexpr std::chrono::seconds kMaybeOpenAge{60};

/// A provider of its own for each thread: for restore-original. Nothing: the thread is left out.
class TargetOf {
  public:
    virtual ~TargetOf() = default;
    virtual std::optional<SharedText> target_of(const Thread& thread) const = 0;
};

struct PlanOptions {
    Selection selection;
    bool has_rollouts = true;           // False: only rows (--sqlite-only).
    const TargetOf* targets = nullptr;  // Borrowed; nothing: settings.provider for all.
    bool forces_backfill = false;       // Stores in backfill are written all the same.
    /// Files that other processes hold; nothing: not looked yet, growths are not blocked for it.
    const OpenFiles* open_files = nullptr;
    UnixMicros now = 0;
};

/// Decides for each selected thread; several rollouts of one thread change together or not at all.
/// Row and rollout stay in step: a thread whose rollout cannot change keeps its rows, and a rollout
/// keeps its provider while a row of its thread cannot follow. So where rollouts change, one store
/// in backfill blocks all threads, and one that cannot be read those that no other store knows. A
/// configured store that is missing blocks none.
Plan make_plan(const Inventory& inventory, const PlanOptions& options);

/// Which rollouts get blanks at the end of their records, so that each has room for `padding`
/// bytes; no row and no provider changes. Compressed rollouts stay as they are.
Plan plan_padding(const Inventory& inventory, const PlanOptions& options, std::uint32_t padding);

/// What `codex check` answers: one partition per store (truth: rows of selected threads; copy:
/// those under their target), one per thread that does not match. Stores and rollouts that could
/// not be read are unknown. Threads carry no counts, so that the totals are rows. The caller sets
/// the times.
core::Report to_report(const Inventory& inventory, const Plan& plan);

}  // namespace trueup::codex
