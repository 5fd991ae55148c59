#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codex/watch/senses.h"

namespace trueup::codex {

/// What counts in a folder.
struct Interest {
    bool has_configs = false;          // config.toml and NAME.config.toml.
    bool has_stores = false;           // state_5.sqlite and its log.
    std::vector<std::string> configs;  // Further names of configuration files.
    std::vector<std::string> folders;  // Names of folders whose coming calls for follow().
    bool operator==(const Interest&) const = default;
};
/// By path of the folder.
using Interests = std::map<std::string, Interest>;

/// "config.toml", or the file of a profile.
bool is_config_name(std::string_view name);

/// The kernel's events (inotify) of some folders.
class FolderEvents {
  public:
    /// Retryable where the system has no inotify or no more of it to give.
    static Result<FolderEvents> open();
    FolderEvents(FolderEvents&& other) noexcept;
    FolderEvents& operator=(FolderEvents&& other) noexcept;
    FolderEvents(const FolderEvents&) = delete;
    FolderEvents& operator=(const FolderEvents&) = delete;
    ~FolderEvents();

    /// Follows these folders and no others; those that are not there are left out. Errors as
    /// open().
    Status follow(Interests interests);

    /// Takes all events that are there.
    Wake read();
    /// For poll(2).
    int descriptor() const { return fd_; }

  private:
    explicit FolderEvents(int fd) : fd_(fd) {}
    void take(const struct FolderEvent& event, Wake& wake) const;

    struct Followed {
        std::string path;
        Interest interest;
    };
    int fd_ = -1;
    std::map<int, Followed> followed_;  // By watch descriptor.
};

}  // namespace trueup::codex
