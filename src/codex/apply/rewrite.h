#pragma once

#include <span>
#include <string>

#include "codex/apply/change_files.h"
#include "codex/apply/patch.h"

/// Edits that move bytes: a new file is made beside the old one and takes its name.
namespace trueup::codex {

/// One file on its way.
struct Rewrite {
    FileEdit edit;           // With its direction resolved.
    bool is_staged = false;  // The new file is there and complete.
    FileInfo was;            // Of the old file when it was copied.
    FileFate fate;
};

/// Makes the new file under staged_path(): owner, permissions, attributes and times of the old one,
/// its bytes but for the splices. Nothing is staged for a file that is as the edit wants it
/// already.
void stage(Rewrite& rewrite, Direction direction, Durability durability,
           const ChangeContext& context);

/// Removes what stage() made.
void unstage(const Rewrite& rewrite, const ChangeContext& context);

/// Gives the staged files, durable by now, the names of the old ones, and flushes their folders. An
/// old file keeps a second name until it is certain that nobody has it open: a process that opened
/// it at the last moment keeps writing to the file of that name, which is why it then gets its name
/// back. A file that somebody has open, or has changed since it was copied, is left alone.
Status swap_in(std::span<Rewrite> rewrites, Direction direction, const ChangeContext& context);

/// Reads back the size and the splices.
FileFate verify_rewrite(const Rewrite& rewrite);

}  // namespace trueup::codex
