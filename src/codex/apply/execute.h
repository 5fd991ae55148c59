#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codex/apply/change_files.h"
#include "codex/apply/change_rows.h"
#include "codex/apply/file_edit.h"
#include "codex/apply/reconcile.h"
#include "codex/apply/run_journal.h"

/// Protect, apply, verify and record: the same for every command that changes a home.
namespace trueup::codex {

/// What a run is going to do, with everything that it needs to do it.
struct RunInput {
    BeginRecord begin;
    std::vector<StoreRecord> stores;  // `backup` is filled in when `backs_up`.
    bool backs_up = true;
    std::vector<SharedText> threads;  // Ids.
    std::vector<RowEdit> rows;
    std::vector<std::uint32_t> file_threads;  // For each file the thread it belongs to.
    /// Makes the edit of file `index`; called by several workers at once, as by
    /// parallel_for() with the job's workers. An error leaves out the
    /// file's thread.
    std::function<Result<FileEdit>(std::size_t index, std::size_t worker)> edit_of;
    /// Provider of each thread before the run, for restore-original; empty: not remembered.
    std::vector<std::pair<SharedText, SharedText>> originals;
    std::chrono::milliseconds wait{0};  // For the stores.
};

struct ThreadFate {
    Reason reason = Reason::None;
    SharedText detail;
    bool is_done() const { return reason == Reason::None; }
};

/// A file that is changed now.
struct FileDone {
    std::uint32_t index = 0;
    std::int64_t ctime_ns = 0;  // As FileChange has it.
};

struct RunResult {
    std::vector<ThreadFate> threads;  // By number.
    std::vector<StoreChange> stores;
    std::vector<std::optional<std::string>> backups;
    std::int64_t patched = 0;
    std::int64_t grown = 0;
    std::int64_t rows_changed = 0;
    std::vector<FileDone> files_done;
    ReadBack read_back;
};

/// Notes how the rows of a store fared in what is told of it.
void take_change(const StoreChange& change, StoreOutcome& outcome);

/// Does it. When it fails nothing is changed, or everything was put back; a crash leaves a journal
/// from which recover() puts everything back. The home's lock must be held.
Result<RunResult> execute(const JobContext& job, RunInput input);

struct Recovered {
    std::string run_id;
    std::int64_t files = 0;
    std::int64_t rows = 0;
};
/// Puts back what runs that did not finish have changed, and removes their temporary files. The
/// home's lock must be held. Retryable when a store or a file cannot be put back now: nothing else
/// may be written before it can.
Result<std::vector<Recovered>> recover(const JobContext& job, std::chrono::milliseconds wait);
/// Whether there is something to recover; looks only.
Result<std::vector<std::string>> unfinished_runs(const CodexHome& home);

}  // namespace trueup::codex
