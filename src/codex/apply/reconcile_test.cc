#include "codex/apply/reconcile.h"

#include <fcntl.h>
#include <unistd.h>

#include "codex/apply/apply_test_support.h"
#include "codex/home/meta_line.h"
#include "sqlite/transaction.h"

namespace trueup::codex {
namespace {

using codex::testing::thread_id;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::optional<SharedText> provider_of(const std::string& text) {
    return parse_line(first_line(text)).meta.provider;
}

TEST_F(ApplyTest, RowAndRolloutFollowTheTarget) {
    const std::string path = add(1, "azure");
    add(2, "openai");
    make_store();
    const std::string before = bytes(path);
    const auto when = mtime(path);

    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.verdict(), core::Verdict::Clean);
    EXPECT_EQ(outcome.patched, 1);
    EXPECT_EQ(outcome.rows_changed, 1);
    EXPECT_EQ(outcome.matched, 1);
    EXPECT_EQ(provider_of(bytes(path)), "openai");
    EXPECT_EQ(bytes(path).size(), before.size()) << "a patch moves no byte";
    EXPECT_EQ(mtime(path).tv_sec, when.tv_sec);
    EXPECT_EQ(mtime(path).tv_nsec, when.tv_nsec);
    EXPECT_EQ(rows().at(thread_id(1)), "openai");
    ASSERT_EQ(outcome.stores.size(), 1U);
    ASSERT_TRUE(outcome.stores[0].backup.has_value());
    EXPECT_EQ(codex::testing::providers_in(*outcome.stores[0].backup).at(thread_id(1)), "azure");
}

TEST_F(ApplyTest, NothingToDoWritesNothing) {
    add(1, "openai");
    make_store();
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.run_id, std::nullopt);
    EXPECT_FALSE(home_.has("backups/cli")) << "no copy of a database that does not change";
    EXPECT_TRUE(history({home_.path(), home_.path()}).value().runs.empty());
}

TEST_F(ApplyTest, ADryRunWritesNothingAtAll) {
    const std::string path = add(1, "azure");
    make_store();
    const std::string before = bytes(path);
    const RunOutcome outcome = sync({.is_dry_run = true});
    EXPECT_EQ(outcome.changed.size(), 1U);
    EXPECT_EQ(bytes(path), before);
    EXPECT_FALSE(home_.has("backups"));
    EXPECT_FALSE(home_.has("threadripper.lock"));
}

TEST_F(ApplyTest, ALineWithoutRoomMakesTheFileGrow) {
    const std::string path = add(1, "vm", 0);
    make_store();
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    const std::string before = bytes(path);
    const auto when = mtime(path);
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.grown, 1);
    const std::string after = bytes(path);
    EXPECT_EQ(provider_of(after), "openai");
    EXPECT_EQ(after.substr(after.find('\n')), before.substr(before.find('\n')));
    EXPECT_EQ(mtime(path).tv_nsec, when.tv_nsec);
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0640U);
    EXPECT_EQ(rollouts().size(), 1U) << "no temporary file stays";
    EXPECT_EQ(sync().matched, 1);
}

TEST_F(ApplyTest, UndoPutsBackEveryByteAndRow) {
    add(1, "azure");
    add(2, "vm", 0);
    add({.id = thread_id(3), .provider = std::nullopt});
    add({.id = thread_id(4), .provider = "a-much-longer-provider-id", .is_paginated = true});
    make_store();
    const auto files = rollouts();
    const auto providers = rows();
    EXPECT_EQ(sync().verdict(), core::Verdict::Clean);
    EXPECT_NE(rollouts(), files);

    const RunOutcome undone = take_back();
    EXPECT_EQ(undone.verdict(), core::Verdict::Clean);
    EXPECT_EQ(rollouts(), files);
    EXPECT_EQ(rows(), providers);
    EXPECT_FALSE(undo(job(), {}).has_value()) << "there is nothing left to undo";
}

TEST_F(ApplyTest, UndoLeavesWhatWasAppendedSince) {
    const std::string patched = add(1, "azure");
    const std::string grown = add(2, "vm", 0);
    make_store();
    const auto files = rollouts();
    sync();
    const std::string more = "{\"type\":\"event_msg\"}\n";
    for (const std::string& path : {patched, grown}) {
        std::ofstream(path, std::ios::app | std::ios::binary) << more;
    }
    EXPECT_EQ(take_back().verdict(), core::Verdict::Clean);
    EXPECT_EQ(bytes(patched), files.at(patched) + more);
    EXPECT_EQ(bytes(grown), files.at(grown) + more);
}

TEST_F(ApplyTest, UndoLeavesAThreadThatSomebodyChangedSince) {
    const std::string path = add(1, "azure");
    add(2, "azure");
    make_store();
    sync();
    const std::string other = codex::testing::rollout_text(
        {.id = thread_id(1), .provider = "somebody-else", .padding = 64});
    std::ofstream(path, std::ios::binary) << other;
    const RunOutcome undone = take_back();
    EXPECT_EQ(undone.verdict(), core::Verdict::Incomplete);
    ASSERT_EQ(undone.left_out.size(), 1U);
    EXPECT_EQ(undone.left_out[0].reason, Reason::ChangedMeanwhile);
    EXPECT_EQ(bytes(path), other);
    EXPECT_EQ(rows().at(thread_id(1)), "openai") << "row and rollout stay in step";
    EXPECT_EQ(rows().at(thread_id(2)), "azure");
}

TEST_F(ApplyTest, AnOpenRolloutThatWouldHaveToGrowKeepsItsRowToo) {
    // Another process, because our own files do not count.
    const std::string path = add(1, "vm", 0);
    add(2, "vm", 0);
    make_store();
    int ready[2];
    int done[2];
    ASSERT_EQ(::pipe(ready) + ::pipe(done), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
        char byte = 'x';
        const bool is_told = fd >= 0 && ::write(ready[1], &byte, 1) == 1;
        ::_exit(is_told && ::read(done[0], &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const std::string before = bytes(path);
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::OpenElsewhere);
    EXPECT_EQ(bytes(path), before);
    EXPECT_EQ(rows().at(thread_id(1)), "vm");
    EXPECT_EQ(rows().at(thread_id(2)), "openai");
    ASSERT_EQ(::write(done[1], &byte, 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(sync().verdict(), core::Verdict::Clean) << "it is free now";
}

TEST_F(ApplyTest, ARolloutThatOnlyTheKernelKnowsToBeOpenIsNotReplaced) {
    // /proc leaves out this process, as it does those that hide their files.
    const std::string path = add(1, "vm", 0);
    make_store();
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND);
    ASSERT_GE(fd, 0);
    const std::string before = bytes(path);
    const RunOutcome outcome = sync();
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::OpenElsewhere);
    EXPECT_EQ(bytes(path), before);
    EXPECT_EQ(rows().at(thread_id(1)), "vm");
    EXPECT_EQ(rollouts().size(), 1U) << "no temporary file stays";
    ::close(fd);
    EXPECT_EQ(sync().verdict(), core::Verdict::Clean) << "it is free now";
}

TEST_F(ApplyTest, AStoreThatStaysLockedLeavesItsThreadsAsTheyWere) {
    const std::string path = add(1, "azure");
    make_store();
    const std::string before = bytes(path);
    auto codex =
        sqlite::Connection::open(store_path(), {.mode = sqlite::OpenMode::ReadWrite}).value();
    std::optional held =
        sqlite::Transaction::begin(codex, sqlite::TransactionKind::Immediate).value();
    const RunOutcome outcome = sync({.wait = std::chrono::milliseconds(300)});
    EXPECT_EQ(outcome.verdict(), core::Verdict::Incomplete);
    ASSERT_EQ(outcome.stores.size(), 1U);
    EXPECT_EQ(outcome.stores[0].result, StoreResult::Locked);
    EXPECT_EQ(bytes(path), before) << "rolled back from the journal";
    ASSERT_EQ(outcome.left_out.size(), 1U);
    EXPECT_EQ(outcome.left_out[0].reason, Reason::RolledBack);
    held.reset();
    EXPECT_EQ(rows().at(thread_id(1)), "azure");
    EXPECT_EQ(sync().verdict(), core::Verdict::Clean);
}

TEST_F(ApplyTest, AnEmptyConfigurationIsNoProvider) {
    const std::string path = add(1, "azure");
    make_store();
    const std::string before = bytes(path);
    home_.write("config.toml", "");
    const auto outcome = reconcile(job(), {});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorClass::Config);
    EXPECT_EQ(bytes(path), before);
    ReconcileOptions named;
    named.settings.provider = "openai";
    EXPECT_EQ(sync(named).patched, 1) << "a provider that is named is no guess";
}

TEST_F(ApplyTest, RestoreOriginalKnowsWhatEachThreadBeganWith) {
    add(1, "azure");
    add(2, "ollama");
    add(3, "openai");
    make_store();
    const auto providers = rows();
    sync();
    configure("vm");
    sync();
    ReconcileOptions options;
    options.kind = RunKind::RestoreOriginal;
    const auto restored = restore_original(job(), options);
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    EXPECT_EQ(restored->verdict(), core::Verdict::Clean);
    EXPECT_EQ(rows(), providers);
}

TEST_F(ApplyTest, PrepareGivesRoomAndUndoTakesIt) {
    const std::string path = add(1, "vm", 0);
    make_store();
    const auto files = rollouts();
    ReconcileOptions options;
    options.kind = RunKind::Prepare;
    const auto prepared = prepare(job(), options);
    ASSERT_TRUE(prepared.has_value()) << prepared.error().message;
    EXPECT_EQ(prepared->grown, 1);
    EXPECT_EQ(provider_of(bytes(path)), "vm");
    EXPECT_EQ(first_line(bytes(path)).size(), first_line(files.at(path)).size() + 256);
    EXPECT_EQ(sync().patched, 1) << "now there is room";
    take_back();
    take_back({});
    EXPECT_EQ(rollouts(), files);
}

TEST_F(ApplyTest, OldRunsGoAndWatchDoesNotPushOutTheOthers) {
    add(1, "azure");
    make_store();
    ReconcileOptions watch;
    watch.kind = RunKind::Watch;
    sync();
    for (int i = 0; i < 2 * kRunsKept + 2; ++i) {
        configure(i % 2 == 0 ? "vm" : "openai");
        sync(watch);
    }
    const History all = history({home_.path(), home_.path()}).value();
    EXPECT_EQ(std::ssize(all.runs), kRunsKept + 1);
    EXPECT_EQ(all.runs.back().kind, RunKind::Sync);
    EXPECT_TRUE(all.runs.back().can_undo);
}

}  // namespace
}  // namespace trueup::codex
