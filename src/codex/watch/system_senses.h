#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codex/home/codex_home.h"
#include "codex/watch/folder_events.h"
#include "codex/watch/senses.h"
#include "codex/watch/store_probe.h"
#include "codex/watch/tree_stamps.h"

namespace trueup::codex {

/// The real ones: inotify, stat(2) and SQLite. Without inotify, or asked to, it looks at intervals.
class SystemSenses : public Senses {
  public:
    struct Options {
        CodexHome home;
        const Clock* clock = nullptr;  // Borrowed.
        int stop_descriptor = -1;      // Readable once a stop was asked for.
        std::optional<std::chrono::milliseconds> poll_interval;  // Given: no inotify.
    };
    explicit SystemSenses(Options options);

    std::chrono::nanoseconds now() const override;
    std::optional<std::string> follow(const std::vector<Store>& stores) override;
    Wake wait(std::chrono::nanoseconds deadline) override;
    ConfigLook look_at_config() override;
    std::vector<FileStamp> look_at_places(const std::vector<Store>& stores) override;
    StoreLook look_at_store(const Store& store, std::string_view target,
                            const ThreadIds& known) override;
    bool has_tree_moved() override;

  private:
    enum class Sign : std::uint8_t { Time, Event, Stop };
    Sign sleep(std::chrono::nanoseconds deadline, int event_descriptor) const;
    std::vector<std::string> config_paths() const;
    Interests interests(const std::vector<Store>& stores) const;
    Wake wait_for_events(std::chrono::nanoseconds deadline);
    Wake poll(std::chrono::nanoseconds deadline);

    Options options_;
    std::optional<FolderEvents> events_;
    std::optional<std::string> note_;  // What follow() has yet to tell.
    std::optional<ConfigLook> polled_config_;
    std::map<std::string, StoreProbe> probes_;  // By path.
    TreeStamps tree_;
};

}  // namespace trueup::codex
