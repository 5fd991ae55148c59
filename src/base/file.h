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

/// What the file system says about a file.
struct FileInfo {
    std::uint64_t bytes = 0;
    std::int64_t atime_ns = 0;  // Nanoseconds since 1970, like the others.
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t links = 0;
    std::uint32_t mode = 0;  // Permission bits.
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    bool is_directory = false;
    bool is_regular = false;
    bool operator==(const FileInfo&) const = default;
};

/// An open file descriptor, closed on destruction. Move-only.
class File {
  public:
    static Result<File> open_read(const std::string& path);
    /// For reading and writing in place; the file must exist.
    static Result<File> open_edit(const std::string& path);
    /// As open_read(), but leaves the access time alone where the system allows it, and never
    /// waits: a pipe that stands where a file is expected opens at once. Look at info() first.
    static Result<File> open_unnoticed(const std::string& path);
    /// Creates the file; fails when it exists. The umask takes bits from `mode`.
    static Result<File> create(const std::string& path, std::uint32_t mode = 0644);
    /// Every write_all() goes to the end of the file, also when others write there too. Creates it
    /// when missing, with `mode`.
    static Result<File> open_append(const std::string& path, std::uint32_t mode = 0644);
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
    /// Leaves the position of write_all() alone.
    Status write_at(std::uint64_t offset, Bytes bytes);
    Result<FileInfo> info() const;
    /// Sets both times, to the nanosecond.
    Status set_times(std::int64_t atime_ns, std::int64_t mtime_ns);
    /// Owner, group, permission bits and extended attributes of `from`, access lists among them.
    /// Failed, naming it, when one of them cannot be given to this file.
    Status copy_attributes(const File& from);
    /// Writes `bytes` bytes of `from`, beginning at `offset`, where write_all() would; in the
    /// kernel where it can. Failed when `from` ends before.
    Status append_range(const File& from, std::uint64_t offset, std::uint64_t bytes);
    /// Makes everything written to this file's file system durable; one call for many files.
    Status sync_filesystem() const;
    /// fdatasync: content and size.
    Status sync_data() const;
    /// fsync: content and size are on the disk when it returns.
    Status sync() const;
    Status truncate(std::uint64_t bytes);
    Result<std::uint64_t> size() const;
    /// flock, exclusive, without waiting: false when another open file holds it. Released by the
    /// kernel when the descriptor closes, so also when the process dies.
    Result<bool> try_lock();
    const std::string& path() const { return path_; }
    /// The path with every link resolved, as the kernel knows it; canonical_path() of path() where
    /// it does not say. Failed when the file has no name any more.
    Result<std::string> real_path() const;

  private:
    friend class FolderHandle;
    static Result<File> open_unnoticed_at(int folder, const char* name, const std::string& path);
    File(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    int fd_ = -1;
    std::string path_;
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
/// A second name for the same file (the one a symbolic link `from` leads to); fails when `to`
/// exists.
Status link_file(const std::string& from, const std::string& to);
/// Missing files are fine.
Status remove_file(const std::string& path);
/// Creates the directory and its parents, and syncs each parent that got a new entry. `mode` is of
/// those that are made; the umask takes bits from it.
Status make_directories(const std::string& path, std::uint32_t mode = 0755);
/// An empty directory; a missing one is fine.
Status remove_directory(const std::string& path);
/// Whether this process may write to what is there, as access(2) sees it.
bool may_write(const std::string& path);

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
/// Absolute, every link resolved; nothing when it does not exist.
Result<std::optional<std::string>> canonical_path(const std::string& path);
/// Absolute and without "." and ".." parts; links are not followed.
std::string absolute_path(std::string_view path);

}  // namespace trueup
