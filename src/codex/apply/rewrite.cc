#include "codex/apply/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/fault.h"
#include "codex/apply/splice.h"
#include "codex/home/open_files.h"

namespace trueup::codex {
namespace {

FileFate changed(const FileEdit& edit) {
    return {Reason::ChangedMeanwhile, fmt::format("{} was changed meanwhile", edit.path)};
}

FileFate open_elsewhere(const FileEdit& edit) {
    return {Reason::OpenElsewhere, fmt::format("{} is open in another process", edit.path)};
}

/// The file is untouched since `was`. The change time is left out: a second name moves it.
bool is_same(const FileInfo& now, const FileInfo& was) {
    return now.device == was.device && now.inode == was.inode && now.bytes == was.bytes &&
           now.mtime_ns == was.mtime_ns;
}

/// The bytes that the file had before an earlier rewrite, when they still are its bytes but for the
/// splices: then it becomes exactly what it was.
Result<bool> take_source(const Rewrite& rewrite, const File& old, const std::string& staged,
                         const ChangeContext& context) {
    const std::string& source = rewrite.edit.source;
    if (source.empty()) return false;
    const std::string path = join_path(context.runs_root, source);
    if (!TRY(file_info(path))) return false;
    const File kept = TRY(File::open_read(path));
    if (!TRY(is_result_of(kept, old, rewrite.edit))) return false;
    File fresh = TRY(File::create(staged, 0600));
    const std::uint64_t bytes = TRY(kept.size());
    TRY(fresh.append_range(kept, 0, bytes));
    return true;
}

Result<FileFate> try_stage(Rewrite& rewrite, Direction direction, Durability durability,
                           const ChangeContext& context) {
    const FileEdit& edit = rewrite.edit;
    const std::string staged = staged_path(edit.path, context.run_id);
    TRY(remove_file(staged));
    const File old = TRY(File::open_unnoticed(edit.path));
    rewrite.was = TRY(old.info());
    if (direction == Direction::Forward && !is_same(rewrite.was, edit.info)) return changed(edit);
    // The second name of an interrupted run is ours, so only going forward counts them.
    if (direction == Direction::Forward && rewrite.was.links > 1) {
        return FileFate{Reason::HardLinked, fmt::format("{} has other names", edit.path)};
    }
    FAULT_POINT("rewrite before stage");
    SpliceResult spliced = SpliceResult::Done;
    if (!TRY(take_source(rewrite, old, staged, context))) {
        File fresh = TRY(File::create(staged, 0600));
        spliced = TRY(splice_into(old, edit, fresh));
    }
    if (spliced != SpliceResult::Done) {
        TRY(remove_file(staged));
        return spliced == SpliceResult::Foreign ? changed(edit) : FileFate{};
    }
    File fresh = TRY(File::open_edit(staged));
    TRY(fresh.copy_attributes(old));
    TRY(fresh.set_times(rewrite.was.atime_ns, rewrite.was.mtime_ns));
    if (durability == Durability::Now) TRY(fresh.sync());
    FAULT_POINT("rewrite after stage");
    rewrite.is_staged = true;
    return FileFate{};
}

/// Keeps the old file below the run's folder, where undo finds it. Across file systems it is
/// copied.
Status keep_old(const Rewrite& rewrite, const ChangeContext& context) {
    if (rewrite.edit.kept.empty()) return {};
    const std::string kept = join_path(context.run_folder, rewrite.edit.kept);
    TRY(remove_file(kept));
    if (link_file(rewrite.edit.path, kept)) return sync_directory(context.run_folder);
    const File old = TRY(File::open_unnoticed(rewrite.edit.path));
    File copy = TRY(File::create(kept, 0600));
    const std::uint64_t bytes = TRY(old.size());
    TRY(copy.append_range(old, 0, bytes));
    TRY(copy.sync());
    return sync_directory(context.run_folder);
}

/// /proc is asked once for many files and says who cannot be looked into; the kernel is asked for
/// each, and may not say.
bool is_in_use(const std::string& path, const FileInfo& info, const OpenFiles& open) {
    return open.holds(info) || is_open_anywhere(path).value_or(false);
}

Result<FileFate> try_swap(Rewrite& rewrite, const OpenFiles& open, Direction direction,
                          const ChangeContext& context) {
    const FileEdit& edit = rewrite.edit;
    const auto now = TRY(file_info(edit.path));
    if (!now || !is_same(*now, rewrite.was)) return changed(edit);
    if (is_in_use(edit.path, *now, open)) return open_elsewhere(edit);
    if (direction == Direction::Forward) TRY(keep_old(rewrite, context));
    const std::string replaced = replaced_path(edit.path, context.run_id);
    TRY(remove_file(replaced));
    FAULT_POINT("rewrite before link");
    TRY(link_file(edit.path, replaced));
    FAULT_POINT("rewrite before rename");
    TRY(rename_file(staged_path(edit.path, context.run_id), edit.path));
    FAULT_POINT("rewrite after rename");
    return FileFate{};
}

/// Nobody could open the old file any more: its second name goes. Else it becomes the file again,
/// unless the new one was written to as well: then both stay, and a person has to look.
Result<FileFate> try_settle(const Rewrite& rewrite, const OpenFiles& open,
                            const ChangeContext& context) {
    const FileEdit& edit = rewrite.edit;
    const std::string replaced = replaced_path(edit.path, context.run_id);
    const auto old = TRY(file_info(replaced));
    if (!old) return changed(edit);
    const bool is_wanted = is_in_use(replaced, *old, open) || !is_same(*old, rewrite.was);
    if (!is_wanted) {
        TRY(remove_file(replaced));
        FAULT_POINT("rewrite after settle");
        return FileFate{};
    }
    const auto fresh = TRY(file_info(edit.path));
    if (!fresh || fresh->mtime_ns != rewrite.was.mtime_ns) {
        return FileFate{Reason::ChangedMeanwhile,
                        fmt::format("{} and {} were both written to", edit.path, replaced)};
    }
    TRY(rename_file(replaced, edit.path));
    FAULT_POINT("rewrite after return");
    return open_elsewhere(edit);
}

Status sync_folders(std::span<const Rewrite> rewrites) {
    std::set<std::string> folders;
    for (const Rewrite& one : rewrites) {
        if (one.is_staged) folders.insert(parent_path(one.edit.path));
    }
    for (const std::string& folder : folders) TRY(sync_directory(folder));
    return {};
}

void decide(Rewrite& rewrite, const Result<FileFate>& fate) {
    rewrite.fate = fate ? *fate : refused(fate.error(), rewrite.edit);
}

}  // namespace

std::string staged_path(std::string_view path, std::string_view run_id) {
    return fmt::format("{}.trueup-{}.tmp", path, run_id);
}

std::string replaced_path(std::string_view path, std::string_view run_id) {
    return fmt::format("{}.trueup-{}.old", path, run_id);
}

void stage(Rewrite& rewrite, Direction direction, Durability durability,
           const ChangeContext& context) {
    decide(rewrite, try_stage(rewrite, direction, durability, context));
    if (!rewrite.is_staged) unstage(rewrite, context);
}

void unstage(const Rewrite& rewrite, const ChangeContext& context) {
    if (rewrite.edit.path.empty()) return;  // It was never looked at.
    discard(remove_file(staged_path(rewrite.edit.path, context.run_id)), "it is cleaned up later");
}

namespace {

/// What was prepared for a file that then did not change goes: the new file, and the second name of
/// the old one unless it is the only one left.
void give_up(Rewrite& rewrite, const ChangeContext& context) {
    unstage(rewrite, context);
    rewrite.is_staged = false;
    const auto now = file_info(rewrite.edit.path);
    if (!now || !*now || (*now)->inode != rewrite.was.inode) return;
    discard(remove_file(replaced_path(rewrite.edit.path, context.run_id)),
            "it is cleaned up later");
}

}  // namespace

Status swap_in(std::span<Rewrite> rewrites, Direction direction, const ChangeContext& context) {
    const OpenFiles before = find_open_files();
    bool has_swapped = false;
    for (Rewrite& one : rewrites) {
        if (!one.is_staged) continue;
        decide(one, try_swap(one, before, direction, context));
        if (!one.fate.is_done()) give_up(one, context);
        has_swapped = has_swapped || one.is_staged;
    }
    if (!has_swapped) return {};
    TRY(sync_folders(rewrites));
    FAULT_POINT("rewrites are in place");
    const OpenFiles after = find_open_files();
    for (Rewrite& one : rewrites) {
        if (one.is_staged) decide(one, try_settle(one, after, context));
    }
    return {};
}

FileFate verify_rewrite(const Rewrite& rewrite) {
    const auto verify = [&]() -> Result<FileFate> {
        const File file = TRY(File::open_unnoticed(rewrite.edit.path));
        if (TRY(holds_splices(file, rewrite.edit))) return FileFate{};
        return FileFate{Reason::WriteFailed,
                        fmt::format("{} does not hold what was written", rewrite.edit.path)};
    };
    const auto fate = verify();
    return fate ? *fate : refused(fate.error(), rewrite.edit);
}

}  // namespace trueup::codex
