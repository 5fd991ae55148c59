#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/fault.h"
#include "base/file.h"
#include "sqlite/connection.h"
#include "sqlite/failure.h"
#include "sqlite/transaction.h"

namespace trueup::sqlite {
namespace {

/// Where the header says how the file is written and read: 1 with a rollback journal, 2 with a
/// write-ahead log (https://sqlite.org/fileformat.html, 1.3).
constexpr std::uint64_t kFormatVersionsAt = 18;

constexpr std::uint64_t kCopyBytes = std::uint64_t{128} << 10U;

/// An empty file of ours alone; what a run that died left of it goes.
Status create_aside(const std::string& path) {
    TRY(remove_file(path));
    TRY(remove_file(path + "-journal"));
    TRY(File::create(path, 0600));
    return {};
}

/// The file's header says "rollback journal", and all of it is on the disk.
Status seal(const std::string& path) {
    File file = TRY(File::open_edit(path));
    constexpr std::array kRollback{std::byte{1}, std::byte{1}};
    if (TRY(file.size()) > 0) TRY(file.write_at(kFormatVersionsAt, kRollback));
    FAULT_POINT("sqlite backup: before sync");
    return file.sync();
}

/// Writing to a file that is ours alone cannot end in these.
bool is_of_source(int code) {
    const int kind = code & 0xff;
    return kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_CORRUPT ||
           kind == SQLITE_NOTADB;
}

/// Asked inside a read transaction: nothing stands in the write-ahead log. Then the transaction
/// reads from the database file alone, and as long as it does nobody moves the log into that file.
Result<bool> is_log_empty(sqlite3* db) {
    const char* path = sqlite3_db_filename(db, "main");
    const auto info = TRY(file_info(sqlite3_filename_wal(path)));
    return !info || info->bytes == 0;
}

/// The file itself, through SQLite's own descriptor: closing another one would drop its locks.
Status copy_bytes(sqlite3* db, std::uint64_t bytes, const std::string& from,
                  const std::string& into) {
    sqlite3_file* source = nullptr;
    const int code =
        sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&source));
    if (code != SQLITE_OK) return failure(db, code);
    File target = TRY(File::open_edit(into));
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(bytes, kCopyBytes)));
    for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
        const auto step =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes - at, buffer.size()));
        const int got = source->pMethods->xRead(source, buffer.data(), static_cast<int>(step),
                                                static_cast<sqlite3_int64>(at));
        if (got == SQLITE_IOERR_SHORT_READ) return failure(nullptr, SQLITE_CORRUPT, from);
        if (got != SQLITE_OK) return failure(nullptr, got, from);
        TRY(target.write_all(Bytes(buffer).first(step)));
    }
    return {};
}

/// Page by page, each from the log or the file.
Status copy_pages(sqlite3* source, sqlite3* target, const std::string& from,
                  const std::string& into) {
    sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup == nullptr) return failure(target, sqlite3_extended_errcode(target), into);
    const int code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);  // Also puts the error's words on the target.
    if (code == SQLITE_DONE) return {};
    return failure(target, code, is_of_source(code) ? from : into);
}

}  // namespace

Status Connection::backup_to(const std::string& path) {
    if (sqlite3_get_autocommit(native()) == 0) {
        return fail(ErrorClass::Bug, "a backup is made outside a transaction");
    }
    if (!takes_locks_) {
        return fail(ErrorClass::Bug, "a backup needs a connection that takes locks");
    }
    if (TRY(file_info(path))) {
        return fail(ErrorClass::Failed, fmt::format("{} exists and is not replaced", path));
    }
    const std::string aside = path + ".tmp";
    const auto make = [&]() -> Status {
        FAULT_POINT("sqlite backup: before create");
        TRY(create_aside(aside));
        FAULT_POINT("sqlite backup: before copy");
        TRY(copy_into(aside));
        TRY(seal(aside));
        FAULT_POINT("sqlite backup: before rename");
        return rename_file(aside, path);
    };
    if (const Status made = make(); !made) {
        discard(remove_file(aside), "the first error is the one to tell");
        return std::unexpected(made.error());
    }
    FAULT_POINT("sqlite backup: before directory sync");
    TRY(sync_directory(parent_path(path)));
    FAULT_POINT("sqlite backup: after");
    return {};
}

Status Connection::copy_into(const std::string& path) {
    // Seen from one transaction the source cannot change, so that nothing is copied twice and all
    // of it can be copied in one go; and the wait for the lock is the connection's own.
    const Transaction instant = TRY(Transaction::begin(*this, TransactionKind::Deferred));
    const auto pages = static_cast<std::uint64_t>(TRY(query_int64("PRAGMA page_count")));
    const auto page_bytes = static_cast<std::uint64_t>(TRY(query_int64("PRAGMA page_size")));
    TRY(query_int64("SELECT count(*) FROM sqlite_schema"));
    const bool has_log = TRY(query_text("PRAGMA journal_mode")) == "wal";
    if (!has_log || TRY(is_log_empty(native()))) {
        return copy_bytes(native(), pages * page_bytes, path_, path);
    }
    const OpenOptions options{.mode = OpenMode::ReadWrite, .busy_timeout = {}};
    Connection target = TRY(open(path, options));
    // The file is thrown away when this fails, and synced as a whole when it does not.
    TRY(target.exec("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF"));
    return copy_pages(native(), target.native(), path_, path);
}

}  // namespace trueup::sqlite
