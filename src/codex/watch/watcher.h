#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codex/apply/reconcile.h"
#include "codex/watch/narrator.h"
#include "codex/watch/senses.h"
#include "codex/watch/watch.h"

namespace trueup::codex {

/// When a series of changes counts as over.
class Settling {
  public:
    using Time = std::chrono::nanoseconds;
    void note(Time now);
    void clear() { due_.reset(); }
    const std::optional<Time>& due() const { return due_; }

  private:
    Time first_{0};
    std::optional<Time> due_;
};

/// Decides when to reconcile. Single-threaded; borrows its arguments.
class Watcher {
  public:
    Watcher(const WatchOptions& options, Senses& senses, const Reconcile& reconcile);

    /// Returns when a signal asks to stop.
    void run();

  private:
    using Time = std::chrono::nanoseconds;

    void take(const Wake& wake);
    void act();
    void scan();
    void follow();
    bool has_news();
    bool take_news(const std::string& store, const std::vector<std::string>& news);
    void look_again();
    void reconcile_now();
    void take_error(const Error& error);
    void take_outcome(const RunOutcome& outcome);
    void retry_later();
    bool is_due(const std::optional<Time>& time) const;
    Time next_deadline() const;
    ReconcileOptions reconcile_options() const;

    const WatchOptions* options_;
    Senses* senses_;
    const Reconcile* reconcile_;
    Narrator narrator_;

    Settling config_;
    std::optional<Time> store_at_;  // The next look at the stores.
    std::optional<Time> retry_at_;  // Something went wrong that time may cure.
    std::optional<Time> scan_at_;
    std::optional<Time> full_scan_at_;
    Time retry_delay_ = kRetryMin;
    bool is_failing_ = false;  // The last run was an error: rows do not call for another.
    bool is_stopped_ = false;

    // What the last run saw.
    std::vector<FileStamp> config_files_;
    std::vector<FileStamp> places_;
    std::string target_;
    std::vector<StoreOutcome> stores_;
    ThreadIds known_;  // Threads whose rows are off the target, and that is no news.
    /// By store: those for which its last look asked for a run.
    std::map<std::string, ThreadIds> suspects_;
    bool has_waiting_ = false;  // Threads were left that may be free by the next scan.
    bool has_tree_moved_ = false;
};

}  // namespace trueup::codex
