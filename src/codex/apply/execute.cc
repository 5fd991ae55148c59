#include "codex/apply/execute.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "base/fault.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/signal.h"
#include "codex/apply/change_files.h"
#include "codex/apply/originals.h"
#include "codex/apply/run_folder.h"
#include "codex/apply/store_backup.h"

namespace trueup::codex {
namespace {

constexpr std::uint32_t number(RecordType type) { return static_cast<std::uint32_t>(type); }

/// One run from its first record to its last.
class Execution {
  public:
    Execution(const JobContext& job, RunInput input)
        : job_(&job), input_(std::move(input)), fates_(input_.threads.size()) {}

    Result<RunResult> run() {
        const auto guarded = protect();
        if (!guarded) {
            give_up_protecting();
            return std::unexpected(guarded.error());
        }
        const auto applied = apply();
        if (!applied) {
            TRY(take_back_all());
            return std::unexpected(applied.error());
        }
        TRY(record());
        return std::move(result_);
    }

  private:
    // Protect: the undo is durable before anything changes.
    Status protect();
    Status remember_originals();
    Status begin_journal();
    Status write_edits();
    Status write_edit(std::size_t index, EditMode mode, std::string_view bytes);
    void give_up_protecting();
    Status append(RecordType type, std::string_view payload);

    // Apply and verify.
    Status apply();
    Status put_in_step();
    Status restore_rows();

    // Record.
    Status record();
    Status finish(RunEnd end);
    Status take_back_all();

    void lose(std::uint32_t thread, Reason reason, SharedText detail) {
        if (!fates_[thread].is_done()) return;
        fates_[thread] = {reason, std::move(detail)};
    }
    std::vector<bool> lost() const {
        std::vector<bool> flags;
        flags.reserve(fates_.size());
        for (const ThreadFate& fate : fates_) flags.push_back(!fate.is_done());
        return flags;
    }
    ChangeContext context() const {
        const std::string& run_id = input_.begin.run_id;
        return {.journal = journal_path(job_->home, run_id),
                .run_folder = run_folder(job_->home, run_id),
                .runs_root = runs_root(job_->home),
                .run_id = run_id,
                .clock = job_->clock,
                .workers = job_->workers,
                .on_file = [this] { job_->progress->add_units(1); }};
    }

    const JobContext* job_;
    RunInput input_;
    std::vector<ThreadFate> fates_;
    std::optional<core::JournalWriter> journal_;
    std::mutex mutex_;  // Guards journal_, changes_ and fates_ while edits are made.
    std::vector<FileChange> changes_;
    std::vector<std::uint32_t> indexes_;  // Of changes_: the file's place in the input.
    RunResult result_;
};

Status Execution::append(RecordType type, std::string_view payload) {
    TRY(journal_->append(number(type), payload));
    return {};
}

Status Execution::protect() {
    job_->progress->begin_phase({.name = "protecting", .units_total = input_.file_threads.size()});
    FAULT_POINT("run before folder");
    TRY(make_run_folder(job_->home, input_.begin.run_id));
    TRY(remember_originals());
    if (input_.backs_up) name_backups(*job_->clock, input_.stores);
    Status copied;
    {
        // The databases are copied while the rollouts are read.
        const std::jthread copier([this, &copied] { copied = back_up(input_.stores); });
        TRY(begin_journal());
        TRY(write_edits());
    }
    if (!copied) return copied;
    for (const RowEdit& row : input_.rows) TRY(append(RecordType::Row, encode(row)));
    TRY(append(RecordType::Protected, {}));
    TRY(journal_->sync());
    TRY(sync_directory(run_folder(job_->home, input_.begin.run_id)));
    FAULT_POINT("run is protected");
    return {};
}

Status Execution::begin_journal() {
    journal_ = TRY(core::JournalWriter::create(journal_path(job_->home, input_.begin.run_id)));
    TRY(append(RecordType::Begin, encode(input_.begin)));
    for (const StoreRecord& store : input_.stores) TRY(append(RecordType::Store, encode(store)));
    for (const SharedText& thread : input_.threads) TRY(append(RecordType::Thread, thread));
    return {};
}

Status Execution::remember_originals() {
    const auto news = std::exchange(input_.originals, {});  // Not needed any more: many.
    if (news.empty()) return {};
    const auto known = Originals::load(originals_path(job_->home));
    return known ? known->remember(news) : std::unexpected(known.error());
}

/// No byte of anybody's data has changed yet: what was made for the undo goes.
void Execution::give_up_protecting() {
    journal_.reset();
    for (const StoreRecord& store : input_.stores) {
        if (store.backup) discard(remove_file(*store.backup), "the error is told");
    }
    discard(remove_run_folder(job_->home, input_.begin.run_id), "the error is told");
}

Status Execution::write_edits() {
    Status written;
    changes_.reserve(input_.file_threads.size());
    indexes_.reserve(input_.file_threads.size());
    const std::size_t count = input_.file_threads.size();
    parallel_for(count, job_->workers, [&](std::size_t index, std::size_t worker) {
        if (stop_signal() != 0) return;
        auto edit = input_.edit_of(index, worker);
        const std::string bytes = edit ? encode(*edit) : std::string();
        const std::uint32_t thread = input_.file_threads[index];
        const std::lock_guard lock(mutex_);
        if (!edit) {
            lose(thread, Reason::ChangedMeanwhile, edit.error().message);
        } else if (!edit->splices.empty() && written) {
            written = write_edit(index, edit->mode, bytes);
            if (!written) return;
        }
        job_->progress->add_units(1);
    });
    TRY(check_interrupt());
    return written;
}

/// For one worker at a time.
Status Execution::write_edit(std::size_t index, EditMode mode, std::string_view bytes) {
    const std::uint64_t offset = TRY(journal_->append(number(RecordType::File), bytes));
    changes_.push_back({.offset = offset, .thread = input_.file_threads[index], .mode = mode});
    indexes_.push_back(static_cast<std::uint32_t>(index));
    return {};
}

Status Execution::apply() {
    std::vector<FileChange*> wanted;
    for (FileChange& one : changes_) {
        if (fates_[one.thread].is_done()) wanted.push_back(&one);
    }
    job_->progress->begin_phase({.name = "changing rollouts", .units_total = wanted.size()});
    result_.read_back = TRY(change_files(wanted, Direction::Forward, context()));
    for (const FileChange& one : changes_) {
        if (one.reason != Reason::None) lose(one.thread, one.reason, one.detail);
    }
    TRY(check_interrupt());
    job_->progress->begin_phase({.name = "changing rows"});
    RowsResult rows = change_rows({.stores = &input_.stores,
                                   .rows = &input_.rows,
                                   .threads = &input_.threads,
                                   .skipped = lost()},
                                  {.wait = input_.wait, .clock = job_->clock});
    for (std::uint32_t thread = 0; thread < fates_.size(); ++thread) {
        if (rows.is_out_of_step[thread]) {
            lose(thread, Reason::RolledBack, "a store that knows the thread could not be changed");
        }
    }
    result_.stores = std::move(rows.stores);
    return put_in_step();
}

/// A thread of which something could not be changed becomes what it was, in files and rows. A
/// change that failed may have been done by half.
Status Execution::put_in_step() {
    std::vector<FileChange*> back;
    for (FileChange& one : changes_) {
        if (!fates_[one.thread].is_done()) back.push_back(&one);
    }
    TRY(change_files(back, Direction::Backward, context()));
    for (const FileChange* one : back) {
        // What somebody else has written since is not ours to take back.
        if (one->reason != Reason::None && one->reason != Reason::ChangedMeanwhile) {
            return fail(ErrorClass::Retryable, fmt::format("cannot put back {}", one->detail),
                        "the next command that writes puts it back");
        }
    }
    return restore_rows();
}

Status Execution::restore_rows() {
    std::vector<bool> skipped;
    skipped.reserve(fates_.size());
    for (const ThreadFate& fate : fates_) skipped.push_back(fate.is_done());
    if (std::ranges::count(skipped, false) == 0) return {};
    std::vector<RowEdit> rows;
    for (const RowEdit& row : input_.rows) {
        const bool may_be_changed =
            row.store < result_.stores.size() && result_.stores[row.store].may_be_changed;
        if (may_be_changed) rows.push_back(row.reversed());
    }
    const RowsResult restored = change_rows({.stores = &input_.stores,
                                             .rows = &rows,
                                             .threads = &input_.threads,
                                             .skipped = std::move(skipped)},
                                            {.wait = input_.wait, .clock = job_->clock});
    for (const StoreChange& store : restored.stores) {
        if (store.problem) return std::unexpected(*store.problem);
    }
    return {};
}

Status Execution::record() {
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const FileChange& one = changes_[i];
        if (!fates_[one.thread].is_done()) continue;
        ++(one.mode == EditMode::Patch ? result_.patched : result_.grown);
        result_.files_done.push_back({.index = indexes_[i], .ctime_ns = one.ctime_ns});
    }
    for (const StoreChange& store : result_.stores) result_.rows_changed += store.rows_changed;
    for (const StoreRecord& store : input_.stores) result_.backups.push_back(store.backup);
    result_.threads = fates_;
    return finish(RunEnd::Done);
}

Status Execution::finish(RunEnd end) {
    FinishedRecord finished{.end = end, .finished_at = job_->clock->now()};
    if (end == RunEnd::Done) {
        finished.rollouts = result_.patched + result_.grown;
        finished.rows = result_.rows_changed;
    }
    for (std::uint32_t thread = 0; thread < fates_.size(); ++thread) {
        if (fates_[thread].is_done()) continue;
        finished.untouched.push_back(thread);
        ++finished.left;
    }
    FAULT_POINT("run before finished");
    TRY(append(RecordType::Finished, encode(finished)));
    TRY(journal_->sync());
    FAULT_POINT("run is finished");
    return {};
}

Status Execution::take_back_all() {
    for (std::uint32_t thread = 0; thread < fates_.size(); ++thread) {
        lose(thread, Reason::RolledBack, "the run was stopped");
    }
    TRY(put_in_step());
    return finish(RunEnd::RolledBack);
}

}  // namespace

Result<RunResult> execute(const JobContext& job, RunInput input) {
    return Execution(job, std::move(input)).run();
}

}  // namespace trueup::codex
