#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "codex/home/rollout.h"

namespace trueup::codex {
namespace {

/// sessions/YYYY/MM/DD is three deep. The bound is for the stack; loops of links end before.
constexpr int kDepthMax = 32;

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

bool is_rollout(std::string_view name) {
    return name.starts_with("rollout-") &&
           (name.ends_with(".jsonl") || name.ends_with(".jsonl.zst"));
}

/// What a rewrite of ours or of codex-threadripper leaves behind when it is killed.
bool is_leftover(std::string_view name) {
    if (!name.starts_with("rollout-")) return false;
    if (name.find(".jsonl.threadripper.") != std::string_view::npos) return name.ends_with(".tmp");
    const bool is_ours = name.find(".jsonl.trueup-") != std::string_view::npos ||
                         name.find(".jsonl.zst.trueup-") != std::string_view::npos;
    return is_ours && (name.ends_with(".tmp") || name.ends_with(".old"));
}

struct Found {
    std::string name;
    bool is_folder = false;
};

/// The order of the paths below: a folder's name goes on with a slash.
bool comes_before(const Found& one, const Found& other) {
    const std::size_t common = std::min(one.name.size(), other.name.size());
    const int order = one.name.compare(0, common, other.name, 0, common);
    if (order != 0) return order < 0;
    const auto next = [common](const Found& found) {
        if (found.name.size() > common) return static_cast<unsigned char>(found.name[common]);
        return static_cast<unsigned char>(found.is_folder ? '/' : '\0');
    };
    return next(one) < next(other);
}

class Walk {
  public:
    explicit Walk(RolloutFiles& into) : into_(&into) {}

    void folder(const std::string& path, int depth) {
        const Folder open(::opendir(path.c_str()));
        if (!open) {
            const bool is_missing = errno == ENOENT || errno == ENOTDIR;
            if (!is_missing || depth > 0) refuse(path, errno);
            return;
        }
        if (!is_new(::dirfd(open.get()))) return;
        if (depth > kDepthMax) return refuse(path, ELOOP);
        std::vector<Found> found = entries(open.get(), path);
        std::ranges::sort(found, comes_before);
        for (const Found& one : found) take(path, one, depth);
    }

  private:
    std::vector<Found> entries(DIR* open, const std::string& path) {
        std::vector<Found> found;
        errno = 0;
        while (const dirent* entry = ::readdir(open)) {
            const std::string_view name(entry->d_name);
            if (name == "." || name == "..") continue;
            const unsigned char type = type_of(::dirfd(open), *entry);
            const bool is_wanted = type == DT_DIR || is_rollout(name) || is_leftover(name);
            // What is no file cannot be a rollout, whatever its name; a link that leads nowhere
            // can.
            const bool is_possible = type == DT_DIR || type == DT_REG || type == DT_LNK;
            if (is_wanted && is_possible) {
                found.push_back({.name = std::string(name), .is_folder = type == DT_DIR});
            }
            errno = 0;
        }
        if (errno != 0) refuse(path, errno);
        return found;
    }

    /// Of what a link leads to; DT_LNK when it leads nowhere.
    static unsigned char type_of(int folder, const dirent& entry) {
        if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return entry.d_type;
        struct stat info {};
        if (::fstatat(folder, entry.d_name, &info, 0) != 0) return DT_LNK;
        if (S_ISDIR(info.st_mode)) return DT_DIR;
        return S_ISREG(info.st_mode) ? DT_REG : DT_UNKNOWN;
    }

    void take(const std::string& folder_path, const Found& found, int depth) {
        std::string path;
        path.reserve(folder_path.size() + 1 + found.name.size());
        path.append(folder_path).append(1, '/').append(found.name);
        if (found.is_folder) {
            folder(path, depth + 1);
        } else if (is_rollout(found.name)) {
            into_->rollouts.push_back(path);
        } else {
            into_->leftovers.push_back(std::move(path));
        }
    }

    /// False for a folder that was walked before, under another name.
    bool is_new(int folder) {
        struct stat info {};
        if (::fstat(folder, &info) != 0) return false;
        return seen_.emplace(info.st_dev, info.st_ino).second;
    }

    void refuse(const std::string& path, int error) {
        into_->refused.push_back({path, fmt::format("cannot list {}: {}", path,
                                                    std::generic_category().message(error))});
    }

    RolloutFiles* into_;  // Borrowed.
    std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

RolloutFiles list_rollouts(const std::string& home_path) {
    RolloutFiles files;
    Walk walk(files);
    // In the order of their names, so that all paths are sorted.
    for (const std::string_view name : {"archived_sessions", "sessions"}) {
        walk.folder(join_path(home_path, name), 0);
    }
    return files;
}

}  // namespace trueup::codex
