#include "sqlite/connection.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "sqlite/statement.h"
#include "sqlite/transaction.h"

namespace trueup::sqlite {
namespace {

constexpr OpenOptions kCreate{.mode = OpenMode::ReadWriteCreate,
                              .busy_timeout = std::chrono::milliseconds(0)};
constexpr OpenOptions kReadOnly{.mode = OpenMode::ReadOnly,
                                .busy_timeout = std::chrono::milliseconds(0)};

class ConnectionTest : public testing::Test {
  protected:
    std::string path(std::string_view name) const { return folder_.path(name); }
    /// A database of several pages.
    std::string sample() const {
        const std::string file = path("sample.db");
        Connection db = Connection::open(file, kCreate).value();
        EXPECT_TRUE(db.exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT;"
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
                            "WHERE i < 500) INSERT INTO t SELECT i, hex(randomblob(40)) FROM n")
                        .has_value());
        return file;
    }
    /// The error of opening and reading everything.
    static Error error_of_reading(const std::string& file) {
        auto db = Connection::open(file, kReadOnly);
        if (!db) return db.error();
        const auto rows = db->query_text("SELECT max(b) FROM t");
        return rows ? Error{ErrorClass::Bug, "it could be read", {}} : rows.error();
    }
    TemporaryFolder folder_;
};

void expect_error(const Error& error, ErrorClass kind, std::string_view names) {
    EXPECT_EQ(error.kind, kind) << error.message;
    EXPECT_NE(error.message.find(names), std::string::npos) << error.message;
}

TEST_F(ConnectionTest, MissingFileIsCreatedOnlyWhenAsked) {
    const std::string file = path("new.db");
    expect_error(Connection::open(file, kReadOnly).error(), ErrorClass::Failed, file);
    EXPECT_FALSE(file_info(file).value().has_value());
    ASSERT_TRUE(Connection::open(file, kCreate).has_value());
    EXPECT_TRUE(file_info(file).value().has_value());
    expect_error(Connection::open(path("no/folder.db"), kCreate).error(), ErrorClass::Failed,
                 "no/folder.db");
    expect_error(Connection::open(folder_.path(), kCreate).error(), ErrorClass::Failed,
                 folder_.path());
    EXPECT_EQ(Connection::open("", kCreate).error().kind, ErrorClass::Bug);
}

TEST_F(ConnectionTest, PathIsNeverReadAsSomethingElse) {
    const std::string back = std::filesystem::current_path().string();
    ASSERT_EQ(::chdir(folder_.path().c_str()), 0);
    for (const std::string name : {":memory:", "file:a?mode=memory"}) {
        ASSERT_TRUE(Connection::open(name, kCreate).value().exec("CREATE TABLE t(a)").has_value());
        EXPECT_TRUE(file_info(path(name)).value().has_value()) << name;
    }
    ASSERT_EQ(::chdir(back.c_str()), 0);
}

TEST_F(ConnectionTest, GarbageIsNotADatabase) {
    const std::string file = path("garbage.db");
    ASSERT_TRUE(replace_file(file, std::string(5000, 'x'), "test").has_value());
    expect_error(Connection::open(file, kCreate).error(), ErrorClass::Integrity, file);
    ASSERT_TRUE(replace_file(file, "short", "test").has_value());
    expect_error(Connection::open(file, kReadOnly).error(), ErrorClass::Integrity, file);
}

// A cut inside the last page is filled up with zeros by SQLite, which only a full check would see.
TEST_F(ConnectionTest, EveryMissingPageIsDamage) {
    const std::string content = read_file(sample(), 1U << 20U).value();
    ASSERT_GT(content.size(), 3U * 4096U);
    const std::string file = path("cut.db");
    for (std::size_t size = 4096; size < content.size(); size += 4096) {
        ASSERT_TRUE(replace_file(file, content.substr(0, size), "test").has_value());
        SCOPED_TRACE(size);
        expect_error(error_of_reading(file), ErrorClass::Integrity, file);
    }
}

TEST_F(ConnectionTest, LockedFileIsRetryable) {
    const std::string file = sample();
    Connection writer = Connection::open(file, kCreate).value();
    const Transaction held = Transaction::begin(writer, TransactionKind::Immediate).value();
    Connection other = Connection::open(file, kCreate).value();
    expect_error(Transaction::begin(other, TransactionKind::Immediate).error(),
                 ErrorClass::Retryable, file);
}

TEST_F(ConnectionTest, WritingWhatMayNotBeWrittenIsFailed) {
    const std::string file = sample();
    Connection reader = Connection::open(file, kReadOnly).value();
    expect_error(reader.exec("DELETE FROM t").error(), ErrorClass::Failed, file);
    EXPECT_EQ(reader.query_int64("SELECT count(*) FROM t").value(), 500);
}

TEST_F(ConnectionTest, FullDatabaseIsRetryable) {
    Connection db = Connection::open(sample(), kCreate).value();
    ASSERT_TRUE(db.query_int64("PRAGMA max_page_count=1").has_value());
    expect_error(db.exec("INSERT INTO t SELECT a + 1000, b FROM t").error(), ErrorClass::Retryable,
                 "no room");
}

TEST_F(ConnectionTest, InterruptComesFromAnotherThread) {
    Connection db = Connection::open(sample(), kReadOnly).value();
    Statement endless =
        Statement::prepare(db,
                           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
                           "SELECT count(*) FROM n")
            .value();
    std::jthread other([&db](const std::stop_token& stop) {
        while (!stop.stop_requested()) db.interrupt();  // Until it is seen, whenever it starts.
    });
    const auto stopped = endless.step();
    other.request_stop();
    ASSERT_FALSE(stopped.has_value());
    EXPECT_EQ(stopped.error().kind, ErrorClass::Interrupted);
}

TEST_F(ConnectionTest, DataVersionTellsOfOthersChanges) {
    const std::string file = sample();
    Connection reader = Connection::open(file, kReadOnly).value();
    const std::int64_t before = reader.data_version().value();
    EXPECT_EQ(reader.data_version().value(), before);
    Connection writer = Connection::open(file, kCreate).value();
    const std::int64_t own = writer.data_version().value();
    ASSERT_TRUE(writer.exec("UPDATE t SET b = 'x'").has_value());
    EXPECT_NE(reader.data_version().value(), before);
    EXPECT_EQ(writer.data_version().value(), own);
}

TEST_F(ConnectionTest, ImmutableReadsAnyNameAndMakesNoFile) {
    for (const std::string name :
         {"plain", "a b?mode=rwc", "100%41#x", "\xC3\xA9&cache=shared", "file:x", ":memory:"}) {
        const std::string folder = path("folder-of-" + name);
        ASSERT_TRUE(make_directories(folder).has_value());
        const std::string file = join_path(folder, name);
        {
            Connection db = Connection::open(file, kCreate).value();
            ASSERT_TRUE(db.use_wal().has_value());
            ASSERT_TRUE(db.exec("CREATE TABLE t(a); INSERT INTO t VALUES (7)").has_value());
        }
        Connection db = Connection::open(file, {.mode = OpenMode::Immutable}).value();
        EXPECT_EQ(db.query_int64("SELECT a FROM t").value(), 7) << name;
        EXPECT_EQ(db.path(), file);
        expect_error(db.exec("DELETE FROM t").error(), ErrorClass::Failed, file);
        EXPECT_EQ(list_directory(folder).value().size(), 1U) << name;
    }
    const std::string back = std::filesystem::current_path().string();
    ASSERT_EQ(::chdir(path("folder-of-plain").c_str()), 0);
    EXPECT_TRUE(Connection::open("plain", {.mode = OpenMode::Immutable}).has_value());
    ASSERT_EQ(::chdir(back.c_str()), 0);
    const std::string missing = path("missing?immutable=0");
    expect_error(Connection::open(missing, {.mode = OpenMode::Immutable}).error(),
                 ErrorClass::Failed, missing);
    EXPECT_FALSE(file_info(missing).value().has_value());
}

TEST_F(ConnectionTest, UnlockedReadsTheLogAndLeavesEverythingAsItIs) {
    const std::string file = path("a.db");
    Connection writer = Connection::open(file, kCreate).value();
    ASSERT_TRUE(writer.use_wal().has_value());
    ASSERT_TRUE(writer.exec("CREATE TABLE t(a); INSERT INTO t VALUES (7)").has_value());
    // What a process that died leaves, without the index of the log.
    const std::string folder = path("copy");
    ASSERT_TRUE(make_directories(folder).has_value());
    const std::string copy = join_path(folder, "a.db");
    std::filesystem::copy_file(file, copy);
    std::filesystem::copy_file(file + "-wal", copy + "-wal");
    const std::string before = read_file(copy, 1U << 20U).value();
    const std::string log = read_file(copy + "-wal", 1U << 20U).value();
    {
        Connection db = Connection::open(copy, {.mode = OpenMode::ReadOnlyUnlocked}).value();
        EXPECT_EQ(db.query_int64("SELECT a FROM t").value(), 7);
        expect_error(db.exec("DELETE FROM t").error(), ErrorClass::Failed, copy);
        EXPECT_EQ(list_directory(folder).value().size(), 2U);
    }
    EXPECT_EQ(list_directory(folder).value().size(), 2U);
    EXPECT_EQ(read_file(copy, 1U << 20U).value(), before);
    EXPECT_EQ(read_file(copy + "-wal", 1U << 20U).value(), log);
}

TEST_F(ConnectionTest, FormatTellsOfALogAndLeavesLocksAlone) {
    const std::string plain = sample();
    EXPECT_FALSE(Connection::has_log_format(plain).value());
    const std::string file = path("with-log.db");
    Connection db = Connection::open(file, kCreate).value();
    ASSERT_TRUE(db.use_wal().has_value());
    ASSERT_TRUE(db.exec("CREATE TABLE t(a)").has_value());
    EXPECT_TRUE(Connection::has_log_format(file).value());
    for (const std::string& foreign :
         {std::string(), std::string("short"), std::string(99, '\2')}) {
        ASSERT_TRUE(replace_file(path("foreign"), foreign, "test").has_value());
        EXPECT_FALSE(Connection::has_log_format(path("foreign")).value());
    }
    expect_error(Connection::has_log_format(path("missing")).error(), ErrorClass::Failed,
                 "missing");

    Connection holder = Connection::open(plain, kCreate).value();
    const Transaction held = Transaction::begin(holder, TransactionKind::Immediate).value();
    EXPECT_FALSE(Connection::has_log_format(plain).value());
    const pid_t child = ::fork();  // Locks hold against other processes only.
    if (child == 0) {
        auto other = Connection::open(plain, kCreate);
        const bool is_free = Transaction::begin(*other, TransactionKind::Immediate).has_value();
        ::_exit(is_free ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "the lock was lost";
}

TEST_F(ConnectionTest, WalIsDurableAndStays) {
    const std::string file = sample();
    {
        Connection db = Connection::open(file, kCreate).value();
        ASSERT_TRUE(db.use_wal().has_value());
        EXPECT_EQ(db.query_int64("PRAGMA synchronous").value(), 2);
    }
    Connection again = Connection::open(file, kReadOnly).value();
    EXPECT_EQ(again.query_text("PRAGMA journal_mode").value(), "wal");
    EXPECT_EQ(Connection::open_in_memory().value().use_wal().error().kind, ErrorClass::Failed);
}

}  // namespace
}  // namespace trueup::sqlite
