#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/random.h"
#include "extract/config/config.h"
#include "extract/source/observation.h"

namespace trueup::extract {

/// Looks at the places where exports put their files. Each place is tried out with a probe file,
/// which is removed again; folders that are missing are not made.
class DestinationLook {
  public:
    explicit DestinationLook(Random& random) : random_(&random) {}

    /// `bytes` is about what the export holds in the source, where it is known. What other exports
    /// put on the same file system counts against its free space, too.
    Observations examine(const std::string& prefix, std::optional<std::uint64_t> bytes);
    /// Whether a file can be created, synced, renamed and removed in a folder.
    Status try_out(const std::string& folder) const;

  private:
    Observation space_for(const std::string& folder, std::uint64_t device,
                          std::optional<std::uint64_t> bytes);

    Random* random_;
    std::map<std::uint64_t, std::uint64_t> bytes_by_device_;
};

/// The path itself, or its nearest parent that is there. Failed when that is no folder.
Result<std::string> nearest_folder(const std::string& path);

}  // namespace trueup::extract
