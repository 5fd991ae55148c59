#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codex/watch/senses.h"
#include "codex/watch/watcher.h"

namespace trueup::codex {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

/// A world in which time passes only while watch waits, or while a run takes its time.
class FakeWorld : public Senses {
  public:
    struct FakeStore {
        int commits = 1;
        int seen = 0;
        std::string seen_target;
        std::vector<std::string> off_target;
        bool is_ready = true;
        std::optional<Error> problem;
    };

    FakeWorld() {
        StoreOutcome cli;
        cli.store.path = "/u/.codex/state_5.sqlite";
        outcome.stores = {cli};
        outcome.target = "openai";
    }

    /// `what` happens at that time, or when the run that is under way then is over.
    void at(nanoseconds when, std::function<void()> what) {
        script_.emplace(when, std::move(what));
    }

    void write_config(const std::string& content) {
        config_ = content;
        ++config_version_;
        wake_.is_config = true;
    }
    /// As write_config(), and nobody notices.
    void write_config_unseen() { ++config_version_; }
    void commit(std::vector<std::string> off_target) {
        store.off_target = std::move(off_target);
        ++store.commits;
        wake_.is_store = true;
    }
    /// What a run does to rows; its own commit is seen like others.
    Result<RunOutcome> put_right() {
        if (!store.off_target.empty()) commit({});
        return outcome;
    }
    void replace_store() {
        ++store_inode_;
        wake_.is_store = true;
    }
    void lose() { wake_.is_lost = true; }
    void move_tree() { has_tree_moved_flag_ = true; }

    /// Watches until `end` with what the script says; the times of the runs, from the start.
    std::vector<nanoseconds> watch_until(nanoseconds end) {
        end_ = end;
        options.say = [this](std::string_view line) { said.emplace_back(line); };
        const Reconcile run = [this](const ReconcileOptions& asked) {
            runs.push_back(time_);
            last_options = asked;
            seen_configs.push_back(config_);
            time_ += run_time;
            return on_run ? on_run() : Result<RunOutcome>(outcome);
        };
        Watcher(options, *this, run).run();
        return runs;
    }

    nanoseconds now() const override { return time_; }
    std::optional<std::string> follow(const std::vector<Store>& /*stores*/) override {
        ++follows;
        return std::exchange(follow_note, std::nullopt);
    }
    Wake wait(nanoseconds deadline) override {
        ++waits;
        while (true) {
            const auto next = script_.begin();
            const bool has_next = next != script_.end() && next->first <= deadline;
            const nanoseconds until = has_next ? next->first : deadline;
            if (until > end_) return {.is_stopped = true};
            time_ = std::max(time_, until);
            if (!has_next) return {};
            const auto what = next->second;
            script_.erase(next);
            what();
            const Wake wake = std::exchange(wake_, {});
            if (wake.is_config || wake.is_store || wake.is_lost) return wake;
        }
    }
    ConfigLook look_at_config() override {
        const FileStamp stamp = {.path = "config.toml", .mtime_ns = config_version_};
        return {.files = {stamp}};
    }
    std::vector<FileStamp> look_at_places(const std::vector<Store>& /*stores*/) override {
        return {{.path = "/u/.codex/state_5.sqlite", .inode = store_inode_}};
    }
    StoreLook look_at_store(const Store& /*store*/, std::string_view target,
                            const ThreadIds& known) override {
        ++store_looks;
        if (store.problem) return {.problem = store.problem};
        const bool is_same = store.seen == store.commits && store.seen_target == target;
        if (is_same) return {};
        store.seen = store.commits;
        store.seen_target = target;
        StoreLook look{.is_moved = true, .is_ready = store.is_ready};
        for (const std::string& id : store.off_target) {
            if (!known.contains(id)) look.news.push_back(id);
        }
        return look;
    }
    bool has_tree_moved() override {
        ++tree_looks;
        return std::exchange(has_tree_moved_flag_, false);
    }

    WatchOptions options;
    FakeStore store;
    RunOutcome outcome;  // Of every run, unless on_run says otherwise.
    std::function<Result<RunOutcome>()> on_run;
    nanoseconds run_time{0};
    std::optional<std::string> follow_note;

    std::vector<nanoseconds> runs;
    std::vector<std::string> seen_configs;
    std::vector<std::string> said;
    ReconcileOptions last_options;
    int follows = 0;
    int waits = 0;
    int store_looks = 0;
    int tree_looks = 0;

  private:
    std::multimap<nanoseconds, std::function<void()>> script_;
    nanoseconds time_{0};
    nanoseconds end_{0};
    Wake wake_;
    std::string config_ = "model_provider = \"openai\"";
    std::int64_t config_version_ = 1;
    std::uint64_t store_inode_ = 1;
    bool has_tree_moved_flag_ = true;
};

/// A thread that a run left as it is.
inline ThreadOutcome left(std::string_view id, Reason reason) {
    return {.id = id, .action = Action::Blocked, .reason = reason};
}

}  // namespace trueup::codex
