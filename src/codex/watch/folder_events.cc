#include "codex/watch/folder_events.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace trueup::codex {
namespace {

constexpr std::uint32_t kMask = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

constexpr std::string_view kStore = "state_5.sqlite";

bool is_store_name(std::string_view name) {
    if (!name.starts_with(kStore)) return false;
    name.remove_prefix(kStore.size());
    // Not "-shm": who reads writes there too.
    return name.empty() || name == "-wal" || name == "-journal";
}

template <class List>
bool has(const List& list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

std::unexpected<Error> no_inotify(int error) {
    return fail(ErrorClass::Retryable, fmt::format("the system gives no inotify: {}",
                                                   std::generic_category().message(error)));
}

}  // namespace

struct FolderEvent {
    int watch;
    std::uint32_t mask;
    std::string_view name;  // Of the entry; empty for the folder itself.
};

bool is_config_name(std::string_view name) {
    return name == "config.toml" || name.ends_with(".config.toml");
}

Result<FolderEvents> FolderEvents::open() {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) return no_inotify(errno);
    return FolderEvents(fd);
}

FolderEvents::FolderEvents(FolderEvents&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), followed_(std::move(other.followed_)) {}

FolderEvents& FolderEvents::operator=(FolderEvents&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(followed_, other.followed_);
    return *this;
}

FolderEvents::~FolderEvents() {
    if (fd_ >= 0) ::close(fd_);
}

Status FolderEvents::follow(Interests interests) {
    std::map<int, Followed> followed;
    for (auto& [path, interest] : interests) {
        // A folder that is followed already keeps its descriptor; two names of one share it.
        const int watch = ::inotify_add_watch(fd_, path.c_str(), kMask);
        if (watch < 0 && (errno == ENOSPC || errno == ENOMEM)) return no_inotify(errno);
        if (watch < 0) continue;
        Followed& place = followed[watch];
        place.path = path;
        place.interest.has_configs = place.interest.has_configs || interest.has_configs;
        place.interest.has_stores = place.interest.has_stores || interest.has_stores;
        std::ranges::move(interest.configs, std::back_inserter(place.interest.configs));
        std::ranges::move(interest.folders, std::back_inserter(place.interest.folders));
    }
    for (const auto& [watch, place] : followed_) {
        if (!followed.contains(watch)) ::inotify_rm_watch(fd_, watch);
    }
    followed_ = std::move(followed);
    return {};
}

void FolderEvents::take(const FolderEvent& event, Wake& wake) const {
    if ((event.mask & IN_Q_OVERFLOW) != 0) wake.is_lost = true;
    const auto found = followed_.find(event.watch);
    if (found == followed_.end()) return;  // Of a folder that was left meanwhile.
    if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0) {
        wake.is_lost = true;
    }
    const Interest& interest = found->second.interest;
    if (has(interest.folders, event.name)) wake.is_lost = true;
    if (interest.has_stores && is_store_name(event.name)) wake.is_store = true;
    if ((interest.has_configs && is_config_name(event.name)) || has(interest.configs, event.name)) {
        wake.is_config = true;
    }
}

Wake FolderEvents::read() {
    Wake wake;
    std::array<char, 16384> buffer{};
    while (true) {
        const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return wake;
        // The kernel writes whole events only.
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, &buffer[at], sizeof event);
            at += sizeof event;
            const std::string_view name(&buffer[at], ::strnlen(&buffer[at], event.len));
            at += event.len;
            take({event.wd, event.mask, name}, wake);
        }
    }
}

}  // namespace trueup::codex
