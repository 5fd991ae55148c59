#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace trueup {

/// Looks at and opens files by path, and keeps the folder of the last one open: the next one in it
/// is found without walking down the whole path again. For one thread at a time, and for a short
/// time: a folder that is moved away meanwhile is still the one in which files are found.
class FolderHandle {
  public:
    FolderHandle() = default;
    FolderHandle(FolderHandle&& other) noexcept;
    FolderHandle& operator=(FolderHandle&& other) noexcept;
    FolderHandle(const FolderHandle&) = delete;
    FolderHandle& operator=(const FolderHandle&) = delete;
    ~FolderHandle();

    /// As file_info().
    Result<std::optional<FileInfo>> info(const std::string& path);
    /// As those of File.
    Result<File> open_unnoticed(const std::string& path);
    Result<File> open_edit(const std::string& path);

  private:
    struct Start {
        int fd;
        const char* name;  // What is left of the path from there.
    };
    Start start_of(const std::string& path);

    std::string folder_;
    int fd_ = -1;
};

}  // namespace trueup
