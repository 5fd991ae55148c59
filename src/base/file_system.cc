#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/fault.h"
#include "base/file.h"
#include "base/file_info.h"
#include "base/system_failure.h"

namespace trueup {

Result<std::optional<FileInfo>> file_info(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileInfo>{};
        return system_failure(errno, "look at", path);
    }
    return std::optional(to_info(info));
}

Result<std::string> read_file(const std::string& path, std::uint64_t bytes_max) {
    const File file = TRY(File::open_read(path));
    const std::uint64_t size = TRY(file.size());
    if (size > bytes_max) {
        return fail(
            ErrorClass::Failed,
            fmt::format("{} has {} bytes, more than the {} that are read", path, size, bytes_max));
    }
    std::string content(size, '\0');
    const std::size_t got = TRY(file.read_at(0, std::as_writable_bytes(std::span(content))));
    content.resize(got);
    return content;
}

Status replace_file(const std::string& path, std::string_view content,
                    std::string_view fault_name) {
    const std::string aside = fmt::format("{}.tmp-{}", path, ::getpid());
    FAULT_POINT(fmt::format("{}: before write", fault_name));
    TRY(remove_file(aside));
    {
        File file = TRY(File::create(aside));
        TRY(file.write_all(as_bytes(content)));
        TRY(file.sync());
    }
    FAULT_POINT(fmt::format("{}: before rename", fault_name));
    TRY(rename_file(aside, path));
    FAULT_POINT(fmt::format("{}: before directory sync", fault_name));
    TRY(sync_directory(parent_path(path)));
    FAULT_POINT(fmt::format("{}: after", fault_name));
    return {};
}

Status sync_file(const std::string& path) {
    const File file = TRY(File::open_read(path));
    return file.sync();
}

Status sync_directory(const std::string& path) { return sync_file(path); }

Status rename_file(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        const int error = errno;
        return system_failure(error, fmt::format("rename {} to", from), to);
    }
    return {};
}

Status link_file(const std::string& from, const std::string& to) {
    if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        const int error = errno;
        return system_failure(error, fmt::format("link {} to", from), to);
    }
    return {};
}

Status remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_failure(errno, "remove", path);
    }
    return {};
}

Status make_directories(const std::string& path, std::uint32_t mode) {
    const auto info = TRY(file_info(path));
    if (info) {
        if (info->is_directory) return {};
        return fail(ErrorClass::Failed, fmt::format("{} exists and is not a directory", path));
    }
    const std::string parent = parent_path(path);
    TRY(make_directories(parent, mode));
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        return system_failure(errno, "create the directory", path);
    }
    return sync_directory(parent);
}

Status remove_directory(const std::string& path) {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    return system_failure(errno, "remove the directory", path);
}

bool may_write(const std::string& path) { return ::access(path.c_str(), W_OK) == 0; }

Result<std::vector<Entry>> list_directory(const std::string& path) {
    std::vector<Entry> entries;
    const auto close = [](DIR* dir) { ::closedir(dir); };
    const std::unique_ptr<DIR, decltype(close)> dir(::opendir(path.c_str()), close);
    if (!dir) {
        if (errno == ENOENT) return entries;
        return system_failure(errno, "list", path);
    }
    errno = 0;
    while (const dirent* found = ::readdir(dir.get())) {
        const std::string name = found->d_name;
        if (name == "." || name == "..") continue;
        const auto info = TRY(file_info(join_path(path, name)));
        entries.push_back({name, info && info->is_directory});
        errno = 0;
    }
    if (errno != 0) return system_failure(errno, "list", path);
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
}

Result<std::uint64_t> free_bytes(const std::string& path) {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return system_failure(errno, "look at", path);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

std::string join_path(std::string_view directory, std::string_view name) {
    return (std::filesystem::path(directory) / name).string();
}

std::string parent_path(std::string_view path) {
    std::string parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

Result<std::optional<std::string>> canonical_path(const std::string& path) {
    const auto release = [](char* text) { std::free(text); };
    const std::unique_ptr<char, decltype(release)> found(::realpath(path.c_str(), nullptr),
                                                         release);
    if (found) return std::optional<std::string>(found.get());
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>{};
    return system_failure(errno, "follow", path);
}

std::string absolute_path(std::string_view path) {
    std::string text =
        std::filesystem::absolute(std::filesystem::path(path)).lexically_normal().string();
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace trueup
