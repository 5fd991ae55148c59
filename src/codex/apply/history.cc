#include <algorithm>
#include <functional>
#include <unordered_map>

#include "base/fault.h"
#include "base/file.h"
#include "codex/apply/execute.h"
#include "codex/apply/reconcile.h"
#include "codex/apply/retention.h"
#include "codex/apply/run_folder.h"
#include "codex/apply/run_journal.h"
#include "core/file_lock.h"

namespace trueup::codex {
namespace {

/// The ends of a journal: what can be said of a run without reading all of it.
struct RunEnds {
    BeginRecord begin;
    std::vector<StoreRecord> stores;
    std::optional<FinishedRecord> finished;
};

Result<RunEnds> read_ends(const std::string& path) {
    core::JournalReader reader = TRY(core::JournalReader::open(path));
    const auto first = TRY(reader.next());
    if (!first || first->type != static_cast<std::uint32_t>(RecordType::Begin)) {
        return fail(ErrorClass::Integrity, path + " does not begin like the journal of a run");
    }
    RunEnds ends{.begin = TRY(decode_begin(first->payload)), .stores = {}, .finished = {}};
    while (const auto record = TRY(reader.next())) {
        if (record->type != static_cast<std::uint32_t>(RecordType::Store)) break;
        ends.stores.push_back(TRY(decode_store(record->payload)));
    }
    const auto last = TRY(reader.last());
    if (last && last->type == static_cast<std::uint32_t>(RecordType::Finished)) {
        ends.finished = TRY(decode_finished(last->payload));
    }
    return ends;
}

Result<std::uint64_t> bytes_of(const std::string& folder, const RunEnds& ends) {
    std::uint64_t bytes = 0;
    for (const StoreRecord& store : ends.stores) {
        if (!store.backup) continue;
        const auto info = TRY(file_info(*store.backup));
        if (info) bytes += info->bytes;
    }
    const auto entries = TRY(list_directory(folder));
    for (const Entry& entry : entries) {
        const auto info = TRY(file_info(join_path(folder, entry.name)));
        if (info && info->is_regular) bytes += info->bytes;
    }
    return bytes;
}

RunSummary summary_of(const std::string& run_id, const RunEnds& ends) {
    RunSummary summary{.run_id = run_id,
                       .kind = ends.begin.kind,
                       .target = ends.begin.target,
                       .started_at = ends.begin.started_at};
    if (!ends.finished) return summary;
    summary.finished_at = ends.finished->finished_at;
    summary.rollouts = ends.finished->rollouts;
    summary.rows = ends.finished->rows;
    summary.left = ends.finished->left;
    summary.can_undo = ends.finished->end == RunEnd::Done && summary.rollouts + summary.rows > 0;
    return summary;
}

bool is_whole_undo(const RunEnds& ends) {
    return ends.begin.undoes && ends.finished && ends.finished->end == RunEnd::Done &&
           ends.finished->left == 0;
}

/// The run's folder, and the copies of stores that stand beside the stores.
Status remove_run(const CodexHome& home, const std::string& run_id) {
    const RunEnds ends = TRY(read_ends(journal_path(home, run_id)));
    for (const StoreRecord& store : ends.stores) {
        if (store.backup) TRY(remove_file(*store.backup));
    }
    return remove_run_folder(home, run_id);
}

}  // namespace

Result<History> history(const CodexHome& home) {
    History history;
    std::unordered_map<std::string, std::string> undone_by;
    const auto ids = TRY(list_runs(home));
    for (const std::string& id : ids) {
        const auto ends = read_ends(journal_path(home, id));
        if (!ends) {
            history.damaged.push_back(id);
            continue;
        }
        if (is_whole_undo(*ends)) undone_by.emplace(*ends->begin.undoes, id);
        RunSummary summary = summary_of(id, *ends);
        summary.bytes = TRY(bytes_of(run_folder(home, id), *ends));
        history.runs.push_back(std::move(summary));
    }
    // Ids tell seconds only.
    std::ranges::stable_sort(history.runs, std::greater(), &RunSummary::started_at);
    for (RunSummary& run : history.runs) {
        const auto undo = undone_by.find(run.run_id);
        if (undo == undone_by.end()) continue;
        run.undone_by = undo->second;
        run.can_undo = false;
    }
    return history;
}

Result<std::vector<std::string>> runs_beyond(const CodexHome& home, int keep) {
    std::vector<std::string> beyond;
    int kept = 0;
    int kept_of_watch = 0;
    const History all = TRY(history(home));
    for (const RunSummary& run : all.runs) {
        if (!run.finished_at) continue;
        int& count = run.kind == RunKind::Watch ? kept_of_watch : kept;
        if (++count > keep) beyond.push_back(run.run_id);
    }
    return beyond;
}

Result<std::vector<std::string>> retain(const CodexHome& home, int keep) {
    std::vector<std::string> runs = TRY(runs_beyond(home, keep));
    for (const std::string& run_id : runs) TRY(remove_run(home, run_id));
    return runs;
}

Result<std::vector<std::string>> prune(const JobContext& job, int keep,
                                       std::chrono::milliseconds wait) {
    const core::FileLock::Wait how{
        .budget = wait,
        .on_wait =
            [&job] {
                if (job.tell) job.tell({.kind = NoticeKind::WaitingForLock, .subject = {}});
            },
        .clock = job.clock};
    const auto lock = TRY(core::FileLock::acquire(lock_path(job.home), how));
    const auto recovered = TRY(recover(job, wait));
    for (const Recovered& run : recovered) {
        if (job.tell) job.tell({NoticeKind::RecoveredRun, run.run_id, run.files + run.rows});
    }
    return retain(job.home, keep);
}

}  // namespace trueup::codex
