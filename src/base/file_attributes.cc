#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/file_info.h"
#include "base/system_failure.h"

namespace trueup {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::int64_t to_nanos(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * kNanosPerSecond + time.tv_nsec;
}

timespec to_timespec(std::int64_t nanos) {
    std::int64_t seconds = nanos / kNanosPerSecond;
    std::int64_t rest = nanos % kNanosPerSecond;
    if (rest < 0) {  // Before 1970: the nanoseconds still count forward.
        rest += kNanosPerSecond;
        seconds -= 1;
    }
    timespec time{};
    time.tv_sec = seconds;
    time.tv_nsec = rest;
    return time;
}

/// Calls `ask` with a buffer that grows until what it answers fits: the attributes may change
/// between two calls. Nothing, with errno, when the system refuses.
template <class Ask>
std::optional<std::string> ask_all(const Ask& ask) {
    std::string buffer(256, '\0');
    while (true) {
        const ssize_t got = ask(buffer.data(), buffer.size());
        if (got >= 0) {
            buffer.resize(static_cast<std::size_t>(got));
            return buffer;
        }
        if (errno != ERANGE) return std::nullopt;
        buffer.resize(buffer.size() * 4);
    }
}

Result<std::vector<std::string>> attribute_names(int fd, const std::string& path) {
    const auto list =
        ask_all([fd](char* into, std::size_t size) { return ::flistxattr(fd, into, size); });
    std::vector<std::string> names;
    if (!list) {
        if (errno == ENOTSUP) return names;
        return system_failure(errno, "list the attributes of", path);
    }
    for (std::size_t at = 0; at < list->size(); at += names.back().size() + 1) {
        names.emplace_back(list->c_str() + at);
    }
    return names;
}

/// Nothing when the file does not have it.
std::optional<std::string> attribute(int fd, const std::string& name) {
    return ask_all([fd, &name](char* into, std::size_t size) {
        return ::fgetxattr(fd, name.c_str(), into, size);
    });
}

Status copy_attribute(int from, int to, const std::string& name, const std::string& path) {
    const auto value = attribute(from, name);
    if (!value) {
        const int error = errno;
        if (error == ENODATA) return {};  // Taken away meanwhile.
        return system_failure(error, fmt::format("read the attribute {} for", name), path);
    }
    // The system gives some by itself, and lets nobody set them.
    if (attribute(to, name) == value) return {};
    if (::fsetxattr(to, name.c_str(), value->data(), value->size(), 0) != 0) {
        const int error = errno;
        return system_failure(error, fmt::format("give the attribute {} to", name), path);
    }
    return {};
}

}  // namespace

FileInfo to_info(const struct stat& found) {
    return {
        .bytes = static_cast<std::uint64_t>(found.st_size),
        .atime_ns = to_nanos(found.st_atim),
        .mtime_ns = to_nanos(found.st_mtim),
        .ctime_ns = to_nanos(found.st_ctim),
        .device = found.st_dev,
        .inode = found.st_ino,
        .links = found.st_nlink,
        .mode = found.st_mode & 07777U,
        .user = found.st_uid,
        .group = found.st_gid,
        .is_directory = S_ISDIR(found.st_mode),
        .is_regular = S_ISREG(found.st_mode),
    };
}

Status File::set_times(std::int64_t atime_ns, std::int64_t mtime_ns) {
    const timespec times[] = {to_timespec(atime_ns), to_timespec(mtime_ns)};
    if (::futimens(fd_, times) != 0) return system_failure(errno, "set the times of", path_);
    return {};
}

// The order matters: a new owner clears bits of the mode, and so may an access list.
Status File::copy_attributes(const File& from) {
    const FileInfo want = TRY(from.info());
    const FileInfo have = TRY(info());
    if (want.user != have.user || want.group != have.group) {
        if (::fchown(fd_, want.user, want.group) != 0) {
            const int error = errno;
            return system_failure(
                error, fmt::format("give user {}, group {} to", want.user, want.group), path_);
        }
    }
    const std::vector<std::string> wanted = TRY(attribute_names(from.fd_, from.path_));
    for (const std::string& name : wanted) TRY(copy_attribute(from.fd_, fd_, name, path_));
    // A new file may have inherited an access list of its folder.
    for (const std::string& name : TRY(attribute_names(fd_, path_))) {
        if (std::ranges::find(wanted, name) != wanted.end()) continue;
        if (::fremovexattr(fd_, name.c_str()) != 0) {
            const int error = errno;
            return system_failure(error, fmt::format("take the attribute {} from", name), path_);
        }
    }
    if (::fchmod(fd_, want.mode) != 0) {
        const int error = errno;
        return system_failure(error, fmt::format("give the mode {:04o} to", want.mode), path_);
    }
    return {};
}

Result<std::string> File::real_path() const {
    std::array<char, PATH_MAX> target{};
    const std::string link = fmt::format("/proc/self/fd/{}", fd_);
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length > 0 && static_cast<std::size_t>(length) < target.size() && target[0] == '/') {
        std::string found(target.data(), static_cast<std::size_t>(length));
        // A file that was renamed or deleted meanwhile has another name here, or a made-up one.
        const auto there = TRY(file_info(found));
        const FileInfo here = TRY(info());
        if (there && there->device == here.device && there->inode == here.inode) return found;
    }
    const auto path = TRY(canonical_path(path_));
    if (path) return *path;
    return fail(ErrorClass::Failed, fmt::format("{} does not exist any more", path_));
}

}  // namespace trueup
