#include "codex/apply/change_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/parallel.h"
#include "base/signal.h"
#include "codex/apply/patch.h"
#include "codex/apply/rewrite.h"
#include "core/undo_journal.h"

namespace trueup::codex {
namespace {

// So many files, and one flush of each file system is cheaper than one of each file.
constexpr std::size_t kFlushEachMax = 16;
// Rewritten files stand twice on the disk until their batch is through.
constexpr std::size_t kRewritesAtOnceMax = 256;
constexpr std::int64_t kNanosPerMicro = 1000;

/// The file systems that were written to. A file is noted before it is written, so that an error of
/// the write-back is seen.
class FileSystems {
  public:
    Status note(const FileEdit& edit) {
        const std::lock_guard lock(mutex_);
        if (opened_.contains(edit.info.device)) return {};
        opened_.emplace(edit.info.device, TRY(File::open_read(parent_path(edit.path))));
        return {};
    }
    Status flush() {
        for (const auto& [device, folder] : opened_) TRY(folder.sync_filesystem());
        return {};
    }

  private:
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, File> opened_;
};

/// The changes of one call, and what its workers share.
class Changes {
  public:
    Changes(std::span<FileChange* const> changes, Direction direction, const ChangeContext& context)
        : changes_(changes), direction_(direction), context_(&context) {}

    Result<ReadBack> run() {
        std::vector<FileChange*> patches;
        std::vector<FileChange*> rewrites;
        for (FileChange* const one : changes_) {
            (one->mode == EditMode::Patch ? patches : rewrites).push_back(one);
        }
        TRY(patch(patches));
        for (std::size_t at = 0; at < rewrites.size(); at += kRewritesAtOnceMax) {
            const std::size_t count = std::min(kRewritesAtOnceMax, rewrites.size() - at);
            TRY(rewrite(std::span(rewrites).subspan(at, count)));
        }
        return read_back_;
    }

  private:
    /// What a worker keeps from one file to the next.
    struct Worker {
        std::optional<core::JournalReader> journal;
        FolderHandle folder;
    };
    using Work = std::function<Status(FileChange&, FileEdit, std::size_t index, FolderHandle&)>;

    /// Calls `work` with the edit of each file. The first error of the journal, or a signal while
    /// we go forward, ends it.
    Status for_each(std::span<FileChange* const> files, const Work& work) {
        std::vector<Worker> workers(static_cast<std::size_t>(std::max(context_->workers, 1)));
        Status outcome;
        std::mutex mutex;
        parallel_for(files.size(), context_->workers, [&](std::size_t index, std::size_t worker) {
            if (direction_ == Direction::Forward && stop_signal() != 0) return;
            const auto done = do_one(*files[index], workers[worker], work, index);
            if (done) return;
            const std::lock_guard lock(mutex);
            if (outcome) outcome = done;
        });
        if (outcome && direction_ == Direction::Forward) return check_interrupt();
        return outcome;
    }

    Status do_one(FileChange& change, Worker& worker, const Work& work, std::size_t index) {
        if (!worker.journal) worker.journal = TRY(core::JournalReader::open(context_->journal));
        const core::JournalRecord record = TRY(worker.journal->at(change.offset));
        FileEdit edit = TRY(decode_file_edit(record.payload));
        if (direction_ == Direction::Backward) edit = edit.reversed();
        return work(change, std::move(edit), index, worker.folder);
    }

    Status patch(std::span<FileChange* const> files) {
        const bool flushes_each = files.size() <= kFlushEachMax;
        FileSystems systems;
        const Durability durability = flushes_each ? Durability::Now : Durability::Later;
        const Work write = [&](FileChange& change, const FileEdit& edit, std::size_t,
                               FolderHandle& folder) -> Status {
            if (!flushes_each) TRY(systems.note(edit));
            take(patch_file(edit, direction_, durability, folder), change);
            return {};
        };
        const Work verify = [&](FileChange& change, const FileEdit& edit, std::size_t,
                                FolderHandle& folder) -> Status {
            if (change.reason == Reason::None) read_back(edit, change, folder);
            if (context_->on_file) context_->on_file();
            return {};
        };
        TRY(for_each(files, write));
        TRY(systems.flush());
        read_back_.began_ns = context_->clock->now() * kNanosPerMicro;
        return for_each(files, verify);
    }

    Status rewrite(std::span<FileChange* const> files) {
        const bool flushes_each = files.size() <= kFlushEachMax;
        const Durability durability = flushes_each ? Durability::Now : Durability::Later;
        std::vector<Rewrite> rewrites(files.size());
        FileSystems systems;
        auto staged = for_each(
            files, [&](FileChange&, FileEdit edit, std::size_t i, FolderHandle&) -> Status {
                if (!flushes_each) TRY(systems.note(edit));
                rewrites[i].edit = std::move(edit);
                stage(rewrites[i], direction_, durability, *context_);
                return {};
            });
        if (!staged) {
            for (const Rewrite& one : rewrites) unstage(one, *context_);
            return staged;
        }
        TRY(systems.flush());
        TRY(swap_in(rewrites, direction_, *context_));
        for (std::size_t i = 0; i < files.size(); ++i) {
            FileFate& fate = rewrites[i].fate;
            if (fate.is_done()) fate = verify_rewrite(rewrites[i]);
            take(fate, *files[i]);
            if (context_->on_file) context_->on_file();
        }
        return {};
    }

    void read_back(const FileEdit& edit, FileChange& change, FolderHandle& folder) const {
        FileInfo info;
        take(verify_patch(edit, info, folder), change);
        if (info.bytes == edit.info.bytes) change.ctime_ns = info.ctime_ns;
    }

    static void take(const FileFate& fate, FileChange& change) {
        change.reason = fate.reason;
        change.detail = fate.detail;
    }

    std::span<FileChange* const> changes_;
    Direction direction_;
    const ChangeContext* context_;
    ReadBack read_back_;
};

}  // namespace

Result<ReadBack> change_files(std::span<FileChange* const> changes, Direction direction,
                              const ChangeContext& context) {
    return Changes(changes, direction, context).run();
}

std::vector<FileChange*> each_of(std::vector<FileChange>& changes) {
    std::vector<FileChange*> each;
    each.reserve(changes.size());
    for (FileChange& one : changes) each.push_back(&one);
    return each;
}

}  // namespace trueup::codex
