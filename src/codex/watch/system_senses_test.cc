#include "codex/watch/system_senses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "codex/watch/watch.h"

// These wait for the kernel's events. The limits only end a test that would fail.
namespace trueup::codex {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SystemSensesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        home_.write("config.toml", "model_provider = \"openai\"\n");
        testing::make_store(store_.path, {.rows = {{.id = "a", .provider = "azure"}}});
        stop_ = ::eventfd(0, EFD_CLOEXEC);
        ASSERT_GE(stop_, 0);
    }
    void TearDown() override { ::close(stop_); }

    SystemSenses senses(std::optional<milliseconds> interval = {}) const {
        return SystemSenses({.home = {.path = home_.path(), .canonical = home_.path()},
                             .clock = &system_clock(),
                             .stop_descriptor = stop_,
                             .poll_interval = interval});
    }
    void stop() const {
        const std::uint64_t one = 1;
        ASSERT_EQ(::write(stop_, &one, sizeof one), std::ssize(std::string_view("12345678")));
    }
    static Wake wait(SystemSenses& senses) { return senses.wait(senses.now() + seconds(60)); }
    /// Nothing more is to come: whatever was caused has already been queued by the kernel.
    static bool is_silent(SystemSenses& senses) {
        const Wake wake = senses.wait(senses.now());
        return !wake.is_config && !wake.is_store && !wake.is_lost && !wake.is_stopped;
    }

    testing::TemporaryHome home_;
    Store store_ = {.path = home_.path("state_5.sqlite")};
    int stop_ = -1;
};

TEST_F(SystemSensesTest, AConfigurationIsSeenHoweverItIsWritten) {
    SystemSenses senses = this->senses();
    EXPECT_EQ(senses.follow({store_}), std::nullopt);
    home_.write("config.toml", "model_provider = \"azure\"\n");
    EXPECT_TRUE(wait(senses).is_config);
    home_.write("aside", "");
    EXPECT_TRUE(is_silent(senses)) << "another file";
    fs::rename(home_.path("aside"), home_.path("config.toml"));
    EXPECT_TRUE(wait(senses).is_config);
    fs::remove(home_.path("config.toml"));
    EXPECT_TRUE(wait(senses).is_config);
    home_.write("work.config.toml", "");
    const Wake wake = wait(senses);
    EXPECT_TRUE(wake.is_config);
    EXPECT_FALSE(wake.is_store);
}

TEST_F(SystemSensesTest, AConfigurationBehindALinkIsSeen) {
    home_.write("elsewhere/codex.toml", "");
    fs::remove(home_.path("config.toml"));
    fs::create_symlink(home_.path("elsewhere/codex.toml"), home_.path("config.toml"));
    SystemSenses senses = this->senses();
    senses.follow({});
    home_.write("elsewhere/codex.toml", "model_provider = \"azure\"\n");
    EXPECT_TRUE(wait(senses).is_config);
    home_.write("elsewhere/other.toml", "");
    EXPECT_TRUE(is_silent(senses));
}

TEST_F(SystemSensesTest, ACommitIsSeen) {
    SystemSenses senses = this->senses();
    senses.follow({store_});
    EXPECT_TRUE(senses.look_at_store(store_, "openai", {}).is_moved);
    testing::run_sql(store_.path, "UPDATE threads SET title = 'x'");
    EXPECT_TRUE(wait(senses).is_store);
    EXPECT_TRUE(senses.look_at_store(store_, "openai", {}).is_moved);
    EXPECT_FALSE(senses.look_at_store(store_, "openai", {}).is_moved);
    EXPECT_TRUE(is_silent(senses)) << "looking is no change";
}

TEST_F(SystemSensesTest, AStoreThatComesIsSeenWithItsFolder) {
    SystemSenses senses = this->senses();
    senses.follow({store_});
    const auto before = senses.look_at_places({store_});
    fs::create_directory(home_.path("sqlite"));
    EXPECT_TRUE(wait(senses).is_lost);
    senses.follow({store_});
    testing::make_store(home_.path("sqlite/state_5.sqlite"), {});
    EXPECT_TRUE(wait(senses).is_store);
    EXPECT_NE(senses.look_at_places({store_}), before);
}

TEST_F(SystemSensesTest, PlacesChangeOnlyWhenAnotherFileStandsThere) {
    SystemSenses senses = this->senses();
    const auto before = senses.look_at_places({store_});
    testing::run_sql(store_.path, "UPDATE threads SET title = 'x'");
    EXPECT_EQ(senses.look_at_places({store_}), before);
    fs::copy_file(store_.path, home_.path("copy"));
    fs::rename(home_.path("copy"), store_.path);
    EXPECT_NE(senses.look_at_places({store_}), before);
}

TEST_F(SystemSensesTest, AFolderThatGoesIsLost) {
    const std::string folder = home_.path("configured");
    testing::make_store(folder + "/state_5.sqlite", {});
    const Store configured = {.kind = StoreKind::Configured, .path = folder + "/state_5.sqlite"};
    SystemSenses senses = this->senses();
    senses.follow({configured});
    fs::rename(folder, home_.path("moved"));
    EXPECT_TRUE(wait(senses).is_lost);
    senses.follow({configured});
    while (!is_silent(senses)) {
    }
    testing::run_sql(home_.path("moved/state_5.sqlite"), "UPDATE threads SET title = 'x'");
    EXPECT_TRUE(is_silent(senses)) << "it is followed no longer";
}

TEST_F(SystemSensesTest, AStopEndsAnyWait) {
    SystemSenses senses = this->senses();
    senses.follow({store_});
    SystemSenses polling = this->senses(milliseconds(60'000));
    stop();
    EXPECT_TRUE(wait(senses).is_stopped);
    EXPECT_TRUE(wait(polling).is_stopped);
    home_.write("config.toml", "");
    EXPECT_TRUE(wait(senses).is_stopped);
}

TEST_F(SystemSensesTest, ATimeThatHasComeEndsTheWait) {
    SystemSenses senses = this->senses();
    senses.follow({store_});
    EXPECT_TRUE(is_silent(senses));
}

TEST_F(SystemSensesTest, WithoutEventsItLooksAtIntervals) {
    SystemSenses senses = this->senses(milliseconds(100));
    EXPECT_EQ(senses.follow({store_}), std::nullopt) << "it was asked to";
    Wake wake = wait(senses);
    EXPECT_TRUE(wake.is_store);
    EXPECT_FALSE(wake.is_config);
    home_.write("config.toml", "model_provider = \"azure-production\"\n");
    wake = wait(senses);
    EXPECT_TRUE(wake.is_config);
    EXPECT_FALSE(wait(senses).is_config);
}

TEST_F(SystemSensesTest, ConfigurationsAreTheFileAndThoseOfProfiles) {
    home_.write("work.config.toml", "");
    home_.write("other.toml", "");
    SystemSenses senses = this->senses();
    const ConfigLook look = senses.look_at_config();
    ASSERT_EQ(look.files.size(), 2U);
    EXPECT_EQ(look.files[0].path, home_.path("config.toml"));
    EXPECT_EQ(look.files[1].path, home_.path("work.config.toml"));
    home_.write("config.toml", "");
    EXPECT_NE(senses.look_at_config().files, look.files);
    const ConfigLook emptied = senses.look_at_config();
    fs::remove(home_.path("config.toml"));
    EXPECT_NE(senses.look_at_config().files, emptied.files);
}

TEST_F(SystemSensesTest, FoldersOfRolloutsAreLookedAt) {
    SystemSenses senses = this->senses();
    static_cast<void>(senses.has_tree_moved());
    home_.write("sessions/2026/01/01/rollout-a.jsonl", "{}");
    EXPECT_TRUE(senses.has_tree_moved());
    home_.write("archived_sessions/rollout-b.jsonl", "{}");
    EXPECT_TRUE(senses.has_tree_moved());
}

}  // namespace
}  // namespace trueup::codex
