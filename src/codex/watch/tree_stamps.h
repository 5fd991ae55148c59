#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace trueup::codex {

/// The folders below some roots, to see cheaply that a file came, went or was renamed: only
/// folders are looked at, and only those that changed are read. What cannot be read is taken as
/// empty.
///
/// Limitations: a file that is changed in place goes unseen.
class TreeStamps {
  public:
    explicit TreeStamps(std::vector<std::string> roots);

    /// Whether anything moved since the last call; true at the first one when there is a root.
    /// `now` tells which folders may change again without their time showing it.
    bool has_moved(UnixMicros now);

  private:
    struct Folder {
        std::string path;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;  // 0: it was not there.
        std::int64_t mtime_ns = 0;
        bool is_fresh = false;  // It may have changed again within the tick of its time.
        std::vector<Folder> below;
    };
    static bool refresh(Folder& folder, UnixMicros now, int depth);
    static void read(Folder& folder);

    std::vector<Folder> roots_;
};

}  // namespace trueup::codex
