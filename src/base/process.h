#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace trueup {

/// A process as a file remembers it: a pid alone is used again, with its start time it is not.
struct ProcessIdentity {
    std::int64_t pid = 0;
    std::int64_t started_ticks = 0;  // Clock ticks after boot; 0 when unknown.
    std::string host;
    std::string boot_id;  // Of the kernel; empty when unknown.
};

/// Which processes of this machine live. Tests put their own in its place.
class ProcessTable {
  public:
    virtual ~ProcessTable() = default;
    virtual ProcessIdentity self() const = 0;
    /// Start time in ticks of a living process of this machine; nothing when there is none.
    virtual std::optional<std::int64_t> started_ticks(std::int64_t pid) const = 0;
};

/// Reads /proc; lives as long as the process.
const ProcessTable& system_processes();

}  // namespace trueup
