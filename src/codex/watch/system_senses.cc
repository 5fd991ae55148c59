#include "codex/watch/system_senses.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.h"
#include "codex/watch/watch.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// Events are let gather so long: a busy Codex does not wake us at each of its writes.
constexpr milliseconds kGather{50};

FileStamp stamp_of(std::string path) {
    const auto info = file_info(path);
    FileStamp stamp{.path = std::move(path)};
    if (!info || !*info) return stamp;
    stamp.device = (*info)->device;
    stamp.inode = (*info)->inode;
    stamp.bytes = (*info)->bytes;
    stamp.mtime_ns = (*info)->mtime_ns;
    return stamp;
}

}  // namespace

SystemSenses::SystemSenses(Options options)
    : options_(std::move(options)),
      tree_({join_path(options_.home.path, "sessions"),
             join_path(options_.home.path, "archived_sessions")}) {
    if (options_.poll_interval) return;
    auto events = FolderEvents::open();
    if (events) {
        events_ = *std::move(events);
    } else {
        note_ = std::move(events).error().message;
    }
}

nanoseconds SystemSenses::now() const { return options_.clock->monotonic(); }

std::vector<std::string> SystemSenses::config_paths() const {
    const std::string& home = options_.home.path;
    std::vector<std::string> paths = {join_path(home, "config.toml")};
    const auto entries = list_directory(home);
    if (!entries) return paths;
    for (const Entry& entry : *entries) {
        if (entry.name.ends_with(".config.toml")) paths.push_back(join_path(home, entry.name));
    }
    return paths;
}

Interests SystemSenses::interests(const std::vector<Store>& stores) const {
    const std::string& home = options_.home.canonical;
    Interests out;
    out[home] = {.has_configs = true, .has_stores = true, .folders = {"sqlite"}};
    out[join_path(home, "sqlite")].has_stores = true;
    for (const Store& store : stores) out[parent_path(store.path)].has_stores = true;
    for (const std::string& path : config_paths()) {
        // A link is written where it leads.
        const auto real = canonical_path(path);
        if (!real || !*real || parent_path(**real) == home) continue;
        out[parent_path(**real)].configs.push_back((*real)->substr((*real)->rfind('/') + 1));
    }
    return out;
}

std::optional<std::string> SystemSenses::follow(const std::vector<Store>& stores) {
    if (events_) {
        const Status status = events_->follow(interests(stores));
        if (!status) {
            events_.reset();
            note_ = status.error().message;
        }
    }
    if (!note_) return std::nullopt;
    const std::string why = *std::exchange(note_, std::nullopt);
    return fmt::format("{}: looking every {} ms instead", why, kPollInterval.count());
}

SystemSenses::Sign SystemSenses::sleep(nanoseconds deadline, int event_descriptor) const {
    while (true) {
        const nanoseconds left = std::max(deadline - now(), nanoseconds(0));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
        std::array<pollfd, 2> set = {pollfd{options_.stop_descriptor, POLLIN, 0},
                                     pollfd{event_descriptor, POLLIN, 0}};
        const int ready = ::ppoll(set.data(), set.size(), &timeout, nullptr);
        if (ready > 0) return set[0].revents != 0 ? Sign::Stop : Sign::Event;
        if (ready == 0) return Sign::Time;
        // Interrupted by a signal: if it asks to stop, its descriptor says so.
    }
}

Wake SystemSenses::wait(nanoseconds deadline) {
    return events_ ? wait_for_events(deadline) : poll(deadline);
}

Wake SystemSenses::wait_for_events(nanoseconds deadline) {
    while (true) {
        const Sign sign = sleep(deadline, events_->descriptor());
        if (sign == Sign::Time) return {};
        if (sign == Sign::Stop || sleep(now() + kGather, -1) == Sign::Stop) {
            return {.is_stopped = true};
        }
        const Wake wake = events_->read();
        if (wake.is_config || wake.is_store || wake.is_lost) return wake;
    }
}

Wake SystemSenses::poll(nanoseconds deadline) {
    if (!polled_config_) polled_config_ = look_at_config();
    const nanoseconds next = now() + options_.poll_interval.value_or(kPollInterval);
    if (sleep(std::min(deadline, next), -1) == Sign::Stop) return {.is_stopped = true};
    ConfigLook config = look_at_config();
    const bool has_changed = config.files != polled_config_->files;
    polled_config_ = std::move(config);
    return {.is_config = has_changed, .is_store = true};
}

ConfigLook SystemSenses::look_at_config() {
    ConfigLook look;
    for (std::string& path : config_paths()) look.files.push_back(stamp_of(std::move(path)));
    return look;
}

std::vector<FileStamp> SystemSenses::look_at_places(const std::vector<Store>& stores) {
    const std::string& home = options_.home.path;
    std::vector<std::string> paths = {join_path(home, "state_5.sqlite"),
                                      join_path(home, "sqlite/state_5.sqlite")};
    for (const Store& store : stores) {
        if (std::ranges::find(paths, store.path) == paths.end()) paths.push_back(store.path);
    }
    std::vector<FileStamp> places;
    for (std::string& path : paths) {
        FileStamp stamp = stamp_of(std::move(path));
        stamp.bytes = 0;
        stamp.mtime_ns = 0;
        places.push_back(std::move(stamp));
    }
    return places;
}

StoreLook SystemSenses::look_at_store(const Store& store, std::string_view target,
                                      const ThreadIds& known) {
    const auto probe = probes_.try_emplace(store.path, store.path).first;
    return probe->second.look(target, known, options_.clock->now());
}

bool SystemSenses::has_tree_moved() { return tree_.has_moved(options_.clock->now()); }

}  // namespace trueup::codex
