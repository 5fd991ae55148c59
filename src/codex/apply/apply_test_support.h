#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "codex/apply/reconcile.h"
#include "codex/apply/run_folder.h"
#include "codex/testing/sample_rollout.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {

/// A home under test and what a command needs to work on it.
class ApplyTest : public ::testing::Test {
  protected:
    ApplyTest() { configure("openai"); }

    void configure(const std::string& provider) const {
        home_.write("config.toml", "model_provider = \"" + provider + "\"\n");
    }

    /// A thread with a rollout, and a row in the cli store once make_store() is called.
    std::string add(const codex::testing::SampleRollout& rollout) {
        const std::string path = codex::testing::make_rollout(home_.path(), rollout);
        rows_.push_back(
            {.id = rollout.id, .rollout_path = path, .provider = rollout.provider.value_or("vm")});
        return path;
    }
    std::string add(int number, const std::string& provider, std::uint32_t padding = 64) {
        return add(
            {.id = codex::testing::thread_id(number), .provider = provider, .padding = padding});
    }
    std::string store_path() const { return home_.path("state_5.sqlite"); }
    void make_store() const { codex::testing::make_store(store_path(), {.rows = rows_}); }

    JobContext job() {
        return {.home = {.path = home_.path(), .canonical = home_.path()},
                .environment = [](const char*) -> const char* { return nullptr; },
                .clock = &system_clock(),
                .random = &system_random(),
                .progress = &progress_,
                .tell = [this](const Notice& notice) { notices_.push_back(notice); },
                .workers = 2};
    }
    RunOutcome sync(const ReconcileOptions& options = {}) {
        auto outcome = reconcile(job(), options);
        EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
        return outcome.value_or(RunOutcome{});
    }
    RunOutcome take_back(const UndoOptions& options = {}) {
        auto outcome = undo(job(), options);
        EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
        return outcome.value_or(RunOutcome{});
    }

    static std::string bytes(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Every rollout of the home by path.
    std::map<std::string, std::string> rollouts() const {
        std::map<std::string, std::string> files;
        for (const char* folder : {"sessions", "archived_sessions"}) {
            if (!home_.has(folder)) continue;
            for (const auto& entry :
                 std::filesystem::recursive_directory_iterator(home_.path(folder))) {
                if (entry.is_regular_file()) files[entry.path()] = bytes(entry.path());
            }
        }
        return files;
    }
    std::map<std::string, std::optional<std::string>> rows() const {
        return codex::testing::providers_in(store_path());
    }
    static struct timespec mtime(const std::string& path) {
        struct stat info {};
        EXPECT_EQ(::stat(path.c_str(), &info), 0);
        return info.st_mtim;
    }

    codex::testing::TemporaryHome home_;
    std::vector<codex::testing::SampleRow> rows_;
    core::Progress progress_;
    std::vector<Notice> notices_;
};

}  // namespace trueup::codex
