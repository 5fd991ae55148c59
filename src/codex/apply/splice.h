#pragma once

#include "base/file.h"
#include "base/result.h"
#include "codex/apply/file_edit.h"

namespace trueup::codex {

/// What applying splices found.
enum class SpliceResult : std::uint8_t {
    Done,
    AlreadyDone,  // The rollout is as the edit wants it; nothing was written.
    Foreign,      // The bytes at a splice are neither the old nor the new ones.
};

/// Writes the bytes of `old` but for the splices of `edit` to the empty file `fresh`, in bounded
/// memory; compressed rollouts are decompressed and compressed on the way.
Result<SpliceResult> splice_into(const File& old, const FileEdit& edit, File& fresh);

/// Whether the splices of `edit` stand in `file` as they do after the edit.
Result<bool> holds_splices(const File& file, const FileEdit& edit);

/// Whether `source`, decompressed, is what `old`, decompressed, becomes by the edit.
Result<bool> is_result_of(const File& source, const File& old, const FileEdit& edit);

}  // namespace trueup::codex
