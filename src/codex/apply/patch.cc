#include "codex/apply/patch.h"

#include <fmt/format.h>

#include "base/fault.h"

namespace trueup::codex {
namespace {

/// What stands where a splice belongs.
enum class Standing : std::uint8_t { Before, After, Mixed, Foreign };

Result<std::string> region(const File& file, const Splice& splice) {
    std::string bytes(splice.before.size(), '\0');
    bytes.resize(TRY(file.read_at(splice.offset, std::as_writable_bytes(std::span(bytes)))));
    return bytes;
}

Standing standing_of(std::string_view bytes, const Splice& splice) {
    if (bytes == splice.before) return Standing::Before;
    if (bytes == splice.after) return Standing::After;
    if (bytes.size() != splice.before.size()) return Standing::Foreign;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != splice.before[i] && bytes[i] != splice.after[i]) return Standing::Foreign;
    }
    return Standing::Mixed;
}

FileFate changed(const FileEdit& edit) {
    return {Reason::ChangedMeanwhile, fmt::format("{} was changed meanwhile", edit.path)};
}

/// The splices still to be written; nothing when the file is not as the edit expects it.
Result<std::optional<std::vector<const Splice*>>> to_write(const File& file, const FileEdit& edit,
                                                           Direction direction) {
    std::vector<const Splice*> left;
    for (const Splice& splice : edit.splices) {
        const Standing standing = standing_of(TRY(region(file, splice)), splice);
        const bool is_torn = standing == Standing::Mixed && direction == Direction::Backward;
        if (standing == Standing::Before || is_torn) {
            left.push_back(&splice);
        } else if (standing != Standing::After) {
            return std::nullopt;
        }
    }
    return left;
}

/// Times as `was`, unless somebody else has written since.
Status keep_times(File& file, const FileInfo& was) {
    const FileInfo now = TRY(file.info());
    if (now.bytes != was.bytes) return {};
    return file.set_times(was.atime_ns, was.mtime_ns);
}

Result<FileFate> try_patch(const FileEdit& edit, Direction direction, Durability durability,
                           FolderHandle& folder) {
    File file = TRY(folder.open_edit(edit.path));
    FileInfo was = TRY(file.info());
    const bool is_ours = was.device == edit.info.device && was.inode == edit.info.inode &&
                         was.bytes >= edit.info.bytes;
    if (direction == Direction::Forward && !is_ours) return changed(edit);
    const auto left = TRY(to_write(file, edit, direction));
    if (!left) return changed(edit);
    // A crash may have left the time of our own write.
    const bool was_ours = was.inode == edit.info.inode && was.bytes == edit.info.bytes;
    if (direction == Direction::Backward && was_ours) {
        was.atime_ns = edit.info.atime_ns;
        was.mtime_ns = edit.info.mtime_ns;
    } else if (left->empty()) {
        return FileFate{};
    }
    FAULT_POINT("patch before write");
    for (const Splice* splice : *left) {
        TRY(file.write_at(splice->offset, as_bytes(splice->after)));
        FAULT_POINT("patch after write");
    }
    TRY(keep_times(file, was));
    FAULT_POINT("patch after times");
    if (durability == Durability::Now) TRY(file.sync());
    return FileFate{};
}

Result<FileFate> try_verify(const FileEdit& edit, FileInfo& info, FolderHandle& folder) {
    const File file = TRY(folder.open_unnoticed(edit.path));
    info = TRY(file.info());
    for (const Splice& splice : edit.splices) {
        if (TRY(region(file, splice)) != splice.after) {
            return FileFate{Reason::ChangedMeanwhile,
                            fmt::format("{} does not hold what was written", edit.path)};
        }
    }
    return FileFate{};
}

}  // namespace

FileFate refused(const Error& error, const FileEdit& edit) {
    const bool is_read_only = !may_write(edit.path) || (edit.mode == EditMode::Rewrite &&
                                                        !may_write(parent_path(edit.path)));
    return {is_read_only ? Reason::ReadOnly : Reason::WriteFailed, error.message};
}

FileFate patch_file(const FileEdit& edit, Direction direction, Durability durability,
                    FolderHandle& folder) {
    auto fate = try_patch(edit, direction, durability, folder);
    return fate ? *fate : refused(fate.error(), edit);
}

FileFate verify_patch(const FileEdit& edit, FileInfo& info, FolderHandle& folder) {
    auto fate = try_verify(edit, info, folder);
    return fate ? *fate : refused(fate.error(), edit);
}

}  // namespace trueup::codex
