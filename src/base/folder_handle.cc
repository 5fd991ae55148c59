#include "base/folder_handle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_info.h"
#include "base/open_retrying.h"
#include "base/system_failure.h"

namespace trueup {

FolderHandle::FolderHandle(FolderHandle&& other) noexcept
    : folder_(std::move(other.folder_)), fd_(std::exchange(other.fd_, -1)) {}

FolderHandle& FolderHandle::operator=(FolderHandle&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(fd_, other.fd_);
    return *this;
}

FolderHandle::~FolderHandle() {
    if (fd_ >= 0) ::close(fd_);
}

FolderHandle::Start FolderHandle::start_of(const std::string& path) {
    const Start whole{.fd = AT_FDCWD, .name = path.c_str()};
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == path.size()) return whole;
    const std::string_view folder = std::string_view(path).substr(0, slash);
    if (fd_ < 0 || folder != folder_) {
        folder_ = folder;
        if (fd_ >= 0) ::close(fd_);
        fd_ = open_retrying(AT_FDCWD, folder_.c_str(), O_PATH | O_DIRECTORY);
    }
    return fd_ < 0 ? whole : Start{.fd = fd_, .name = path.c_str() + slash + 1};
}

Result<std::optional<FileInfo>> FolderHandle::info(const std::string& path) {
    const Start start = start_of(path);
    struct stat found {};
    if (::fstatat(start.fd, start.name, &found, 0) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileInfo>{};
        return system_failure(errno, "look at", path);
    }
    return std::optional(to_info(found));
}

Result<File> FolderHandle::open_unnoticed(const std::string& path) {
    const Start start = start_of(path);
    return File::open_unnoticed_at(start.fd, start.name, path);
}

Result<File> FolderHandle::open_edit(const std::string& path) {
    const Start start = start_of(path);
    const int fd = open_retrying(start.fd, start.name, O_RDWR);
    if (fd < 0) return system_failure(errno, "write", path);
    return File(fd, path);
}

}  // namespace trueup
