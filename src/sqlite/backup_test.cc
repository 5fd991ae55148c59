#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/fault.h"
#include "base/file.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"
#include "sqlite/transaction.h"

namespace trueup::sqlite {
namespace {

constexpr OpenOptions kCreate{.mode = OpenMode::ReadWriteCreate,
                              .busy_timeout = std::chrono::milliseconds(0)};
constexpr OpenOptions kReadOnly{.mode = OpenMode::ReadOnly,
                                .busy_timeout = std::chrono::milliseconds(0)};
constexpr std::string_view kRows =
    "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500) "
    "INSERT INTO t SELECT i, hex(randomblob(40)) FROM n";

class BackupTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = (std::filesystem::temp_directory_path() / "trueup-backup-XXXXXX").string();
        ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    }
    void TearDown() override {
        fault::arm(fault::Action::None, 0);
        std::filesystem::remove_all(root_);
    }
    std::string path(std::string_view name) const { return join_path(root_, name); }
    /// A database of several pages, its last row in the write-ahead log when there is one.
    Connection source(std::string_view name, bool is_wal) const {
        Connection db = Connection::open(path(name), kCreate).value();
        if (is_wal) db.use_wal().value();
        db.exec(kRows).value();
        return db;
    }
    std::size_t files() const { return list_directory(root_).value().size(); }
    std::string root_;
};

std::int64_t rows_in(const std::string& file) {
    return Connection::open(file, kReadOnly).value().query_int64("SELECT count(*) FROM t").value();
}

/// 500 rows of the table become 400, then 500 again, each in a transaction of its own.
void rewrite_rows(Connection& db) {
    db.exec(
          "BEGIN; UPDATE t SET b = b || 'a'; UPDATE t SET b = substr(b, 1, 80); "
          "DELETE FROM t WHERE a > 400; COMMIT; PRAGMA wal_checkpoint(PASSIVE);"
          "WITH RECURSIVE n(i) AS (SELECT 401 UNION ALL SELECT i+1 FROM n "
          "WHERE i < 500) INSERT INTO t SELECT i, hex(randomblob(40)) FROM n")
        .value();
}

TEST_F(BackupTest, HoldsEverythingAndNothingBesideIt) {
    for (const bool is_wal : {false, true}) {
        Connection db = source(is_wal ? "wal.db" : "plain.db", is_wal);
        const std::string copy = path(is_wal ? "wal.bak" : "plain.bak");
        ASSERT_TRUE(db.backup_to(copy).has_value());
        const std::size_t before = files();
        EXPECT_EQ(rows_in(copy), 500);
        Connection again = Connection::open(copy, kReadOnly).value();
        EXPECT_EQ(again.query_text("PRAGMA integrity_check").value(), "ok");
        EXPECT_EQ(again.query_text("PRAGMA journal_mode").value(), "delete");
        EXPECT_EQ(files(), before) << "reading the copy made files";
        EXPECT_EQ(file_info(copy).value()->mode, 0600U);
        EXPECT_TRUE(db.exec("INSERT INTO t VALUES (1000, 'later')").has_value());
        EXPECT_EQ(rows_in(copy), 500);
    }
}

TEST_F(BackupTest, IsOfOneInstantWhileAnotherWrites) {
    for (const bool has_log : {false, true}) {
        const std::string name = has_log ? "log.db" : "no-log.db";
        { const Connection db = source(name, true); }
        Connection writer = Connection::open(path(name), kCreate).value();
        if (has_log) writer.exec("UPDATE t SET b = 'x' WHERE a = 1").value();
        const std::jthread other([&writer](const std::stop_token& stop) {
            while (!stop.stop_requested()) rewrite_rows(writer);
        });
        for (int round = 0; round < 20; ++round) {
            const std::string copy = path(name + std::to_string(round));
            Connection::open(path(name), kCreate).value().backup_to(copy).value();
            const std::int64_t rows = rows_in(copy);
            EXPECT_TRUE(rows == 400 || rows == 500) << rows;
            EXPECT_EQ(Connection::open(copy, kReadOnly)
                          .value()
                          .query_text("PRAGMA integrity_check")
                          .value(),
                      "ok");
        }
    }
}

TEST_F(BackupTest, EmptyDatabaseIsCopied) {
    Connection db = Connection::open(path("empty.db"), kCreate).value();
    ASSERT_TRUE(db.backup_to(path("copy")).has_value());
    EXPECT_TRUE(Connection::open(path("copy"), kReadOnly).has_value());
}

TEST_F(BackupTest, LeftoverOfADeadRunIsReplaced) {
    Connection db = source("a.db", true);
    replace_file(path("copy.tmp"), std::string(100'000, 'x'), "test").value();
    ASSERT_TRUE(db.backup_to(path("copy")).has_value());
    EXPECT_EQ(rows_in(path("copy")), 500);
    EXPECT_FALSE(file_info(path("copy.tmp")).value().has_value());
}

TEST_F(BackupTest, NeverReplacesWhatStandsThere) {
    Connection db = source("a.db", true);
    replace_file(path("copy"), "precious", "test").value();
    const auto refused = db.backup_to(path("copy"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().message, path("copy") + " exists and is not replaced");
    EXPECT_EQ(read_file(path("copy"), 100).value(), "precious");
}

TEST_F(BackupTest, WriterElsewhereBlocksOnlyWithoutALog) {
    for (const bool is_wal : {false, true}) {
        const std::string name = is_wal ? "wal.db" : "plain.db";
        Connection db = source(name, is_wal);
        Connection other = Connection::open(path(name), kCreate).value();
        Transaction held = Transaction::begin(other, TransactionKind::Immediate).value();
        other.exec("PRAGMA cache_size=1; DELETE FROM t").value();  // Spills: locks out readers.
        const auto got = db.backup_to(path("copy-of-" + name));
        EXPECT_EQ(got.has_value(), is_wal);
        if (is_wal) {
            EXPECT_EQ(rows_in(path("copy-of-" + name)), 500);
        } else {
            EXPECT_EQ(got.error().kind, ErrorClass::Retryable);
            EXPECT_NE(got.error().message.find(path(name) + " is locked"), std::string::npos)
                << got.error().message;
            EXPECT_FALSE(file_info(path("copy-of-" + name + ".tmp")).value().has_value());
        }
    }
}

TEST_F(BackupTest, DamagedSourceIsNamedAndLeavesNothing) {
    Connection db = source("a.db", false);
    std::filesystem::resize_file(path("a.db"), file_info(path("a.db")).value()->bytes - 12'288);
    const auto got = db.backup_to(path("copy"));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().kind, ErrorClass::Integrity);
    EXPECT_NE(got.error().message.find(path("a.db") + " is damaged"), std::string::npos)
        << got.error().message;
    EXPECT_EQ(files(), 1U);
}

TEST_F(BackupTest, MissingFolderAndOpenTransactionAreRefused) {
    Connection db = source("a.db", false);
    const auto missing = db.backup_to(path("no/copy"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_NE(missing.error().message.find(path("no/copy")), std::string::npos);
    const Transaction held = Transaction::begin(db, TransactionKind::Immediate).value();
    EXPECT_EQ(db.backup_to(path("copy")).error().kind, ErrorClass::Bug);
}

TEST_F(BackupTest, NeedsLocks) {
    { const Connection db = source("a.db", false); }
    for (const OpenMode mode : {OpenMode::Immutable, OpenMode::ReadOnlyUnlocked}) {
        Connection db = Connection::open(path("a.db"), {.mode = mode}).value();
        EXPECT_EQ(db.backup_to(path("copy")).error().kind, ErrorClass::Bug);
    }
}

TEST_F(BackupTest, FaultAnywhereLeavesAllOrNothing) {
    Connection db = source("a.db", true);
    const std::size_t before = files();
    fault::arm(fault::Action::None, 0);
    db.backup_to(path("copy")).value();
    const int visits = fault::visits();
    ASSERT_GT(visits, 0);
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        remove_file(path("copy")).value();
        fault::arm(fault::Action::Fail, visit);
        EXPECT_FALSE(db.backup_to(path("copy")).has_value());
        fault::arm(fault::Action::None, 0);
        const bool is_there = file_info(path("copy")).value().has_value();
        EXPECT_EQ(files(), before + (is_there ? 1U : 0U));
        if (is_there) {
            EXPECT_EQ(rows_in(path("copy")), 500);
        }
    }
}

TEST_F(BackupTest, CrashAnywhereLeavesAWholeCopyOrNone) {
    { const Connection db = source("a.db", true); }
    fault::arm(fault::Action::None, 0);
    Connection::open(path("a.db"), kCreate).value().backup_to(path("copy")).value();
    const int visits = fault::visits();
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        remove_file(path("copy")).value();
        const pid_t child = ::fork();
        if (child == 0) {
            fault::arm(fault::Action::Crash, visit);
            auto db = Connection::open(path("a.db"), kCreate);
            discard(db->backup_to(path("copy")), "it does not come back");
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status));
        const bool is_there = file_info(path("copy")).value().has_value();
        if (is_there) {
            EXPECT_EQ(rows_in(path("copy")), 500);
            continue;
        }
        EXPECT_TRUE(
            Connection::open(path("a.db"), kCreate).value().backup_to(path("copy")).has_value());
    }
}

}  // namespace
}  // namespace trueup::sqlite
