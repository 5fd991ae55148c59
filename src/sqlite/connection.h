#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sqlite/parameter.h"

struct sqlite3;

namespace trueup::sqlite {

enum class OpenMode : std::uint8_t {
    ReadOnly,         // The file must exist and is never written; its -wal and -shm may be made.
    ReadWrite,        // The file must exist.
    ReadWriteCreate,  // A missing file is created empty; its folder must exist.
    /// Only for a file that nobody writes meanwhile: what is read is taken as it stands, without
    /// locks, and a write-ahead log is overlooked. Makes no file beside it.
    Immutable,
    /// Only for a file that nobody has open: a write-ahead log beside it is read, but neither
    /// locked nor given its -shm file. Makes no file beside it when the log exists.
    ReadOnlyUnlocked,
};

struct OpenOptions {
    OpenMode mode = OpenMode::ReadOnly;
    /// How long a statement waits for another connection's lock before it is Retryable.
    std::chrono::milliseconds busy_timeout{5000};
};

/// One open SQLite database, closed on destruction. Move-only. It belongs to one thread at a time;
/// only interrupt() may be called from another one meanwhile.
///
/// Errors, here and in Statement and Transaction, are one sentence that names the database file:
/// locked or full is Retryable, damaged or not a database is Integrity, interrupted is
/// Interrupted, everything else the file system or the SQL refuses is Failed.
class Connection {
  public:
    /// Opens `path` (never read as a URI) and reads its header, so that a file that is no database
    /// is refused here and not at the first query. The schema of the file is not trusted: its
    /// views and triggers cannot call functions with side effects.
    static Result<Connection> open(const std::string& path, const OpenOptions& options);
    /// Whether the file says that it is kept with a write-ahead log; false also when it is too
    /// short to say anything. Takes no lock, makes no file, and unlike opening the file by other
    /// means it leaves the locks of this process's connections alone.
    static Result<bool> has_log_format(const std::string& path);
    /// A database of its own in memory, gone with the connection.
    static Result<Connection> open_in_memory();

    /// Runs every statement of `sql`, dropping rows. What ran before a failing one stays.
    Status exec(std::string_view sql);
    /// Runs one statement to its end with parameters 1, 2, …; rows are dropped.
    Status run(std::string_view sql, std::initializer_list<Parameter> parameters = {});
    /// First column of the first row; a statement without a row is an error.
    Result<std::int64_t> query_int64(std::string_view sql,
                                     std::initializer_list<Parameter> parameters = {});
    /// First column of the first row as text; a statement without a row is an error.
    Result<std::string> query_text(std::string_view sql,
                                   std::initializer_list<Parameter> parameters = {});

    /// Switches to write-ahead logging with synchronous=FULL: a commit is on the disk when it
    /// returns. Failed when the file system cannot keep a write-ahead log.
    Status use_wal();

    /// A copy of the database, as of one instant and with what its write-ahead log holds, at
    /// `path`, where nothing may stand: made as `<path>.tmp` with mode 0600, synced, renamed, the
    /// folder synced. On failure nothing is left. The copy is not in WAL mode: reading it makes no
    /// files. A lock is waited for as long as the connection waits for one. Not inside a
    /// transaction (Bug).
    Status backup_to(const std::string& path);

    /// A number that changes when another connection has changed the database; compare two that
    /// this connection gave.
    Result<std::int64_t> data_version();

    /// Rows the last INSERT, UPDATE or DELETE changed.
    std::int64_t changes() const;
    /// Makes running statements return Interrupted soon. Safe from any thread while this object
    /// lives.
    void interrupt();
    /// The path it was opened with; ":memory:" when it has no file.
    const std::string& path() const { return path_; }

  private:
    friend class Statement;
    friend class Transaction;
    struct Close {
        void operator()(sqlite3* db) const noexcept;
    };
    Connection(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
    static Result<Connection> open_with_flags(const std::string& path, const std::string& shown,
                                              int flags, const char* vfs = nullptr);
    Status copy_into(const std::string& path);
    sqlite3* native() const { return db_.get(); }

    std::unique_ptr<sqlite3, Close> db_;
    std::string path_;
    bool takes_locks_ = true;
};

}  // namespace trueup::sqlite
