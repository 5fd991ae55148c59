#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codex/apply/file_edit.h"
#include "codex/plan/plan.h"

namespace trueup::codex {

/// One file of a run: where its edit stands in the journal, and how it went.
struct FileChange {
    std::uint64_t offset = 0;  // Of the edit's record in the journal.
    std::uint32_t thread = 0;  // The thread's number within the run.
    EditMode mode = EditMode::Patch;
    /// Its change time when a patch of it was read back; 0: it was no patch, or not as long as
    /// before.
    std::int64_t ctime_ns = 0;
    Reason reason = Reason::None;  // Why it was not changed.
    SharedText detail;
};

/// Which way an edit is done.
enum class Direction : std::uint8_t {
    Forward,   // As planned; the file must still be the one that was looked at.
    Backward,  // Taken back; also where a crash left a patch half written.
};

struct ChangeContext {
    std::string journal;     // Path of the run's journal.
    std::string run_folder;  // Where replaced files are kept.
    std::string runs_root;   // What FileEdit::source is relative to.
    std::string run_id;      // Part of the names of temporary files.
    const Clock* clock = nullptr;
    int workers = 2;
    std::function<void()> on_file;  // After each file, from any worker.
};

struct ReadBack {
    std::int64_t began_ns = 0;  // The system's time before the first patch was read back.
};

/// Does the edits of `changes` and reads back what was written; when it returns, all of it is
/// durable. A file that cannot be changed keeps its bytes and gets a reason. Applying an edit that
/// is done already does nothing. Fails only when the journal cannot be read, when a file system
/// cannot be flushed, or on an interrupt between files; then any number of files is done.
Result<ReadBack> change_files(std::span<FileChange* const> changes, Direction direction,
                              const ChangeContext& context);

/// All of a list, for change_files().
std::vector<FileChange*> each_of(std::vector<FileChange>& changes);

/// Names beside `path` that a rewrite uses; left behind by a crash, they are removed when the run
/// is recovered.
std::string staged_path(std::string_view path, std::string_view run_id);
std::string replaced_path(std::string_view path, std::string_view run_id);

}  // namespace trueup::codex
