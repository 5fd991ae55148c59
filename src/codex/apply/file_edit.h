#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/folder_handle.h"
#include "base/result.h"
#include "codex/home/rollout.h"

/// What happens to one rollout, as the undo journal keeps it.
namespace trueup::codex {

/// One place where bytes are exchanged. Offsets count in the rollout before the edit, decompressed
/// when it is compressed.
struct Splice {
    std::uint64_t offset = 0;
    std::string before;
    std::string after;
    bool operator==(const Splice&) const = default;
};

enum class EditMode : std::uint8_t {
    Patch,    // Bytes are overwritten; nothing moves. Every splice keeps its length.
    Rewrite,  // A new file takes the place of the old one.
};

struct FileEdit {
    std::uint32_t thread = 0;  // The thread's number within its run.
    EditMode mode = EditMode::Patch;
    RolloutFormat format = RolloutFormat::Plain;
    std::string path;             // Absolute, links resolved.
    FileInfo info;                // Before the edit.
    std::vector<Splice> splices;  // In order, not overlapping, none without a change.
    /// Name below the run's folder under which the old file is kept, so that undo can put back a
    /// compressed file byte for byte; empty: it is not.
    std::string kept;
    /// File below the folder of all runs whose bytes the rewritten rollout gets, when they say what
    /// the splices say: how a compressed file becomes again what it was. Empty: it is made anew.
    std::string source;

    /// The edit that takes back this one.
    FileEdit reversed() const;
    std::int64_t growth_bytes() const;  // Of the (decompressed) rollout.
    bool operator==(const FileEdit&) const = default;
};

/// How the meta lines of a rollout are to change.
struct EditRequest {
    std::uint32_t thread = 0;
    EditMode mode = EditMode::Patch;
    SharedText provider;        // Empty: as it is (only padding is added).
    std::uint32_t padding = 0;  // Blanks a line has at least after it had to grow.
};

/// An edit and what it leads to.
struct PlannedEdit {
    FileEdit edit;
    /// The records as they are after a patch. Empty after a rewrite, which moves them.
    std::vector<MetaAt> metas;
};

/// Reads the meta lines of `rollout` again and makes the edit; nothing is written. Retryable when
/// they are no longer what `rollout` says: somebody wrote the file meanwhile.
Result<PlannedEdit> make_edit(const Rollout& rollout, const EditRequest& request,
                              FolderHandle& folder);

/// The edit as bytes, and back. Hostile until parsed: lengths, order and modes are checked
/// (Integrity).
std::string encode(const FileEdit& edit);
Result<FileEdit> decode_file_edit(std::string_view bytes);

}  // namespace trueup::codex
