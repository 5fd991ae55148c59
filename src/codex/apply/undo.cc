#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "codex/apply/execute.h"
#include "codex/apply/retention.h"
#include "codex/apply/run_folder.h"
#include "codex/apply/splice.h"
#include "core/file_lock.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

/// Takes back one run by a run of its own.
class Undo {
  public:
    Undo(const JobContext& job, const UndoOptions& options)
        : job_(&job), options_(&options), began_(job.clock->monotonic()) {}

    Result<RunOutcome> run() {
        if (!options_->is_dry_run) TRY(lock_and_recover());
        TRY(choose());
        journal_ = TRY(read_run_journal(journal_path(job_->home, undone_)));
        untouched_.assign(journal_.threads.size(), false);
        for (const std::uint32_t thread : journal_.finished->untouched) untouched_[thread] = true;
        return options_->is_dry_run ? preview() : take_back();
    }

  private:
    /// What one keeps from one file to the next.
    struct Worker {
        std::optional<core::JournalReader> journal;
        FolderHandle folder;
    };

    Status lock_and_recover();
    Status choose();
    Result<RunOutcome> preview();
    Result<RunOutcome> take_back();
    Result<FileEdit> edit_of(std::size_t index, Worker& worker) const;
    RunInput input();
    RunOutcome outcome(const RunResult& result);
    std::vector<ThreadOutcome> all_threads() const;
    milliseconds left_of_wait() const;

    const JobContext* job_;
    const UndoOptions* options_;
    std::chrono::nanoseconds began_;
    std::optional<core::FileLock> lock_;
    std::string undone_;  // The id of the run to be taken back.
    std::vector<Worker> workers_;
    std::vector<SharedText> paths_;  // Of the files, when they are only looked at.
    RunJournal journal_;             // Of that run.
    std::vector<bool> untouched_;
    std::vector<Notice> notices_;
};

Status Undo::lock_and_recover() {
    const auto tell = [this](NoticeKind kind, std::string subject, std::int64_t count) {
        notices_.push_back({kind, std::move(subject), count});
        if (job_->tell) job_->tell(notices_.back());
    };
    lock_ = TRY(core::FileLock::acquire(
        lock_path(job_->home), {.budget = options_->wait,
                                .on_wait = [&] { tell(NoticeKind::WaitingForLock, {}, 0); },
                                .clock = job_->clock}));
    const auto recovered = TRY(recover(*job_, left_of_wait()));
    for (const Recovered& run : recovered) {
        tell(NoticeKind::RecoveredRun, run.run_id, run.files + run.rows);
    }
    return {};
}

Status Undo::choose() {
    const History all = TRY(history(job_->home));
    for (const RunSummary& run : all.runs) {
        const bool is_meant = options_->run_id ? run.run_id == *options_->run_id
                                               : run.can_undo && run.kind != RunKind::Undo;
        if (!is_meant) continue;
        undone_ = run.run_id;
        if (run.can_undo) return {};
        const std::string why = run.undone_by      ? "was undone by " + *run.undone_by
                                : !run.finished_at ? "was interrupted"
                                                   : "left nothing that could be undone";
        return fail(ErrorClass::Failed, fmt::format("the run {} {}", undone_, why));
    }
    if (!options_->run_id) return fail(ErrorClass::Failed, "there is no run that can be undone");
    return fail(ErrorClass::Usage, fmt::format("there is no run {}", *options_->run_id),
                "\"trueup codex history\" lists the runs");
}

/// The edit that takes back the recorded one, for the file as it is now. Codex may have compressed
/// or decompressed the rollout since: then its sibling is the file.
Result<FileEdit> Undo::edit_of(std::size_t index, Worker& worker) const {
    if (untouched_[journal_.files[index].thread]) return FileEdit{};
    if (!worker.journal) {
        worker.journal = TRY(core::JournalReader::open(journal_path(job_->home, undone_)));
    }
    const core::JournalRecord record = TRY(worker.journal->at(journal_.files[index].offset));
    const FileEdit done = TRY(decode_file_edit(record.payload));
    FileEdit edit = done.reversed();
    edit.source = done.kept.empty() ? std::string() : join_path(undone_, done.kept);
    edit.kept.clear();
    if (!TRY(worker.folder.info(edit.path))) {
        edit.path = sibling_path(edit.path);
        edit.format = format_of(edit.path);
        edit.source.clear();
        if (edit.format == RolloutFormat::Zstd) edit.mode = EditMode::Rewrite;
    }
    if (edit.format == RolloutFormat::Zstd) edit.kept = fmt::format("rollout-{}.zst", index);
    const File file = TRY(worker.folder.open_unnoticed(edit.path));
    edit.info = TRY(file.info());
    if (TRY(holds_splices(file, done))) return edit;
    if (!TRY(holds_splices(file, edit))) {
        return fail(ErrorClass::Retryable, fmt::format("{} was changed since the run", edit.path));
    }
    edit.splices.clear();  // It is what it was already.
    return edit;
}

RunInput Undo::input() {
    RunInput input;
    input.begin = {.run_id = make_run_id(job_->home, job_->clock->now(), *job_->random),
                   .kind = RunKind::Undo,
                   .target = journal_.begin.target,
                   .started_at = job_->clock->now(),
                   .undoes = undone_};
    for (const StoreRecord& store : journal_.stores) {
        input.stores.push_back({.kind = store.kind, .path = store.path, .backup = {}});
        input.backs_up = input.backs_up && store.backup.has_value();
    }
    input.threads = journal_.threads;
    for (const RowEdit& row : journal_.rows) {
        if (!untouched_[row.thread]) input.rows.push_back(row.reversed());
    }
    for (const FileAt& file : journal_.files) input.file_threads.push_back(file.thread);
    workers_.resize(static_cast<std::size_t>(std::max(job_->workers, 1)));
    input.edit_of = [this](std::size_t index, std::size_t worker) {
        return edit_of(index, workers_[worker]);
    };
    input.wait = left_of_wait();
    return input;
}

/// The threads of the run, by number.
std::vector<ThreadOutcome> Undo::all_threads() const {
    std::vector<ThreadOutcome> all;
    all.reserve(journal_.threads.size());
    for (const SharedText& id : journal_.threads) {
        all.push_back({.id = id, .action = Action::RowOnly, .detail = {}, .paths = {}});
    }
    for (std::size_t i = 0; i < journal_.files.size(); ++i) {
        ThreadOutcome& one = all[journal_.files[i].thread];
        one.action = journal_.files[i].mode == EditMode::Patch ? Action::Patch : Action::Grow;
        if (i < paths_.size() && !paths_[i].empty()) one.paths.push_back(paths_[i]);
    }
    return all;
}

RunOutcome Undo::outcome(const RunResult& result) {
    RunOutcome outcome{.kind = RunKind::Undo, .run_id = {}, .target = journal_.begin.target};
    outcome.is_dry_run = options_->is_dry_run;
    outcome.undoes = undone_;
    outcome.threads = std::ssize(journal_.threads) - std::ranges::count(untouched_, true);
    outcome.rollouts = std::ssize(journal_.files);
    outcome.patched = result.patched;
    outcome.grown = result.grown;
    outcome.rows_changed = result.rows_changed;
    for (std::size_t i = 0; i < journal_.stores.size(); ++i) {
        const StoreRecord& record = journal_.stores[i];
        StoreOutcome store{.store = {.kind = record.kind, .path = record.path}, .detail = {}};
        store.rows = std::ranges::count(journal_.rows, i, &RowEdit::store);
        if (i < result.stores.size()) take_change(result.stores[i], store);
        if (i < result.backups.size()) store.backup = result.backups[i];
        outcome.stores.push_back(std::move(store));
    }
    std::vector<ThreadOutcome> all = all_threads();
    for (std::uint32_t thread = 0; thread < result.threads.size(); ++thread) {
        if (untouched_[thread]) continue;
        const ThreadFate& fate = result.threads[thread];
        ThreadOutcome one = std::move(all[thread]);
        if (fate.is_done()) {
            outcome.changed.push_back(std::move(one));
            continue;
        }
        one.action = Action::Blocked;
        one.reason = fate.reason;
        one.detail = fate.detail;
        outcome.left_out.push_back(std::move(one));
    }
    outcome.left = std::ssize(outcome.left_out);
    outcome.notices = std::move(notices_);
    outcome.started_at = job_->clock->now();
    outcome.elapsed = std::chrono::duration_cast<milliseconds>(job_->clock->monotonic() - began_);
    return outcome;
}

/// What would be put back: each file is looked at, none is written.
Result<RunOutcome> Undo::preview() {
    RunResult result{.threads = std::vector<ThreadFate>(journal_.threads.size())};
    Worker worker;
    paths_.resize(journal_.files.size());
    for (std::size_t i = 0; i < journal_.files.size(); ++i) {
        const auto edit = edit_of(i, worker);
        if (!edit) {
            result.threads[journal_.files[i].thread] = {Reason::ChangedMeanwhile,
                                                        edit.error().message};
        } else if (!edit->splices.empty()) {
            paths_[i] = edit->path;
            ++(edit->mode == EditMode::Patch ? result.patched : result.grown);
        }
    }
    for (const RowEdit& row : journal_.rows) {
        const bool is_meant = !untouched_[row.thread] && result.threads[row.thread].is_done();
        if (is_meant) ++result.rows_changed;
    }
    return outcome(result);
}

Result<RunOutcome> Undo::take_back() {
    RunInput wanted = input();
    const std::string run_id = wanted.begin.run_id;
    const RunResult result = TRY(execute(*job_, std::move(wanted)));
    discard(retain(job_->home, kRunsKept), "old runs that stay do no harm");
    RunOutcome done = outcome(result);
    done.run_id = run_id;
    return done;
}

milliseconds Undo::left_of_wait() const {
    const auto spent = std::chrono::duration_cast<milliseconds>(job_->clock->monotonic() - began_);
    return std::max(options_->wait - spent, milliseconds(0));
}

}  // namespace

Result<RunOutcome> undo(const JobContext& job, const UndoOptions& options) {
    return Undo(job, options).run();
}

}  // namespace trueup::codex
