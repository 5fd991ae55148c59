#include "sqlite/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>

#include "base/check.h"
#include "sqlite/failure.h"
#include "sqlite/statement.h"

namespace trueup::sqlite {
namespace {

int flags_of(OpenMode mode) {
    switch (mode) {
        case OpenMode::ReadOnly: return SQLITE_OPEN_READONLY;
        case OpenMode::ReadWrite: return SQLITE_OPEN_READWRITE;
        case OpenMode::ReadWriteCreate: return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        case OpenMode::Immutable: return SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
        case OpenMode::ReadOnlyUnlocked: return SQLITE_OPEN_READONLY;
    }
    std::unreachable();
}

/// ":memory:" and "file:…" would be read as something else than a path.
std::string as_plain_path(const std::string& path) {
    return path.starts_with('/') ? path : "./" + path;
}

/// A URI that means this very file, whatever its name holds.
std::string as_immutable_uri(std::string_view path) {
    std::string uri = path.starts_with('/') ? "file://" : "file:./";
    for (const char byte : path) {
        const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') ||
                              std::string_view("/-._").find(byte) != std::string_view::npos;
        if (is_plain) {
            uri += byte;
        } else {
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
        }
    }
    return uri + "?immutable=1";
}

bool is_read_only(OpenMode mode) {
    return mode == OpenMode::ReadOnly || mode == OpenMode::Immutable ||
           mode == OpenMode::ReadOnlyUnlocked;
}

}  // namespace

void Connection::Close::operator()(sqlite3* db) const noexcept {
    // close_v2 waits for statements still open; those of ours end first by contract.
    sqlite3_close_v2(db);
}

Result<Connection> Connection::open(const std::string& path, const OpenOptions& options) {
    if (path.empty()) return fail(ErrorClass::Bug, "a database needs a path");
    const bool is_unlocked = options.mode == OpenMode::ReadOnlyUnlocked;
    Connection connection = TRY(open_with_flags(
        options.mode == OpenMode::Immutable ? as_immutable_uri(path) : as_plain_path(path), path,
        flags_of(options.mode), is_unlocked ? "unix-none" : nullptr));
    connection.takes_locks_ = !is_unlocked && options.mode != OpenMode::Immutable;
    const auto timeout_ms = static_cast<int>(options.busy_timeout.count());
    sqlite3_busy_timeout(connection.native(), timeout_ms);
    if (is_unlocked) {
        // The index of the log is then kept in memory; and the log stays when we are done.
        TRY(connection.exec("PRAGMA locking_mode=EXCLUSIVE"));
        sqlite3_db_config(connection.native(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    TRY(connection.query_int64("PRAGMA schema_version"));
    // SQLite falls back to reading only when it may not write, and says so at the first write.
    if (!is_read_only(options.mode) && sqlite3_db_readonly(connection.native(), "main") != 0) {
        return failure(connection.native(), SQLITE_READONLY);
    }
    return connection;
}

Result<bool> Connection::has_log_format(const std::string& path) {
    Connection connection =
        TRY(open_with_flags(as_immutable_uri(path), path, flags_of(OpenMode::Immutable)));
    sqlite3_file* file = nullptr;
    const int code = sqlite3_file_control(connection.native(), "main", SQLITE_FCNTL_FILE_POINTER,
                                          static_cast<void*>(&file));
    if (code != SQLITE_OK) return failure(connection.native(), code);
    std::array<char, 20> header{};
    const int got = file->pMethods->xRead(file, header.data(), header.size(), 0);
    if (got == SQLITE_IOERR_SHORT_READ) return false;
    if (got != SQLITE_OK) return failure(connection.native(), got, path);
    // https://sqlite.org/fileformat.html, 1.3.3: 2 for a log, in the version that readers need.
    return std::string_view(header.data(), 15) == "SQLite format 3" && header[19] == 2;
}

Result<Connection> Connection::open_in_memory() {
    return open_with_flags(
        ":memory:", ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

Result<Connection> Connection::open_with_flags(const std::string& path, const std::string& shown,
                                               int flags, const char* vfs) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
    Connection connection(raw, shown);  // SQLite hands out a handle even when it fails.
    if (code != SQLITE_OK) return failure(raw, code, shown);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return connection;
}

Status Connection::exec(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(native(), text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(native(), code);
    return {};
}

Status Connection::run(std::string_view sql, std::initializer_list<Parameter> parameters) {
    Statement statement = TRY(Statement::prepare(*this, sql));
    TRY(statement.bind(parameters));
    return statement.finish();
}

Result<std::int64_t> Connection::query_int64(std::string_view sql,
                                             std::initializer_list<Parameter> parameters) {
    Statement statement = TRY(Statement::prepare(*this, sql));
    TRY(statement.bind(parameters));
    if (TRY(statement.step())) return statement.column_int64(0);
    return fail(ErrorClass::Failed,
                fmt::format("the database {} answers no row to: {}", path_, sql));
}

Result<std::string> Connection::query_text(std::string_view sql,
                                           std::initializer_list<Parameter> parameters) {
    Statement statement = TRY(Statement::prepare(*this, sql));
    TRY(statement.bind(parameters));
    if (TRY(statement.step())) return std::string(statement.column_text(0));
    return fail(ErrorClass::Failed,
                fmt::format("the database {} answers no row to: {}", path_, sql));
}

Status Connection::use_wal() {
    const std::string mode = TRY(query_text("PRAGMA journal_mode=WAL"));
    if (mode != "wal") {
        return fail(ErrorClass::Failed,
                    fmt::format("the database {} cannot keep a write-ahead log here", path_),
                    "use a local file system");
    }
    return exec("PRAGMA synchronous=FULL");
}

Result<std::int64_t> Connection::data_version() { return query_int64("PRAGMA data_version"); }

std::int64_t Connection::changes() const { return sqlite3_changes64(native()); }

void Connection::interrupt() { sqlite3_interrupt(native()); }

}  // namespace trueup::sqlite
