#include "extract/ledger/ledger.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "base/fault.h"
#include "base/file.h"
#include "extract/ledger/ledger_impl.h"
#include "extract/ledger/migrations.h"
#include "sqlite/transaction.h"

namespace trueup::extract {
namespace {

/// Plans hold queries and host names: nobody else reads the folder.
Status make_private_folder(const std::string& path) {
    if (TRY(file_info(path))) return make_directories(path);  // Refuses what is no folder.
    const std::string parent = parent_path(path);
    TRY(make_directories(parent));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail(ErrorClass::Failed, fmt::format("cannot create the ledger's folder {}: {}",
                                                    path, std::generic_category().message(errno)));
    }
    return sync_directory(parent);
}

/// A damaged ledger is found before a run begins, not in its middle.
Status check_damage(sqlite::Connection& db) {
    const std::string found = TRY(db.query_text("PRAGMA quick_check(1)"));
    if (found == "ok") return {};
    return fail(ErrorClass::Integrity,
                fmt::format("the ledger {} is damaged: {}", db.path(), found),
                "move it away; manifests and parts are not affected");
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

namespace {

/// The switch to a write-ahead log needs the file for a moment, and SQLite does not wait for it as
/// it waits for other locks: two processes that make the ledger at once would meet here.
Status use_wal_patiently(sqlite::Connection& db, std::chrono::milliseconds timeout) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    while (true) {
        Status status = db.use_wal();
        const bool is_busy = !status && status.error().kind == ErrorClass::Retryable;
        if (!is_busy || std::chrono::steady_clock::now() >= until) return status;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace

Result<Ledger> Ledger::open(const std::string& path, const LedgerOptions& options) {
    const std::string folder = parent_path(path);
    TRY(make_private_folder(folder));
    auto db = TRY(sqlite::Connection::open(
        path, {.mode = sqlite::OpenMode::ReadWriteCreate, .busy_timeout = options.busy_timeout}));
    TRY(check_damage(db));
    TRY(sqlite::migrate(db, ledger_schema()));
    TRY(use_wal_patiently(db, options.busy_timeout));
    TRY(db.exec("PRAGMA foreign_keys=ON"));
    TRY(sync_directory(folder));
    return Ledger(std::make_unique<Impl>(std::move(db), options));
}

Result<std::optional<Ledger>> Ledger::open_read_only(const std::string& path,
                                                     const LedgerOptions& options) {
    if (!TRY(file_info(path))) return std::optional<Ledger>{};
    auto db = TRY(sqlite::Connection::open(
        path, {.mode = sqlite::OpenMode::ReadOnly, .busy_timeout = options.busy_timeout}));
    // Made, but nothing committed to it yet: the same as none.
    if (TRY(db.query_int64("SELECT count(*) FROM sqlite_schema")) == 0) {
        return std::optional<Ledger>{};
    }
    TRY(sqlite::require_current(db, ledger_schema()));
    return std::optional<Ledger>(Ledger(std::make_unique<Impl>(std::move(db), options)));
}

const std::string& Ledger::path() const { return impl_->db.path(); }

std::string ledger_path(std::string_view config_path) {
    return join_path(parent_path(config_path), ".trueup/ledger.db");
}

Status Ledger::Impl::write(std::string_view name,
                           const std::function<Status(sqlite::Connection&)>& work) {
    const std::scoped_lock lock(mutex);
    auto transaction = TRY(sqlite::Transaction::begin(db, sqlite::TransactionKind::Immediate));
    TRY(work(db));
    FAULT_POINT(fmt::format("ledger: before commit of {}", name));
    TRY(transaction.commit());
    FAULT_POINT(fmt::format("ledger: after commit of {}", name));
    return {};
}

Status expect_one_change(const sqlite::Connection& db, std::string_view what) {
    if (db.changes() == 1) return {};
    return fail(ErrorClass::Bug,
                fmt::format("{}: {} rows of the ledger changed, not one", what, db.changes()));
}

}  // namespace trueup::extract
