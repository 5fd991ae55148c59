#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/file_info.h"
#include "base/open_retrying.h"
#include "base/system_failure.h"

namespace trueup {
namespace {

constexpr std::uint64_t kCopyBytes = std::uint64_t{1} << 20U;  // A step without the kernel's help.
constexpr std::uint64_t kCopyRangeBytes = std::uint64_t{1} << 30U;

int open_path(const std::string& path, int flags, std::uint32_t mode = 0644) {
    return open_retrying(AT_FDCWD, path.c_str(), flags, mode);
}

Result<int> open_descriptor(const std::string& path, int flags, std::string_view verb) {
    const int fd = open_path(path, flags);
    if (fd < 0) return system_failure(errno, verb, path);
    return fd;
}

/// The kernel cannot copy between these two files; reading and writing still may.
bool must_copy_by_hand(int error) {
    switch (error) {
        case EXDEV:
        case EINVAL:
        case ENOSYS:
        case EOPNOTSUPP:
        case EBADF:
        case EPERM: return true;
        default: return false;
    }
}

}  // namespace

int open_retrying(int folder, const char* name, int flags, std::uint32_t mode) {
    while (true) {
        const int fd = ::openat(folder, name, flags | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EINTR) return fd;
    }
}

Result<File> File::open_read(const std::string& path) {
    return File(TRY(open_descriptor(path, O_RDONLY, "read")), path);
}

Result<File> File::open_edit(const std::string& path) {
    return File(TRY(open_descriptor(path, O_RDWR, "write")), path);
}

Result<File> File::open_unnoticed(const std::string& path) {
    return open_unnoticed_at(AT_FDCWD, path.c_str(), path);
}

Result<File> File::open_unnoticed_at(int folder, const char* name, const std::string& path) {
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = open_retrying(folder, name, flags | O_NOATIME);
    // Only the owner of a file may ask for that.
    if (fd < 0 && errno == EPERM) fd = open_retrying(folder, name, flags);
    if (fd < 0) return system_failure(errno, "read", path);
    return File(fd, path);
}

Result<File> File::create(const std::string& path, std::uint32_t mode) {
    const int fd = open_path(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0) return system_failure(errno, "create", path);
    return File(fd, path);
}

Result<File> File::open_append(const std::string& path, std::uint32_t mode) {
    const int fd = open_path(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, mode);
    if (fd < 0) return system_failure(errno, "write", path);
    return File(fd, path);
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

Status File::write_at(std::uint64_t offset, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return system_failure(errno, "write", path_);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

Status File::append_range(const File& from, std::uint64_t offset, std::uint64_t bytes) {
    while (bytes > 0) {
        auto at = static_cast<off64_t>(offset);
        const auto step = static_cast<std::size_t>(std::min(bytes, kCopyRangeBytes));
        const ssize_t put = ::copy_file_range(from.fd_, &at, fd_, nullptr, step, 0);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && !must_copy_by_hand(errno)) return system_failure(errno, "write", path_);
        if (put <= 0) break;  // 0: the end, or a file system that cannot say.
        offset += static_cast<std::uint64_t>(put);
        bytes -= static_cast<std::uint64_t>(put);
    }
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(bytes, kCopyBytes)));
    while (bytes > 0) {
        const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
        const std::size_t got = TRY(from.read_at(offset, std::span(buffer).first(step)));
        if (got == 0) {
            return fail(ErrorClass::Failed, fmt::format("{} ends {} bytes before what was to be "
                                                        "copied from it",
                                                        from.path_, bytes));
        }
        TRY(write_all(Bytes(buffer).first(got)));
        offset += got;
        bytes -= got;
    }
    return {};
}

Status File::sync() const {
    if (::fsync(fd_) != 0) return system_failure(errno, "sync", path_);
    return {};
}

Status File::sync_data() const {
    if (::fdatasync(fd_) != 0) return system_failure(errno, "sync", path_);
    return {};
}

Status File::sync_filesystem() const {
    if (::syncfs(fd_) != 0) return system_failure(errno, "sync the file system of", path_);
    return {};
}

Status File::truncate(std::uint64_t bytes) {
    if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
        return system_failure(errno, "truncate", path_);
    }
    return {};
}

Result<FileInfo> File::info() const {
    struct stat found {};
    if (::fstat(fd_, &found) != 0) return system_failure(errno, "look at", path_);
    return to_info(found);
}

Result<std::uint64_t> File::size() const { return TRY(info()).bytes; }

Result<bool> File::try_lock() {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return system_failure(errno, "lock", path_);
}

}  // namespace trueup
