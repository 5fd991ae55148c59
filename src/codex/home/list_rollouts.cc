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

#include "base/parallel.h"
#include "codex/home/rollout.h"

namespace trueup::codex {
namespace {

/// sessions/YYYY/MM/DD is three deep. The bound is for the stack; loops of links end before.
constexpr int kDepthMax = 32;

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

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

/// What a folder holds that matters. The names stand in one text: there are thousands.
class Entries {
  public:
    struct Entry {
        std::uint32_t begin = 0;
        std::uint32_t bytes = 0;
        bool is_folder = false;
    };
    void add(std::string_view name, bool is_folder) {
        entries_.push_back({.begin = static_cast<std::uint32_t>(names_.size()),
                            .bytes = static_cast<std::uint32_t>(name.size()),
                            .is_folder = is_folder});
        names_.append(name);
    }
    std::string_view name_of(const Entry& entry) const {
        return std::string_view(names_).substr(entry.begin, entry.bytes);
    }
    /// In the order of the paths below: a folder's name goes on with a slash.
    void sort() {
        std::ranges::sort(entries_, [this](const Entry& one, const Entry& other) {
            const std::string_view name = name_of(one);
            const std::string_view next = name_of(other);
            const std::size_t common = std::min(name.size(), next.size());
            const int order = name.compare(0, common, next, 0, common);
            return order != 0 ? order < 0 : after(one, common) < after(other, common);
        });
    }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

  private:
    unsigned char after(const Entry& entry, std::size_t common) const {
        if (entry.bytes > common) return static_cast<unsigned char>(name_of(entry)[common]);
        return static_cast<unsigned char>(entry.is_folder ? '/' : '\0');
    }

    std::string names_;
    std::vector<Entry> entries_;
};

struct Folder {
    std::string path;
    std::pair<dev_t, ino_t> identity;
    int error = 0;  // Why it could not be listed, or not to its end.
    Entries entries;
    std::vector<Folder> folders;  // Those of the entries that are some, in their order.
};

/// Of what a link leads to; DT_LNK when it leads nowhere.
unsigned char type_of(int folder, const dirent& entry) {
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return entry.d_type;
    struct stat info {};
    if (::fstatat(folder, entry.d_name, &info, 0) != 0) return DT_LNK;
    if (S_ISDIR(info.st_mode)) return DT_DIR;
    return S_ISREG(info.st_mode) ? DT_REG : DT_UNKNOWN;
}

void read_entries(DIR* open, Folder& folder) {
    errno = 0;
    while (const dirent* entry = ::readdir(open)) {
        const std::string_view name(entry->d_name);
        if (name == "." || name == "..") continue;
        const unsigned char type = type_of(::dirfd(open), *entry);
        const bool is_wanted = type == DT_DIR || is_rollout(name) || is_leftover(name);
        // What is no file cannot be a rollout, whatever its name; a link that leads nowhere can.
        const bool is_possible = type == DT_DIR || type == DT_REG || type == DT_LNK;
        if (is_wanted && is_possible) folder.entries.add(name, type == DT_DIR);
        errno = 0;
    }
    folder.error = errno;
}

void list(Folder& folder) {
    const OpenFolder open(::opendir(folder.path.c_str()));
    const int descriptor = open ? ::dirfd(open.get()) : -1;
    struct stat info {};
    if (descriptor < 0 || ::fstat(descriptor, &info) != 0) {
        folder.error = errno;
        return;
    }
    folder.identity = {info.st_dev, info.st_ino};
    read_entries(open.get(), folder);
    folder.entries.sort();
    for (const auto& entry : folder.entries) {
        if (!entry.is_folder) continue;
        folder.folders.push_back({.path = join_path(folder.path, folder.entries.name_of(entry))});
    }
}

/// Level by level, the folders of one by several workers.
void walk(std::vector<Folder>& roots, int workers) {
    std::set<std::pair<dev_t, ino_t>> seen;
    std::vector<Folder*> level;
    level.reserve(roots.size());
    for (Folder& root : roots) level.push_back(&root);
    for (int depth = 0; !level.empty(); ++depth) {
        parallel_for(level.size(), workers, [&](std::size_t i, std::size_t) { list(*level[i]); });
        std::vector<Folder*> next;
        for (Folder* folder : level) {
            const bool is_missing = folder->error == ENOENT || folder->error == ENOTDIR;
            if (depth == 0 && is_missing) folder->error = 0;
            const bool is_known = folder->identity.second != 0;
            // One that was walked before, under another name, holds nothing more.
            if (is_known && !seen.insert(folder->identity).second) *folder = {.path = folder->path};
            if (depth > kDepthMax) *folder = {.path = folder->path, .error = ELOOP};
            for (Folder& inner : folder->folders) next.push_back(&inner);
        }
        level = std::move(next);
    }
}

void take(const Folder& folder, RolloutFiles& into) {
    if (folder.error != 0) {
        into.refused.push_back(
            {folder.path, fmt::format("cannot list {}: {}", folder.path,
                                      std::generic_category().message(folder.error))});
    }
    auto inner = folder.folders.begin();
    std::string path = folder.path + '/';
    for (const auto& entry : folder.entries) {
        if (entry.is_folder) {
            take(*inner++, into);
            continue;
        }
        path.resize(folder.path.size() + 1);
        path.append(folder.entries.name_of(entry));
        if (is_rollout(folder.entries.name_of(entry))) {
            into.rollouts.emplace_back(path);
        } else {
            into.leftovers.push_back(path);
        }
    }
}

}  // namespace

RolloutFiles list_rollouts(const std::string& home_path, int workers) {
    // In the order of their names, so that all paths are sorted.
    std::vector<Folder> roots(2);
    roots[0].path = join_path(home_path, "archived_sessions");
    roots[1].path = join_path(home_path, "sessions");
    walk(roots, workers);
    RolloutFiles files;
    for (const Folder& root : roots) take(root, files);
    return files;
}

}  // namespace trueup::codex
