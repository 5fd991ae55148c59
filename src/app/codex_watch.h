#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/codex_options.h"
#include "codex/watch/watch.h"

namespace trueup::app {

/// All that can be said to `codex watch`, and so to its service.
struct WatchFlags : CodexOptions {
    bool is_sqlite_only = false;
    bool forces_backfill = false;
    bool first_line_only = false;
    std::optional<std::uint32_t> padding;
    NumberOption poll_interval_ms{
        "--poll-interval-ms", codex::kPollIntervalMin.count(), codex::kPollIntervalMax.count(), {}};
    std::optional<std::string> log_path;
};
void watch_flags(CLI::App& app, WatchFlags& options);

codex::WatchOptions to_watch(const WatchFlags& options);

/// The words that say the same again, but for --codex-home.
std::vector<std::string> words_of(const WatchFlags& options);

}  // namespace trueup::app
