#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace trueup {

/// An open file descriptor, closed on destruction. Move-only.
class File {
  public:
    static Result<File> open_read(const std::string& path);
    /// Creates the file; fails when it exists.
    static Result<File> create(const std::string& path);
    /// Opens for writing, creating it when missing; content stays.
    static Result<File> open_or_create(const std::string& path);
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File();

    /// Bytes read, 0 at the end of the file. Retries interrupted calls and short reads.
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const;
    Status write_all(Bytes bytes);
    /// fsync: content and size are on the disk when it returns.
    Status sync() const;
    Status truncate(std::uint64_t bytes);
    Result<std::uint64_t> size() const;
    /// flock, exclusive, without waiting: false when another open file holds it. Released by the
    /// kernel when the descriptor closes, so also when the process dies.
    Result<bool> try_lock();
    const std::string& path() const { return path_; }

  private:
    File(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    int fd_ = -1;
    std::string path_;
};

struct FileInfo {
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0;
    bool is_directory = false;
};

/// Nothing when the path does not exist; an error when it cannot be looked at.
Result<std::optional<FileInfo>> file_info(const std::string& path);

/// The whole file; an error (Failed) when it is larger than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::uint64_t bytes_max);

/// Writes `<path>.tmp-<pid>` beside it, syncs, renames over `path`, syncs the directory. Either the
/// old or the new content stands at `path` at every instant. `fault_name` prefixes the fault
/// points.
Status replace_file(const std::string& path, std::string_view content, std::string_view fault_name);

/// fsync of an existing file by path, and of a directory.
Status sync_file(const std::string& path);
Status sync_directory(const std::string& path);

/// rename(2); the caller syncs the directory.
Status rename_file(const std::string& from, const std::string& to);
/// Missing files are fine.
Status remove_file(const std::string& path);
/// Creates the directory and its parents, and syncs each parent that got a new entry.
Status make_directories(const std::string& path);

struct Entry {
    std::string name;
    bool is_directory;
};
/// Names in a directory, sorted; without "." and "..". Missing directory: empty.
Result<std::vector<Entry>> list_directory(const std::string& path);

/// Bytes an unprivileged writer can still put on the file system that holds `path`.
Result<std::uint64_t> free_bytes(const std::string& path);

/// Joins with one slash; an absolute `name` wins.
std::string join_path(std::string_view directory, std::string_view name);
/// "" for a bare name becomes ".".
std::string parent_path(std::string_view path);
/// Absolute and without "." and ".." parts; links are not followed.
std::string absolute_path(std::string_view path);

}  // namespace trueup
