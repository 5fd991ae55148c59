#include "codex/home/open_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace trueup::codex {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

bool is_number(const char* name) { return name[0] >= '0' && name[0] <= '9'; }

/// The user a process runs as, by its own words: the files in /proc of a process that does not let
/// itself be looked into belong to root, whoever runs it.
std::optional<uid_t> user_of(const std::string& process) {
    const auto file = File::open_read(process + "/status");
    if (!file) return std::nullopt;
    std::string text(4096, '\0');  // The line is one of the first.
    text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))).value_or(0));
    constexpr std::string_view kLine = "\nUid:\t";
    const std::size_t at = text.find(kLine);
    if (at == std::string::npos) return std::nullopt;
    uid_t user = 0;
    const char* const first = text.data() + at + kLine.size();
    const auto parsed = std::from_chars(first, text.data() + text.size(), user);
    return parsed.ec == std::errc() ? std::optional(user) : std::nullopt;
}

/// Whether files of a process that we may not look into could be ours to worry about: a process of
/// this user, or of anybody when we are root.
bool concerns_us(const std::string& process) {
    struct stat info {};
    if (::stat(process.c_str(), &info) != 0) return false;  // It has ended.
    return ::geteuid() == 0 || user_of(process).value_or(info.st_uid) == ::geteuid();
}

/// False when the process could not be looked into.
bool add_files_of(const std::string& process, OpenFiles& open) {
    const std::string path = process + "/fd";
    const Folder folder(::opendir(path.c_str()));
    if (!folder) return errno == ENOENT || errno == ESRCH || !concerns_us(process);
    while (const dirent* entry = ::readdir(folder.get())) {
        if (!is_number(entry->d_name)) continue;
        struct stat info {};
        // Gone already, or on a file system that does not answer: not one of a Codex home.
        if (::fstatat(::dirfd(folder.get()), entry->d_name, &info, 0) != 0) continue;
        if (S_ISREG(info.st_mode)) open.files.insert({info.st_dev, info.st_ino});
    }
    return true;
}

}  // namespace

std::size_t OpenFiles::Hash::operator()(const Key& key) const noexcept {
    return std::hash<std::uint64_t>{}(key.inode * 0x9e3779b97f4a7c15U + key.device);
}

bool OpenFiles::holds(const FileInfo& info) const {
    return files.contains({info.device, info.inode});
}

OpenFiles find_open_files() {
    OpenFiles open;
    const Folder processes(::opendir("/proc"));
    if (!processes) return open;
    const std::string own = std::to_string(::getpid());
    bool has_processes = false;
    open.is_complete = true;
    while (const dirent* entry = ::readdir(processes.get())) {
        if (!is_number(entry->d_name)) continue;
        has_processes = true;
        if (entry->d_name == own) continue;
        if (!add_files_of(std::string("/proc/") + entry->d_name, open)) open.is_complete = false;
    }
    // A /proc that is something else, or that hides all processes, says nothing.
    open.is_complete = open.is_complete && has_processes;
    return open;
}

std::optional<bool> is_open_anywhere(const std::string& path) {
    static const bool is_ignored = ::signal(SIGIO, SIG_IGN) != SIG_ERR;
    if (!is_ignored) return std::nullopt;
    const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::optional<bool> answer;
    if (::fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
        answer = false;
    } else if (errno == EAGAIN) {
        answer = true;
    }
    ::close(fd);  // Gives the lease back.
    return answer;
}

}  // namespace trueup::codex
