#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace trueup::extract {

/// A file under the prefix; `name` is relative to it, with "/".
struct DestinationFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    bool is_temporary = false;  // An unfinished part of some run.
};

/// The part that `run_id` is writing.
struct PartName {
    std::string name;  // Its final name, relative to the prefix.
    std::string run_id;
};

/// A local folder that parts are put into. Move-only; safe from any thread but for lock().
/// Errors name the path; a full disk is Retryable.
class Destination {
  public:
    /// Creates the folder and its parents, durably.
    static Result<Destination> open_local(const std::string& path);
    /// For commands that only look: Failed when the folder is missing.
    static Result<Destination> open_existing(const std::string& path);

    /// Absolute.
    const std::string& path() const { return path_; }
    std::string path_of(std::string_view name) const;

    /// Keeps every other process out until this object ends, also those that work from another
    /// configuration and so with another ledger. Retryable when one is in.
    Status lock();

    /// Where to write what will become `name`: `.<name>.tmp-<run_id>` in the same folder, made
    /// when missing.
    Result<std::string> begin_part(const PartName& part) const;
    /// Makes the part durable, then visible: sync the file, rename, sync the folder. A file of that
    /// name is replaced, which is what doing a chunk again needs.
    Status commit_part(const PartName& part) const;
    /// Removes what begin_part() led to; fine when there is nothing.
    Status drop_part(const PartName& part) const;

    /// Removes the temporary files of these runs and returns their names. Others may be at work.
    Result<std::vector<std::string>> sweep_temporaries(std::span<const std::string> run_ids) const;

    /// Whether a file of this name and size stands there. Says nothing of its content.
    Result<bool> has_file(std::string_view name, std::int64_t bytes) const;

    /// Every file, sorted by name, without the lock and without `_quarantine`.
    Result<std::vector<DestinationFile>> list() const;
    /// Moves the files to `_quarantine/<stamp>/`, under the same names; missing ones are passed
    /// over. Durable when it returns. Returns the names that were moved.
    Result<std::vector<std::string>> quarantine(std::span<const std::string> names,
                                                std::string_view stamp) const;
    /// Removes a file for good, durably; fine when it is missing.
    Status remove(std::string_view name) const;

    /// What can still be written here.
    Result<std::uint64_t> free_space() const;

  private:
    explicit Destination(std::string path) : path_(std::move(path)) {}
    std::string path_;
    std::optional<File> lock_;
};

}  // namespace trueup::extract
