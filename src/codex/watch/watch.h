#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codex/apply/reconcile.h"

/// Keeps a Codex home reconciled until a signal ends it.
namespace trueup::codex {

/// Changes of the configuration count once they were quiet for kSettle, at the latest kSettleMax
/// after the first; commits to a store kSettle after the first.
inline constexpr std::chrono::milliseconds kSettle{300};
inline constexpr std::chrono::milliseconds kSettleMax{1000};
/// A scan looks at everything that a new or returned thread must touch: configuration, stores and
/// the folders of rollouts. Whether a rollout was changed in place is looked at less often, because
/// that costs a stat(2) of each: ADR 0010.
inline constexpr std::chrono::seconds kScanInterval{60};
inline constexpr std::chrono::minutes kFullScanInterval{10};
/// After an error, doubling.
inline constexpr std::chrono::seconds kRetryMin{1};
inline constexpr std::chrono::seconds kRetryMax{60};
/// For the run lock and locked stores together; short, so that a signal is heard in time.
inline constexpr std::chrono::milliseconds kWatchWait{500};

inline constexpr std::chrono::milliseconds kPollInterval{500};
inline constexpr std::chrono::milliseconds kPollIntervalMin{100};
inline constexpr std::chrono::milliseconds kPollIntervalMax{60'000};

struct WatchOptions {
    SettingsRequest settings;
    StoreFilter stores = StoreFilter::All;  // Anything but All needs is_sqlite_only.
    bool is_sqlite_only = false;
    bool forces_backfill = false;
    bool first_line_only = false;
    std::uint32_t padding = kPaddingBytesDefault;
    /// Looks this often, without inotify. Nothing: with inotify or, where there is none, every
    /// kPollInterval.
    std::optional<std::chrono::milliseconds> poll_interval;
    /// Gets every line that is said, with the time before it.
    std::optional<std::string> log_path;
    /// One line, for people, without a line feed.
    std::function<void(std::string_view)> say;
};

/// reconcile() with a JobContext, or a test's own. Told notices are not wanted: watch says those of
/// the outcome, and only when they are new.
using Reconcile = std::function<Result<RunOutcome>(const ReconcileOptions&)>;

/// Runs until SIGINT or SIGTERM (watch_signals() was called), then returns; the unit at work is
/// finished or put back first. Failed at once when another watch keeps this home. What goes wrong
/// later is said and tried again.
Status watch(const JobContext& job, const WatchOptions& options, const Reconcile& reconcile);

}  // namespace trueup::codex
