#include "codex/watch/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/signal.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "codex/watch/watch_lock.h"

// The whole of it, with real events and signals, over a made-up home. The run itself is a stand-in
// that changes rows only. Every wait is for something that must come.
namespace trueup::codex {
namespace {

class WatchTest : public ::testing::Test {
  protected:
    void SetUp() override {
        home_.write("config.toml", "openai");
        testing::make_store(store_path_, {.rows = {{.id = "a", .provider = "azure"}}});
        job_.home = {.path = home_.path(), .canonical = home_.path()};
        job_.clock = &system_clock();
        options_.log_path = home_.path("watch.log");
    }

    /// The configuration of this home is the name of the provider and nothing else.
    Result<RunOutcome> run(const ReconcileOptions& options) const {
        const std::string target = home_.read("config.toml");
        if (target.empty()) return fail(ErrorClass::Config, "config.toml is empty");
        RunOutcome outcome;
        outcome.kind = options.kind;
        outcome.target = target;
        outcome.stores.push_back({.store = {.path = store_path_}});
        for (const auto& [id, provider] : testing::providers_in(store_path_)) {
            if (provider != target) ++outcome.rows_changed;
        }
        if (outcome.rows_changed > 0) {
            testing::run_sql(store_path_, "UPDATE threads SET model_provider = '" + target + "'");
        }
        return outcome;
    }

    /// In a process of its own, which signals can end. Its exit status is 0 when watch() returned
    /// well.
    pid_t start() {
        const pid_t child = ::fork();
        if (child != 0) return child;
        watch_signals();
        const Status status =
            watch(job_, options_, [this](const ReconcileOptions& options) { return run(options); });
        ::_exit(status ? 0 : 1);
    }

    static int status_of(pid_t child) {
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    void wait_for_rows(const std::string& provider, std::size_t rows) const {
        while (true) {
            const auto all = testing::providers_in(store_path_);
            const bool is_done =
                all.size() == rows &&
                std::ranges::all_of(all, [&](const auto& row) { return row.second == provider; });
            if (is_done) return;
            std::this_thread::yield();
        }
    }

    void wait_for_line(const std::string& text) const {
        while (!home_.has("watch.log") || home_.read("watch.log").find(text) == std::string::npos) {
            std::this_thread::yield();
        }
    }

    testing::TemporaryHome home_;
    std::string store_path_ = home_.path("state_5.sqlite");
    JobContext job_;
    WatchOptions options_;
};

TEST_F(WatchTest, PutsRightWhatComesAndEndsOnSigterm) {
    const pid_t child = start();
    wait_for_rows("openai", 1);
    wait_for_line("under openai now: 1 row changed");
    testing::run_sql(store_path_, "UPDATE threads SET model_provider = 'vm' WHERE id = 'a'");
    wait_for_rows("openai", 1);
    home_.write("aside", "relay");
    ASSERT_TRUE(rename_file(home_.path("aside"), home_.path("config.toml")));
    wait_for_rows("relay", 1);
    wait_for_line("under relay now: 1 row changed");
    ASSERT_EQ(::kill(child, SIGTERM), 0);
    EXPECT_EQ(status_of(child), 0);
    EXPECT_THAT(home_.read("watch.log"), ::testing::HasSubstr("stopped\n"));
}

TEST_F(WatchTest, WithoutEventsToo) {
    options_.poll_interval = kPollIntervalMin;
    const pid_t child = start();
    wait_for_rows("openai", 1);
    testing::run_sql(store_path_, "UPDATE threads SET model_provider = 'vm' WHERE id = 'a'");
    wait_for_rows("openai", 1);
    home_.write("config.toml", "relay");
    wait_for_rows("relay", 1);
    ASSERT_EQ(::kill(child, SIGINT), 0);
    EXPECT_EQ(status_of(child), 0);
}

TEST_F(WatchTest, ASecondOneIsRefused) {
    const pid_t child = start();
    wait_for_line("watching");
    const Status second = watch(job_, {}, [](const ReconcileOptions&) {
        ADD_FAILURE() << "it must not run";
        return Result<RunOutcome>(RunOutcome{});
    });
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind, ErrorClass::Failed);
    EXPECT_THAT(second.error().message, ::testing::HasSubstr(std::to_string(child)));
    ASSERT_EQ(::kill(child, SIGTERM), 0);
    EXPECT_EQ(status_of(child), 0);
}

TEST_F(WatchTest, AnEmptyConfigurationIsSaidAndChangesNothing) {
    home_.write("config.toml", "");
    const pid_t child = start();
    wait_for_line("config.toml is empty");
    EXPECT_EQ(testing::providers_in(store_path_).at("a"), "azure");
    home_.write("config.toml", "openai");
    wait_for_line("it works again");
    wait_for_rows("openai", 1);
    ASSERT_EQ(::kill(child, SIGTERM), 0);
    EXPECT_EQ(status_of(child), 0);
}

TEST_F(WatchTest, ALogThatCannotBeMadeIsAnErrorAtTheStart) {
    options_.log_path = home_.path("config.toml/watch.log");
    const Status status =
        watch(job_, options_, [this](const auto& options) { return run(options); });
    ASSERT_FALSE(status.has_value());
    EXPECT_THAT(status.error().message, ::testing::HasSubstr("config.toml"));
}

}  // namespace
}  // namespace trueup::codex
