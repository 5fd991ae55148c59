#include "sqlite/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

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
    }
    std::unreachable();
}

/// ":memory:" and "file:…" would be read as something else than a path.
std::string as_plain_path(const std::string& path) {
    return path.starts_with('/') ? path : "./" + path;
}

}  // namespace

void Connection::Close::operator()(sqlite3* db) const noexcept {
    // close_v2 waits for statements still open; those of ours end first by contract.
    sqlite3_close_v2(db);
}

Result<Connection> Connection::open(const std::string& path, const OpenOptions& options) {
    if (path.empty()) return fail(ErrorClass::Bug, "a database needs a path");
    Connection connection = TRY(open_with_flags(as_plain_path(path), path, flags_of(options.mode)));
    const auto timeout_ms = static_cast<int>(options.busy_timeout.count());
    sqlite3_busy_timeout(connection.native(), timeout_ms);
    TRY(connection.query_int64("PRAGMA schema_version"));
    // SQLite falls back to reading only when it may not write, and says so at the first write.
    if (options.mode != OpenMode::ReadOnly &&
        sqlite3_db_readonly(connection.native(), "main") != 0) {
        return failure(connection.native(), SQLITE_READONLY);
    }
    return connection;
}

Result<Connection> Connection::open_in_memory() {
    return open_with_flags(
        ":memory:", ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
}

Result<Connection> Connection::open_with_flags(const std::string& path, const std::string& shown,
                                               int flags) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
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

std::int64_t Connection::changes() const { return sqlite3_changes64(native()); }

void Connection::interrupt() { sqlite3_interrupt(native()); }

}  // namespace trueup::sqlite
