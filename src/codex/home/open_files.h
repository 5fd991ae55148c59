#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/file.h"
#include "base/result.h"

namespace trueup::codex {

/// Which files other processes hold open, as far as /proc shows.
struct OpenFiles {
    struct Key {
        std::uint64_t device;
        std::uint64_t inode;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    std::unordered_set<Key, Hash> files;
    /// False when there are processes of this user (or, for root, of anybody) that we could not
    /// look into: then "not open" is not proven.
    bool is_complete = false;

    bool holds(const FileInfo& info) const;
};

/// Looks into /proc/*/fd once; this process is left out. Without /proc the answer is incomplete.
OpenFiles find_open_files();

/// Whether anybody has the file open, this process too, as the kernel itself knows: it gives a
/// lease only on a file that nobody else has open. So it also sees processes that hide their files
/// from /proc, as those that are not dumpable do. Nothing where it does not say: a file system
/// without leases, a file of another user. From then on the process ignores SIGIO, by which the
/// kernel asks for a lease back.
std::optional<bool> is_open_anywhere(const std::string& path);

}  // namespace trueup::codex
