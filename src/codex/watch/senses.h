#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "codex/home/store.h"

/// All that watch sees of the outside world, so that it can be tested without one.
namespace trueup::codex {

/// Why a wait ended; nothing set: the time has come.
struct Wake {
    bool is_config = false;   // A configuration file may have changed.
    bool is_store = false;    // A store may have been written, made or removed.
    bool is_lost = false;     // Something went unseen, or a folder is followed no longer.
    bool is_stopped = false;  // A signal asks us to end.
};

/// A file as stat(2) shows it; all zero when it is not there.
struct FileStamp {
    std::string path;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t mtime_ns = 0;
    bool operator==(const FileStamp&) const = default;
};

struct ConfigLook {
    std::vector<FileStamp> files;
};

/// One look at a store.
struct StoreLook {
    bool is_moved = false;  // Somebody committed since the last look, or there was none.
    /// Only of a store that moved. Unready: in backfill.
    bool is_ready = true;
    std::vector<std::string>
        news;  // Ids of rows off the target, less those known; at most kNewsMax.
    std::optional<Error> problem;
};
inline constexpr int kNewsMax = 1000;

using ThreadIds = std::unordered_set<std::string>;

class Senses {
  public:
    virtual ~Senses() = default;

    /// Monotonic.
    virtual std::chrono::nanoseconds now() const = 0;

    /// Follows the configuration and these stores from now on, wherever they are now. Answers with
    /// what a person should know when they can only be polled, once.
    virtual std::optional<std::string> follow(const std::vector<Store>& stores) = 0;

    /// Sleeps until something happens, at most until `deadline`.
    virtual Wake wait(std::chrono::nanoseconds deadline) = 0;

    virtual ConfigLook look_at_config() = 0;

    /// Where stores stand or could stand, to see that one came, went or was replaced. Its time and
    /// size are left out: they change all the time.
    virtual std::vector<FileStamp> look_at_places(const std::vector<Store>& stores) = 0;

    virtual StoreLook look_at_store(const Store& store, std::string_view target,
                                    const ThreadIds& known) = 0;

    /// Whether a folder of rollouts gained or lost an entry since the last call.
    virtual bool has_tree_moved() = 0;
};

}  // namespace trueup::codex
