#pragma once

#include "codex/apply/change_files.h"
#include "codex/apply/file_edit.h"

/// Edits in place: no byte behind them moves, so a process that appends meanwhile is not disturbed.
namespace trueup::codex {

/// How one file fared.
struct FileFate {
    Reason reason = Reason::None;
    std::string detail;
    bool is_done() const { return reason == Reason::None; }
};

/// The fate that a refusal of the system amounts to.
FileFate refused(const Error& error, const FileEdit& edit);

/// Whether a change is on the disk when it returns, or once its file system is flushed.
enum class Durability : std::uint8_t { Now, Later };

/// Writes the splices of an edit whose direction is resolved already. Forward, the file must be the
/// one that was looked at and hold what the edit says; backward, each byte may be the old or the
/// new one, as a torn write leaves them. Both times stay what they were, unless somebody writes at
/// the same moment.
FileFate patch_file(const FileEdit& edit, Direction direction, Durability durability,
                    FolderHandle& folder);

/// Reads the splices back; `info` is what the file was just before.
FileFate verify_patch(const FileEdit& edit, FileInfo& info, FolderHandle& folder);

}  // namespace trueup::codex
