#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/fault.h"

namespace trueup {
namespace {

/// ENOSPC and friends can be cured by making room, so a later run may succeed.
ErrorClass class_of(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EAGAIN:
        case EMFILE:
        case ENFILE: return ErrorClass::Retryable;
        default: return ErrorClass::Failed;
    }
}

std::string hint_of(int error) {
    if (error == ENOSPC || error == EDQUOT) return "make room on the file system and run again";
    if (error == EROFS) return "the file system is read-only";
    return {};
}

std::unexpected<Error> system_failure(int error, std::string_view verb, std::string_view path) {
    return fail(class_of(error),
                fmt::format("cannot {} {}: {}", verb, path, std::generic_category().message(error)),
                hint_of(error));
}

Result<int> open_descriptor(const std::string& path, int flags, std::string_view verb) {
    while (true) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (fd >= 0) return fd;
        if (errno != EINTR) return system_failure(errno, verb, path);
    }
}

}  // namespace

Result<File> File::open_read(const std::string& path) {
    return File(TRY(open_descriptor(path, O_RDONLY, "read")), path);
}

Result<File> File::create(const std::string& path) {
    return File(TRY(open_descriptor(path, O_WRONLY | O_CREAT | O_EXCL, "create")), path);
}

Result<File> File::open_or_create(const std::string& path) {
    return File(TRY(open_descriptor(path, O_RDWR | O_CREAT, "write")), path);
}

File::File(File&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::byte> into) const {
    std::size_t total = 0;
    while (total < into.size()) {
        const ssize_t got = ::pread(fd_, into.data() + total, into.size() - total,
                                    static_cast<off_t>(offset + total));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(errno, "read", path_);
        if (got == 0) break;
        total += static_cast<std::size_t>(got);
    }
    return total;
}

Status File::write_all(Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return system_failure(errno, "write", path_);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return {};
}

Status File::sync() const {
    if (::fsync(fd_) != 0) return system_failure(errno, "sync", path_);
    return {};
}

Status File::truncate(std::uint64_t bytes) {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
        return system_failure(errno, "truncate", path_);
    }
    return {};
}

Result<std::uint64_t> File::size() const {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return system_failure(errno, "look at", path_);
    return static_cast<std::uint64_t>(info.st_size);
}

Result<bool> File::try_lock() {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return system_failure(errno, "lock", path_);
}

Result<std::optional<FileInfo>> file_info(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileInfo>{};
        return system_failure(errno, "look at", path);
    }
    return std::optional(FileInfo{
        .bytes = static_cast<std::uint64_t>(info.st_size),
        .mtime_ns =
            static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
        .inode = info.st_ino,
        .is_directory = S_ISDIR(info.st_mode),
    });
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
        return system_failure(errno, fmt::format("rename {} to", from), to);
    }
    return {};
}

Status remove_file(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_failure(errno, "remove", path);
    }
    return {};
}

Status make_directories(const std::string& path) {
    const auto info = TRY(file_info(path));
    if (info) {
        if (info->is_directory) return {};
        return fail(ErrorClass::Failed, fmt::format("{} exists and is not a directory", path));
    }
    const std::string parent = parent_path(path);
    TRY(make_directories(parent));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
        return system_failure(errno, "create the directory", path);
    }
    return sync_directory(parent);
}

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

std::string absolute_path(std::string_view path) {
    std::string text =
        std::filesystem::absolute(std::filesystem::path(path)).lexically_normal().string();
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace trueup
