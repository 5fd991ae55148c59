#include "codex/home/store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "codex/testing/unprivileged.h"
#include "sqlite/transaction.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;
using testing::make_store;
using testing::SampleStore;
using testing::TemporaryHome;
using testing::thread_id;
using testing::Unprivileged;

constexpr milliseconds kNoWait{0};

class StoreTest : public ::testing::Test {
  protected:
    CodexHome home() const { return {.path = home_.path(), .canonical = home_.path()}; }
    /// "app:sqlite/state_5.sqlite", with paths below the home.
    std::vector<std::string> found(StoreFilter filter = StoreFilter::All) const {
        std::vector<std::string> shown;
        const auto stores = discover_stores(home(), settings_, filter);
        if (!stores) return {stores.error().message};
        for (const Store& store : *stores) {
            std::string path = store.path;
            if (path.starts_with(home_.path())) path.erase(0, home_.path().size() + 1);
            shown.push_back(std::string(name_of(store.kind)) + ":" + path +
                            (store.is_missing ? ":missing" : ""));
        }
        return shown;
    }
    std::string store(std::string_view name, const SampleStore& sample = {}) const {
        make_store(home_.path(name), sample);
        return home_.path(name);
    }
    Store store_at(const std::string& path) const { return {.kind = StoreKind::Cli, .path = path}; }

    TemporaryHome home_;
    Settings settings_;
};

using Found = std::vector<std::string>;
constexpr const char* kApp = "sqlite/state_5.sqlite";
constexpr const char* kCli = "state_5.sqlite";

TEST_F(StoreTest, TopLevelFileAloneIsACliStore) {
    store(kCli);
    EXPECT_EQ(found(), (Found{"cli:state_5.sqlite"}));
}

TEST_F(StoreTest, FileInTheSubfolderAloneIsAnAppStore) {
    store(kApp);
    EXPECT_EQ(found(), (Found{"app:sqlite/state_5.sqlite"}));
}

TEST_F(StoreTest, AppComesBeforeCliAndConfiguredBeforeBoth) {
    store(kApp);
    store(kCli);
    EXPECT_EQ(found(), (Found{"app:sqlite/state_5.sqlite", "cli:state_5.sqlite"}));
    store("db/state_5.sqlite");
    settings_.sqlite_home = home_.path("db");
    EXPECT_EQ(found(), (Found{"configured:db/state_5.sqlite", "app:sqlite/state_5.sqlite",
                              "cli:state_5.sqlite"}));
}

TEST_F(StoreTest, ConfiguredStoreThatIsTheTopLevelOneIsOneStore) {
    store(kCli);
    settings_.sqlite_home = home_.path();
    EXPECT_EQ(found(), (Found{"configured:state_5.sqlite"}));
}

TEST_F(StoreTest, ConfiguredStoreThatIsTheSubfoldersIsOneStore) {
    store(kApp);
    settings_.sqlite_home = home_.path("sqlite");
    EXPECT_EQ(found(), (Found{"configured:sqlite/state_5.sqlite"}));
}

TEST_F(StoreTest, LinkFromAppToCliIsOneStoreOfTheKindApp) {
    store(kCli);
    make_directories(home_.path("sqlite")).value();
    std::filesystem::create_symlink("../state_5.sqlite", home_.path(kApp));
    EXPECT_EQ(found(), (Found{"app:state_5.sqlite"}));
}

TEST_F(StoreTest, FilterFindsAStoreThatAnotherKindHasToo) {
    store(kApp);
    store(kCli);
    settings_.sqlite_home = home_.path();
    EXPECT_EQ(found(), (Found{"configured:state_5.sqlite", "app:sqlite/state_5.sqlite"}));
    EXPECT_EQ(found(StoreFilter::Cli), (Found{"cli:state_5.sqlite"}));
    settings_.sqlite_home = home_.path("sqlite");
    EXPECT_EQ(found(StoreFilter::App), (Found{"app:sqlite/state_5.sqlite"}));
    EXPECT_EQ(found(StoreFilter::Configured), (Found{"configured:sqlite/state_5.sqlite"}));
}

TEST_F(StoreTest, MissingConfiguredStoreIsKeptAndMarkedAndNeverCreated) {
    store(kCli);
    settings_.sqlite_home = home_.path("nowhere");
    EXPECT_EQ(found(), (Found{"configured:nowhere/state_5.sqlite:missing", "cli:state_5.sqlite"}));
    const Store missing = discover_stores(home(), settings_, StoreFilter::All).value().front();
    for (const StoreAccess access : {StoreAccess::Read, StoreAccess::Follow, StoreAccess::Write}) {
        const Error error = open_store(missing, access, kNoWait).error();
        EXPECT_EQ(error.kind, ErrorClass::Failed);
        EXPECT_EQ(error.message, "the configured store " + home_.path("nowhere/state_5.sqlite") +
                                     " does not exist");
        EXPECT_NE(error.hint.find("sqlite_home"), std::string::npos);
    }
    EXPECT_FALSE(home_.has("nowhere"));
}

TEST_F(StoreTest, NoStoreIsAnErrorThatNamesTheFilter) {
    EXPECT_EQ(found(), (Found{"there is no state_5.sqlite in the Codex home " + home_.path()}));
    store(kCli);
    EXPECT_EQ(found(StoreFilter::App),
              (Found{"no store of the Codex home " + home_.path() + " passes --store app"}));
    EXPECT_EQ(found(StoreFilter::Configured),
              (Found{"no store of the Codex home " + home_.path() + " passes --store configured"}));
    const Error error = discover_stores(home(), settings_, StoreFilter::App).error();
    EXPECT_EQ(error.hint.find("run Codex"), std::string::npos);
}

TEST_F(StoreTest, StoreThatCannotBeFollowedHidesNoOther) {
    store(kCli);
    make_directories(home_.path("sqlite")).value();
    std::filesystem::create_symlink("state_5.sqlite", home_.path(kApp));  // To itself.
    EXPECT_EQ(found(), (Found{"app:sqlite/state_5.sqlite", "cli:state_5.sqlite"}));
    const Store broken = discover_stores(home(), settings_, StoreFilter::All).value().front();
    const auto got = open_store(broken, StoreAccess::Read, kNoWait);
    ASSERT_FALSE(got.has_value());
    EXPECT_NE(got.error().message.find(home_.path(kApp)), std::string::npos);
}

TEST_F(StoreTest, WhatIsNoDatabaseIsToldClearly) {
    make_directories(home_.path("folder")).value();
    home_.write("garbage", std::string(10'000, 'x'));
    home_.write("short", "short");
    struct Row {
        std::string name;
        ErrorClass kind;
        std::string says;
    };
    for (const Row& row : {Row{"folder", ErrorClass::Failed, "is a folder, not a database"},
                           Row{"garbage", ErrorClass::Integrity, "is not an SQLite database"},
                           Row{"short", ErrorClass::Integrity, "is not an SQLite database"}}) {
        for (const StoreAccess access : {StoreAccess::Read, StoreAccess::Write}) {
            const Error error = open_store(store_at(home_.path(row.name)), access, kNoWait).error();
            EXPECT_EQ(error.kind, row.kind) << error.message;
            EXPECT_NE(error.message.find(home_.path(row.name) + " " + row.says), std::string::npos)
                << error.message;
        }
    }
}

TEST_F(StoreTest, ALockIsCalledALockAndNotWaitedForLongerThanAsked) {
    const std::string path = store(kCli, {.rows = {{.id = thread_id(1)}}, .is_wal = false});
    auto writer = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::ReadWrite}).value();
    ASSERT_TRUE(writer.exec("BEGIN EXCLUSIVE").has_value());
    const Error error = open_store(store_at(path), StoreAccess::Read, kNoWait).error();
    EXPECT_EQ(error.kind, ErrorClass::Retryable);
    EXPECT_NE(error.message.find(path + " is locked"), std::string::npos) << error.message;
}

/// What stands in the folder of the store.
std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    const auto entries = list_directory(folder).value();
    names.reserve(entries.size());
    for (const Entry& entry : entries) names.push_back(entry.name);
    return names;
}

/// A store in WAL mode whose one row stands in the log only, as after a crash of Codex.
void make_store_with_log(const TemporaryHome& home, std::string_view folder, bool has_index) {
    const std::string live = home.path("live/state_5.sqlite");
    make_store(live, {});
    auto codex = sqlite::Connection::open(live, {.mode = sqlite::OpenMode::ReadWrite}).value();
    codex
        .exec(
            "INSERT INTO threads(id, rollout_path, model_provider, created_at, updated_at, "
            "source, cwd, title, sandbox_policy, approval_mode) "
            "VALUES ('in-the-log', '', 'a', 1, 1, '', '', '', '', '')")
        .value();
    make_directories(home.path(folder)).value();
    const std::string copy = join_path(home.path(folder), "state_5.sqlite");
    for (const std::string suffix : {"", "-wal", "-shm"}) {
        if (suffix == "-shm" && !has_index) continue;
        std::filesystem::copy_file(live + suffix, copy + suffix);
    }
}

void forbid_writing(const std::string& folder) {
    using std::filesystem::perms;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::filesystem::permissions(entry.path(),
                                     perms::owner_read | perms::group_read | perms::others_read);
    }
    std::filesystem::permissions(folder, perms::owner_read | perms::owner_exec | perms::group_read |
                                             perms::group_exec | perms::others_read |
                                             perms::others_exec);
}

/// Opens and reads the store in a folder, and expects that the folder looks the same afterwards.
std::vector<std::string> ids_read_in(const std::string& folder) {
    const auto before = names_in(folder);
    std::vector<std::string> ids;
    {
        const Store store{.kind = StoreKind::Cli, .path = join_path(folder, "state_5.sqlite")};
        auto connection = open_store(store, StoreAccess::Read, kNoWait);
        EXPECT_TRUE(connection.has_value()) << connection.error().message;
        if (!connection) return {};
        EXPECT_EQ(names_in(folder), before) << "opening made files";
        const auto rows = read_threads(*connection, RowDetail::Brief).value();
        for (const ThreadRow& row : rows) ids.push_back(row.id.str());
        EXPECT_EQ(names_in(folder), before) << "reading made files";
    }
    EXPECT_EQ(names_in(folder), before) << "closing made or removed files";
    return ids;
}

TEST_F(StoreTest, ReadingMakesNoFileBesideAStore) {
    for (const bool is_wal : {false, true}) {
        const std::string folder = is_wal ? "wal" : "plain";
        store(folder + "/state_5.sqlite", {.rows = {{.id = thread_id(1)}}, .is_wal = is_wal});
        EXPECT_EQ(ids_read_in(home_.path(folder)), (Found{thread_id(1)}));
    }
}

TEST_F(StoreTest, ReadingSeesTheLogThatADeadCodexLeft) {
    for (const bool has_index : {false, true}) {
        const std::string folder = has_index ? "with-index" : "without-index";
        make_store_with_log(home_, folder, has_index);
        EXPECT_EQ(ids_read_in(home_.path(folder)), (Found{"in-the-log"}));
        std::filesystem::remove_all(home_.path("live"));
    }
}

TEST_F(StoreTest, ReadingSeesWhatALiveCodexHasJustWritten) {
    const std::string path = store("live/state_5.sqlite", {.rows = {{.id = thread_id(1)}}});
    auto codex = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::ReadWrite}).value();
    codex.exec("UPDATE threads SET id = 'changed'").value();
    const auto held = sqlite::Transaction::begin(codex, sqlite::TransactionKind::Immediate).value();
    EXPECT_EQ(ids_read_in(home_.path("live")), (Found{"changed"}));
}

TEST_F(StoreTest, ReadingNeedsNoWritePermission) {
    std::filesystem::permissions(home_.path(), std::filesystem::perms::all);
    store("plain/state_5.sqlite", {.rows = {{.id = "in-the-file"}}, .is_wal = false});
    store("wal/state_5.sqlite", {.rows = {{.id = "in-the-file"}}});
    make_store_with_log(home_, "log", false);
    std::filesystem::remove_all(home_.path("live"));
    make_store_with_log(home_, "log-and-index", true);
    for (const std::string name : {"plain", "wal", "log", "log-and-index"}) {
        const std::string folder = home_.path(name);
        forbid_writing(folder);
        const Unprivileged nobody;
        SCOPED_TRACE(name);
        EXPECT_EQ(ids_read_in(folder),
                  (Found{name.starts_with("log") ? "in-the-log" : "in-the-file"}));
        const Store closed = store_at(join_path(folder, "state_5.sqlite"));
        EXPECT_FALSE(open_store(closed, StoreAccess::Write, kNoWait).has_value());
    }
}

TEST_F(StoreTest, StoreThatMayNotBeReadIsNamed) {
    std::filesystem::permissions(home_.path(), std::filesystem::perms::all);
    const std::string path = store(kCli);
    std::filesystem::permissions(path, std::filesystem::perms::none);
    const Unprivileged nobody;
    const Error error = open_store(store_at(path), StoreAccess::Read, kNoWait).error();
    EXPECT_EQ(error.kind, ErrorClass::Failed);
    EXPECT_NE(error.message.find(path), std::string::npos) << error.message;
}

TEST_F(StoreTest, FollowingSeesLaterChanges) {
    for (const bool is_wal : {false, true}) {
        const std::string name = is_wal ? "wal/state_5.sqlite" : "plain/state_5.sqlite";
        const std::string path = store(name, {.rows = {{.id = thread_id(1)}}, .is_wal = is_wal});
        auto watching = open_store(store_at(path), StoreAccess::Follow, kNoWait).value();
        const auto before = watching.data_version().value();
        testing::run_sql(path, "UPDATE threads SET model_provider = 'other'");
        EXPECT_NE(watching.data_version().value(), before);
        EXPECT_EQ(count_providers(watching).value().front().provider, "other");
    }
}

}  // namespace
}  // namespace trueup::codex
