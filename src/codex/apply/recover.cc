#include <algorithm>

#include "base/fault.h"
#include "base/file.h"
#include "codex/apply/change_files.h"
#include "codex/apply/execute.h"
#include "codex/apply/rewrite.h"
#include "codex/apply/run_folder.h"

namespace trueup::codex {
namespace {

/// A journal that cannot be read is not finished.
Result<bool> is_finished(const std::string& journal) {
    auto reader = core::JournalReader::open(journal);
    if (!reader && reader.error().kind == ErrorClass::Integrity) return false;
    if (!reader) return std::unexpected(reader.error());
    const auto last = TRY(reader->last());
    return last && last->type == static_cast<std::uint32_t>(RecordType::Finished);
}

/// One run that was interrupted after its undo was complete.
class Recovery {
  public:
    Recovery(const JobContext& job, const std::string& run_id, RunJournal journal)
        : job_(&job),
          run_id_(&run_id),
          journal_(std::move(journal)),
          stays_new_(journal_.threads.size()) {}

    Result<Recovered> run(std::chrono::milliseconds wait) {
        job_->progress->begin_phase({.name = "recovering", .units_total = journal_.files.size()});
        TRY(take_back_files());
        TRY(take_back_rows(wait));
        TRY(remove_temporary_files());
        TRY(finish());
        return recovered_;
    }

  private:
    Status take_back_files() {
        std::vector<FileChange> changes = changes_of([](std::uint32_t) { return true; });
        TRY(change_files(each_of(changes), Direction::Backward, context()));
        for (const FileChange& one : changes) {
            switch (one.reason) {
                case Reason::None: ++recovered_.files; break;
                case Reason::ChangedMeanwhile: break;  // What somebody wrote since is not ours.
                case Reason::OpenElsewhere:
                case Reason::MaybeOpen: stays_new_[one.thread] = true; break;
                default:
                    return fail(ErrorClass::Retryable, one.detail.str(),
                                "an interrupted run has to be put back before anything else");
            }
        }
        return finish_files();
    }

    /// A rollout that was written anew and is in use by now cannot go back: its thread goes forward
    /// instead, so that it is of one piece.
    Status finish_files() {
        std::vector<FileChange> changes =
            changes_of([this](std::uint32_t thread) { return stays_new_[thread]; });
        TRY(change_files(each_of(changes), Direction::Forward, context()));
        return {};
    }

    template <class Wants>
    std::vector<FileChange> changes_of(const Wants& wants) const {
        std::vector<FileChange> changes;
        for (const FileAt& file : journal_.files) {
            if (!wants(file.thread)) continue;
            changes.push_back({.offset = file.offset, .thread = file.thread, .mode = file.mode});
        }
        return changes;
    }

    Status take_back_rows(std::chrono::milliseconds wait) {
        std::vector<RowEdit> rows;
        rows.reserve(journal_.rows.size());
        for (const RowEdit& row : journal_.rows) {
            rows.push_back(stays_new_[row.thread] ? row : row.reversed());
        }
        const RowsResult result =
            change_rows({.stores = &journal_.stores,
                         .rows = &rows,
                         .threads = &journal_.threads,
                         .skipped = std::vector<bool>(journal_.threads.size())},
                        {.wait = wait, .clock = job_->clock});
        for (std::size_t i = 0; i < result.stores.size(); ++i) {
            recovered_.rows += result.stores[i].rows_changed;
            const auto& problem = result.stores[i].problem;
            // A store that is gone has no rows to put back.
            const bool is_gone = problem && !TRY(file_info(journal_.stores[i].path));
            if (problem && !is_gone) return std::unexpected(*problem);
        }
        return {};
    }

    Status remove_temporary_files() {
        core::JournalReader reader = TRY(core::JournalReader::open(context().journal));
        for (const FileAt& file : journal_.files) {
            if (file.mode != EditMode::Rewrite) continue;
            const core::JournalRecord record = TRY(reader.at(file.offset));
            const FileEdit edit = TRY(decode_file_edit(record.payload));
            TRY(remove_file(staged_path(edit.path, *run_id_)));
            TRY(remove_file(replaced_path(edit.path, *run_id_)));
        }
        return {};
    }

    Status finish() {
        FinishedRecord finished{.end = RunEnd::RolledBack, .finished_at = job_->clock->now()};
        FAULT_POINT("recovery before finished");
        auto writer = TRY(core::JournalWriter::reopen(context().journal));
        TRY(writer.append(static_cast<std::uint32_t>(RecordType::Finished), encode(finished)));
        TRY(writer.sync());
        FAULT_POINT("recovery is finished");
        recovered_.run_id = *run_id_;
        return {};
    }

    ChangeContext context() const {
        return {.journal = journal_path(job_->home, *run_id_),
                .run_folder = run_folder(job_->home, *run_id_),
                .runs_root = runs_root(job_->home),
                .run_id = *run_id_,
                .clock = job_->clock,
                .workers = job_->workers,
                .on_file = [this] { job_->progress->add_units(1); }};
    }

    const JobContext* job_;
    const std::string* run_id_;
    RunJournal journal_;
    std::vector<bool> stays_new_;  // By thread number.
    Recovered recovered_;
};

/// The journal of an unfinished run; nothing when the run never got as far as to change anything. A
/// journal that was never flushed may hold anything, also no header; one that was flushed and then
/// damaged must not be taken for it.
Result<std::optional<RunJournal>> journal_to_take_back(const std::string& path) {
    if (!TRY(core::is_begun_journal(path))) return std::nullopt;
    auto journal = read_run_journal(path);
    if (!journal) {
        return fail(
            journal.error().kind, journal.error().message,
            "an interrupted run cannot be put back without it; move its folder away to go on");
    }
    if (!journal->is_protected) return std::nullopt;
    return std::move(*journal);
}

/// What was put back; nothing when the run had changed nothing, and only its folder had to go.
Result<std::optional<Recovered>> recover_run(const JobContext& job, const std::string& run_id,
                                             std::chrono::milliseconds wait) {
    auto journal = TRY(journal_to_take_back(journal_path(job.home, run_id)));
    if (journal) return TRY(Recovery(job, run_id, std::move(*journal)).run(wait));
    TRY(remove_run_folder(job.home, run_id));
    return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> unfinished_runs(const CodexHome& home) {
    std::vector<std::string> unfinished;
    const auto ids = TRY(list_runs(home));
    for (const std::string& id : ids) {
        const std::string path = journal_path(home, id);
        // Without a journal nothing was ever going to change: what is left is an empty folder.
        const bool has_journal = TRY(file_info(path)).has_value();
        if (!has_journal || !TRY(is_finished(path))) unfinished.push_back(id);
    }
    return unfinished;
}

Result<std::vector<Recovered>> recover(const JobContext& job, std::chrono::milliseconds wait) {
    std::vector<Recovered> all;
    const auto ids = TRY(unfinished_runs(job.home));
    for (const std::string& id : ids) {
        auto recovered = TRY(recover_run(job, id, wait));
        if (recovered) all.push_back(*std::move(recovered));
    }
    return all;
}

}  // namespace trueup::codex
