#include "codex/watch/tree_stamps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/file.h"

namespace trueup::codex {
namespace {

/// Rollouts lie in sessions/YYYY/MM/DD: deeper than this is a loop of links.
constexpr int kDepthMax = 8;
constexpr std::int64_t kNanosPerMicro = 1000;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// Two changes this close together can have one time: a tick of the kernel's clock, or two seconds
/// on file systems that keep whole ones.
bool is_fresh(std::int64_t mtime_ns, UnixMicros now) {
    const std::int64_t tick_ns = mtime_ns % kNanosPerSecond == 0 ? 2 * kNanosPerSecond : 20'000'000;
    return mtime_ns / kNanosPerMicro > now - tick_ns / kNanosPerMicro;
}

std::optional<FileInfo> info_of(const std::string& path) {
    const auto info = file_info(path);
    if (!info || !*info || !(*info)->is_directory) return std::nullopt;
    return *info;
}

}  // namespace

TreeStamps::TreeStamps(std::vector<std::string> roots) {
    for (std::string& root : roots) roots_.push_back({.path = std::move(root)});
}

bool TreeStamps::has_moved(UnixMicros now) {
    bool has_moved = false;
    for (Folder& root : roots_) has_moved = refresh(root, now, 0) || has_moved;
    return has_moved;
}

/// Lists the folders below, keeping what is known of them.
void TreeStamps::read(Folder& folder) {
    const auto entries = list_directory(folder.path);
    std::vector<Folder> known = std::exchange(folder.below, {});
    if (!entries) return;
    for (const Entry& entry : *entries) {
        if (!entry.is_directory) continue;
        std::string path = join_path(folder.path, entry.name);
        const auto old = std::ranges::find(known, path, &Folder::path);
        if (old != known.end()) {
            folder.below.push_back(std::move(*old));
        } else {
            folder.below.push_back({.path = std::move(path)});
        }
    }
}

bool TreeStamps::refresh(Folder& folder, UnixMicros now, int depth) {
    const FileInfo info = info_of(folder.path).value_or(FileInfo{});
    const bool is_same = info.device == folder.device && info.inode == folder.inode &&
                         info.mtime_ns == folder.mtime_ns;
    bool has_moved = !is_same || folder.is_fresh;
    if (has_moved) {
        folder.device = info.device;
        folder.inode = info.inode;
        folder.mtime_ns = info.mtime_ns;
        folder.is_fresh = info.inode != 0 && is_fresh(info.mtime_ns, now);
        if (info.inode == 0 || depth == kDepthMax) {
            folder.below.clear();
        } else {
            read(folder);
        }
    }
    for (Folder& below : folder.below) has_moved = refresh(below, now, depth + 1) || has_moved;
    return has_moved;
}

}  // namespace trueup::codex
