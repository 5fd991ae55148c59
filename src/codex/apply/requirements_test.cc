#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "codex/apply/apply_test_support.h"
#include "codex/home/meta_line.h"
#include "codex/testing/clock_ahead.h"
#include "sqlite/connection.h"

/// What people can rely on, one test for each, beyond what reconcile_test.cc shows.
namespace trueup::codex {
namespace {

using codex::testing::rollout_text;
using codex::testing::thread_id;

class Requirements : public ApplyTest {
  protected:
    std::string app_path() const { return home_.path("sqlite/state_5.sqlite"); }
    /// The same rows in the store of the desktop application.
    void make_app_store(std::optional<std::string> backfill = "complete",
                        std::int64_t backfill_updated_at = 0) const {
        codex::testing::make_store(app_path(), {.rows = rows_,
                                                .backfill = std::move(backfill),
                                                .backfill_updated_at = backfill_updated_at});
    }
    static std::vector<StoreResult> results(const RunOutcome& outcome) {
        std::vector<StoreResult> all;
        all.reserve(outcome.stores.size());
        for (const StoreOutcome& store : outcome.stores) all.push_back(store.result);
        return all;
    }
    static std::optional<std::string> provider_in(const std::string& store, int number) {
        return codex::testing::providers_in(store).at(thread_id(number));
    }
    static std::vector<std::optional<SharedText>> providers_of(const std::string& text) {
        std::vector<std::optional<SharedText>> found;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            const ParsedLine line = parse_line(std::string_view(text).substr(at, end - at));
            if (line.kind == LineKind::Meta) found.push_back(line.meta.provider);
            at = end + 1;
        }
        return found;
    }
    static UnixMicros now() { return system_clock().now(); }
};

using Results = std::vector<StoreResult>;
constexpr auto kNoWait = std::chrono::milliseconds(0);

TEST_F(Requirements, TwoStoresThatShareARolloutAreBothUpdatedAndTheFileOnce) {
    add(1, "azure");
    make_store();
    make_app_store();
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.verdict(), core::Verdict::Clean);
    EXPECT_EQ(outcome.patched, 1);
    EXPECT_EQ(outcome.rows_changed, 2);
    ASSERT_EQ(outcome.stores.size(), 2U);
    EXPECT_TRUE(outcome.stores[0].backup->starts_with(home_.path("sqlite/backups/app/")));
    EXPECT_TRUE(outcome.stores[1].backup->starts_with(home_.path("backups/cli/")));
    for (const StoreOutcome& store : outcome.stores) {
        EXPECT_EQ(provider_in(*store.backup, 1), "azure") << "the copy is of the time before";
        struct stat info {};
        ASSERT_EQ(::stat(store.backup->c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 07777U, 0600U);
    }
}

TEST_F(Requirements, AStoreThatIsNoDatabaseHoldsNoOtherBack) {
    add(1, "azure");
    make_store();
    home_.write("sqlite/state_5.sqlite", "this is no database, whatever it is called");
    const RunOutcome outcome = sync({.is_sqlite_only = true});
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    EXPECT_EQ(results(outcome), (Results{StoreResult::Failed, StoreResult::Updated}));
    EXPECT_EQ(provider_in(store_path(), 1), "openai");
}

TEST_F(Requirements, WhenACopyCannotBeMadeNothingChangesAnywhere) {
    add(1, "azure");
    make_store();
    make_app_store();
    home_.write("backups/cli", "a file where the folder should be");
    const auto files = rollouts();
    const auto outcome = reconcile(job(), {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorClass::Failed);
    EXPECT_EQ(rollouts(), files);
    EXPECT_EQ(provider_in(store_path(), 1), "azure");
    EXPECT_EQ(provider_in(app_path(), 1), "azure");
    EXPECT_TRUE(history({home_.path(), home_.path()}).value().runs.empty());
}

TEST_F(Requirements, AStoreWithoutPathsIsLeftAlone) {
    add(1, "azure");
    codex::testing::run_sql(store_path(),
                            "CREATE TABLE threads (id TEXT PRIMARY KEY, model_provider TEXT);"
                            "INSERT INTO threads VALUES ('" +
                                thread_id(1) + "', 'azure')");
    const auto files = rollouts();
    const RunOutcome outcome = sync();
    EXPECT_EQ(results(outcome), Results{StoreResult::Failed});
    EXPECT_TRUE(outcome.failure.has_value());
    EXPECT_EQ(provider_in(store_path(), 1), "azure");
    EXPECT_EQ(rollouts(), files);
}

TEST_F(Requirements, RowsAloneAreWrittenInTheStoresThatAreReady) {
    add(1, "azure");
    make_store();
    make_app_store("running", now() / 1'000'000);
    const RunOutcome outcome = sync({.is_sqlite_only = true, .wait = kNoWait});
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    EXPECT_EQ(results(outcome), (Results{StoreResult::Backfill, StoreResult::Updated}));
    EXPECT_EQ(provider_in(app_path(), 1), "azure");
    EXPECT_EQ(provider_in(store_path(), 1), "openai");
}

TEST_F(Requirements, ADatabaseThatIsLockedIsCalledLocked) {
    add(1, "azure");
    codex::testing::make_store(store_path(), {.rows = rows_, .is_wal = false});
    auto codex =
        sqlite::Connection::open(store_path(), {.mode = sqlite::OpenMode::ReadWrite}).value();
    ASSERT_TRUE(codex.exec("BEGIN EXCLUSIVE").has_value());
    const auto files = rollouts();
    const RunOutcome outcome = sync({.wait = kNoWait});
    EXPECT_EQ(results(outcome), Results{StoreResult::Locked});
    EXPECT_EQ(rollouts(), files);
}

TEST_F(Requirements, WhileAnyStoreIsInBackfillNoRolloutIsWritten) {
    add(1, "azure");
    make_store();
    make_app_store("running", now() / 1'000'000);
    const auto files = rollouts();
    const RunOutcome outcome = sync({.wait = kNoWait});
    EXPECT_NE(outcome.verdict(), core::Verdict::Clean);
    EXPECT_EQ(outcome.rows_changed, 0);
    EXPECT_EQ(rollouts(), files);
    EXPECT_EQ(provider_in(store_path(), 1), "azure");
    EXPECT_EQ(provider_in(app_path(), 1), "azure");
    EXPECT_EQ(sync({.forces_backfill = true, .wait = kNoWait}).verdict(), core::Verdict::Clean);
}

TEST_F(Requirements, TheBackfillOfADeadWorkerHoldsNothingAndIsSaid) {
    add(1, "azure");
    make_store();
    make_app_store("running", now() / 1'000'000 - 901);
    EXPECT_EQ(sync({.wait = kNoWait}).verdict(), core::Verdict::Clean);
    ASSERT_EQ(notices_.size(), 1U);
    EXPECT_EQ(notices_[0].kind, NoticeKind::StaleBackfill);
    EXPECT_EQ(notices_[0].subject, app_path());
}

TEST_F(Requirements, WatchMakesNoCopyOfADatabaseAndCanBeUndone) {
    add(1, "azure");
    make_store();
    ReconcileOptions watch;
    watch.kind = RunKind::Watch;
    const RunOutcome outcome = sync(watch);
    EXPECT_EQ(outcome.patched, 1);
    EXPECT_EQ(outcome.stores.at(0).backup, std::nullopt);
    EXPECT_FALSE(home_.has("backups/cli"));
    EXPECT_EQ(take_back({.run_id = outcome.run_id}).verdict(), core::Verdict::Clean);
    EXPECT_EQ(provider_in(store_path(), 1), "azure");
}

TEST_F(Requirements, AFilteredStoreIsFoundAlsoUnderAnotherName) {
    add(1, "azure");
    make_store();
    make_app_store();
    home_.write("config.toml",
                "model_provider = \"openai\"\nsqlite_home = \"" + home_.path() + "\"\n");
    const RunOutcome outcome = sync({.stores = StoreFilter::Cli, .is_sqlite_only = true});
    EXPECT_EQ(results(outcome), Results{StoreResult::Updated});
    EXPECT_EQ(provider_in(store_path(), 1), "openai");
    EXPECT_EQ(provider_in(app_path(), 1), "azure");
}

TEST_F(Requirements, OneStoreAloneIsRefusedWhereRolloutsWouldChange) {
    add(1, "azure");
    make_store();
    const auto files = rollouts();
    const auto outcome = reconcile(job(), {.stores = StoreFilter::Cli});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorClass::Usage);
    EXPECT_EQ(rollouts(), files);
    EXPECT_EQ(provider_in(store_path(), 1), "azure");
}

TEST_F(Requirements, AMissingConfiguredStoreIsSaidAndNotMade) {
    add(1, "azure");
    make_store();
    home_.write("config.toml", "model_provider = \"openai\"\nsqlite_home = \"elsewhere\"\n");
    const RunOutcome outcome = sync();
    EXPECT_EQ(results(outcome), (Results{StoreResult::Missing, StoreResult::Updated}));
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    EXPECT_EQ(outcome.patched, 1) << "it holds no other store back";
    EXPECT_FALSE(home_.has("elsewhere"));
}

TEST_F(Requirements, AllRecordsOfTheThreadChangeAndNoneOfAnother) {
    const std::string other =
        codex::testing::meta_line_text({.id = thread_id(9), .provider = "azure"}) + "\n";
    const std::string own =
        codex::testing::meta_line_text({.id = thread_id(1), .provider = "azure"}) + "    \n";
    const std::string path = add({.id = thread_id(1),
                                  .provider = "azure",
                                  .padding = 8,
                                  .rest = other + "{\"type\":\"event_msg\"}\n" + own});
    make_store();
    EXPECT_EQ(sync().patched, 1);
    EXPECT_EQ(providers_of(bytes(path)),
              (std::vector<std::optional<SharedText>>{"openai", "azure", "openai"}));
}

TEST_F(Requirements, AShorterNameFitsAlsoWhereBytesMustNotMove) {
    const std::string path =
        add({.id = thread_id(1), .provider = "a-long-provider", .is_paginated = true});
    make_store();
    const auto size = bytes(path).size();
    EXPECT_EQ(sync().patched, 1);
    EXPECT_EQ(bytes(path).size(), size);
}

TEST_F(Requirements, APaginatedRolloutWithoutRoomKeepsItsRow) {
    const std::string path = add({.id = thread_id(1), .provider = "vm", .is_paginated = true});
    add(2, "azure");
    make_store();
    const std::string before = bytes(path);
    const auto when = mtime(path);
    for (int round = 0; round < 2; ++round) {
        const RunOutcome outcome = sync();
        EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
        ASSERT_EQ(outcome.left_out.size(), 1U);
        EXPECT_EQ(outcome.left_out[0].reason, Reason::Paginated);
    }
    EXPECT_EQ(bytes(path), before);
    EXPECT_EQ(mtime(path).tv_nsec, when.tv_nsec);
    EXPECT_EQ(rows().at(thread_id(1)), "vm");
    EXPECT_EQ(rows().at(thread_id(2)), "openai");
}

TEST_F(Requirements, ARolloutIsRepairedAlsoWhereTheRowIsRight) {
    const std::string path = add(1, "azure");
    rows_[0].provider = "openai";
    make_store();
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.patched, 1);
    EXPECT_EQ(outcome.rows_changed, 0);
    EXPECT_EQ(providers_of(bytes(path))[0], "openai");
}

TEST_F(Requirements, OneBadRolloutIsOneBadOutcomeWithItsName) {
    add(1, "azure");
    const std::string half = add(2, "azure");
    home_.write(half.substr(home_.path().size() + 1), "{\"type\":\"session_me");
    make_store();
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.patched, 1);
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::NotJson);
    EXPECT_NE(outcome.left_out[0].detail.view().find(half), std::string_view::npos);
    EXPECT_EQ(rows().at(thread_id(2)), "azure");
}

TEST_F(Requirements, TwoRowsForOneFileGoByTheIdInTheFile) {
    const std::string path = add(2, "azure");
    rows_.insert(rows_.begin(), {.id = thread_id(1), .rollout_path = path, .provider = "azure"});
    make_store();
    EXPECT_EQ(sync().patched, 1);
    EXPECT_EQ(providers_of(bytes(path))[0], "openai");
    EXPECT_EQ(rows().at(thread_id(2)), "openai");
}

TEST_F(Requirements, AFileOutsideTheHomeIsNeverWritten) {
    const codex::testing::TemporaryHome outside;
    outside.write("notes.jsonl",
                  rollout_text({.id = thread_id(1), .provider = "azure", .padding = 64}));
    const std::string before = outside.read("notes.jsonl");
    rows_.push_back(
        {.id = thread_id(1), .rollout_path = outside.path("notes.jsonl"), .provider = "azure"});
    make_store();
    const RunOutcome outcome = sync();
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::OutsideHome);
    EXPECT_EQ(outside.read("notes.jsonl"), before);
    EXPECT_EQ(rows().at(thread_id(1)), "azure");
}

TEST_F(Requirements, ARelativePathCountsFromTheHome) {
    const std::string path = add(1, "azure");
    rows_[0].rollout_path = path.substr(home_.path().size() + 1);
    make_store();
    EXPECT_EQ(sync().patched, 1);
}

TEST_F(Requirements, AFileWithTwoNamesIsPatchedAndNeverReplaced) {
    const std::string roomy = add(1, "azure");
    const std::string tight = add(2, "vm", 0);
    ASSERT_EQ(::link(roomy.c_str(), home_.path("one").c_str()), 0);
    ASSERT_EQ(::link(tight.c_str(), home_.path("two").c_str()), 0);
    make_store();
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.patched, 1);
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::HardLinked);
    EXPECT_EQ(bytes(roomy), home_.read("one"));
    EXPECT_EQ(bytes(tight), home_.read("two"));
}

TEST_F(Requirements, ALinkStaysALinkAndAttributesStay) {
    const std::string path = add(1, "vm", 0);
    const std::string real = home_.path("archive/the-file.jsonl");
    std::filesystem::create_directories(home_.path("archive"));
    std::filesystem::rename(path, real);
    std::filesystem::create_symlink(real, path);
    const bool keeps_attributes = ::setxattr(real.c_str(), "user.mark", "x", 1, 0) == 0;
    make_store();
    EXPECT_EQ(sync().grown, 1);
    EXPECT_TRUE(std::filesystem::is_symlink(path));
    EXPECT_EQ(providers_of(bytes(real))[0], "openai");
    char mark = 0;
    EXPECT_EQ(::getxattr(real.c_str(), "user.mark", &mark, 1), keeps_attributes ? 1 : -1);
}

TEST_F(Requirements, ACarriageReturnStaysWhereItIs) {
    const std::string path = add(1, "azure");
    std::string text =
        codex::testing::meta_line_text({.id = thread_id(1), .provider = "azure"}) + "  \r\n{}\r\n";
    home_.write(path.substr(home_.path().size() + 1), text);
    make_store();
    EXPECT_EQ(sync().patched, 1);
    EXPECT_EQ(providers_of(bytes(path))[0], "openai");
    EXPECT_EQ(bytes(path).size(), text.size());
    EXPECT_TRUE(bytes(path).ends_with("\r\n{}\r\n"));
}

TEST_F(Requirements, WhatDeadWritersLeftIsSweptAway) {
    const std::string path = add(1, "azure");
    const std::string theirs = path + ".threadripper.1234.tmp";
    home_.write(theirs.substr(home_.path().size() + 1), "half");
    make_store();
    sync();
    EXPECT_FALSE(std::filesystem::exists(theirs));
}

TEST_F(Requirements, AThreadOfTheFutureIsOneLikeAnother) {
    const std::string path = add(1, "azure");
    const struct timespec future = {.tv_sec = now() / 1'000'000 + 86'400, .tv_nsec = 7};
    const struct timespec times[2] = {future, future};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    make_store();
    EXPECT_EQ(sync().patched, 1);
    EXPECT_EQ(mtime(path).tv_sec, future.tv_sec);
    EXPECT_EQ(mtime(path).tv_nsec, 7);
}

TEST_F(Requirements, WhatIsAppendedWhileARunGoesOnIsLookedAtByTheNext) {
    const std::string path =
        add({.id = thread_id(1),
             .provider = "azure",
             .padding = 64,
             .rest = "{\"type\":\"response_item\",\"payload\":{\"encrypted_content\":\"x\"}}\n"});
    make_store();
    const codex::testing::ClockAhead clock;
    JobContext job = this->job();
    job.clock = &clock;
    // Told between the look and the change.
    job.tell = [&](const Notice& notice) {
        if (notice.kind != NoticeKind::Encrypted) return;
        std::ofstream(path, std::ios::app | std::ios::binary)
            << codex::testing::meta_line_text({.id = thread_id(1), .provider = "azure"}) << "  \n";
    };
    ASSERT_TRUE(reconcile(job, {}).has_value());
    EXPECT_EQ(providers_of(bytes(path)),
              (std::vector<std::optional<SharedText>>{"openai", "azure"}));
    job.tell = {};
    const auto second = reconcile(job, {});
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->patched, 1);
    EXPECT_EQ(providers_of(bytes(path)),
              (std::vector<std::optional<SharedText>>{"openai", "openai"}));
    const auto third = reconcile(job, {});
    ASSERT_TRUE(third.has_value());
    EXPECT_EQ(third->matched, 1);
}

TEST_F(Requirements, AnUnknownProviderIsAWarning) {
    add(1, "azure");
    make_store();
    ReconcileOptions options;
    options.kind = RunKind::Switch;
    options.settings.provider = "nowhere-defined";
    EXPECT_EQ(sync(options).verdict(), core::Verdict::Clean);
    ASSERT_EQ(notices_.size(), 1U);
    EXPECT_EQ(notices_[0].kind, NoticeKind::UnknownProvider);
}

TEST_F(Requirements, AThreadWithoutARowIsPutRightToo) {
    const std::string path = add(1, "azure");
    rows_.clear();
    rows_.push_back({.id = thread_id(2), .rollout_path = std::nullopt, .provider = std::nullopt});
    codex::testing::make_store(store_path(), {.rows = rows_, .allows_null = true});
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.verdict(), core::Verdict::Clean);
    EXPECT_EQ(providers_of(bytes(path))[0], "openai");
    EXPECT_EQ(rows().at(thread_id(2)), "openai");
    take_back();
    EXPECT_EQ(rows().at(thread_id(2)), std::nullopt);
}

}  // namespace
}  // namespace trueup::codex
