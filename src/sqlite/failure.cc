#include "sqlite/failure.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace trueup::sqlite {
namespace {

std::string name_of_database(sqlite3* db, std::string_view shown) {
    if (!shown.empty()) return std::string(shown);
    const char* path = db == nullptr ? nullptr : sqlite3_db_filename(db, "main");
    return path == nullptr || *path == '\0' ? "in memory" : path;
}

/// The system's own words for the failed call beneath, when there was one.
std::string system_reason(sqlite3* db, int code) {
    const int error = db == nullptr ? 0 : sqlite3_system_errno(db);
    return error == 0 ? sqlite3_errstr(code) : std::generic_category().message(error);
}

bool is_out_of_room(sqlite3* db) {
    const int error = db == nullptr ? 0 : sqlite3_system_errno(db);
    return error == ENOSPC || error == EDQUOT;
}

std::unexpected<Error> no_room(std::string_view file) {
    return fail(ErrorClass::Retryable,
                fmt::format("no room is left to write the database {}", file),
                "make room on the file system and run again");
}

}  // namespace

std::unexpected<Error> failure(sqlite3* db, int code, std::string_view shown) {
    const std::string file = name_of_database(db, shown);
    const std::string_view text = db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db);
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return fail(ErrorClass::Retryable,
                        fmt::format("the database {} is locked by another connection", file),
                        "wait until the other process is done with it, then run again");
        case SQLITE_CORRUPT:
            return fail(ErrorClass::Integrity,
                        fmt::format("the database {} is damaged ({})", file, text));
        case SQLITE_NOTADB:
            return fail(ErrorClass::Integrity, fmt::format("{} is not an SQLite database", file));
        case SQLITE_FULL: return no_room(file);
        case SQLITE_READONLY:
            return fail(ErrorClass::Failed,
                        fmt::format("the database {} is read-only and cannot be written", file),
                        "check the owner and the mode of the file and of its folder");
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
            return fail(ErrorClass::Failed, fmt::format("cannot open the database {}: {}", file,
                                                        system_reason(db, code)));
        case SQLITE_IOERR:
            if (is_out_of_room(db)) return no_room(file);
            return fail(ErrorClass::Failed,
                        fmt::format("cannot read or write the database {}: {} ({})", file,
                                    system_reason(db, code), sqlite3_errstr(code)));
        case SQLITE_INTERRUPT:
            return fail(ErrorClass::Interrupted,
                        fmt::format("a statement on the database {} was interrupted", file));
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
            return fail(ErrorClass::Bug, fmt::format("wrong use of the database {}: {}", file,
                                                     sqlite3_errstr(code)));
        default: return fail(ErrorClass::Failed, fmt::format("the database {}: {}", file, text));
    }
}

}  // namespace trueup::sqlite
