#include "sqlite/transaction.h"

#include <sqlite3.h>

#include "sqlite/failure.h"

namespace trueup::sqlite {
namespace {

const char* begin_statement(TransactionKind kind) {
    switch (kind) {
        case TransactionKind::Deferred: return "BEGIN DEFERRED";
        case TransactionKind::Immediate: return "BEGIN IMMEDIATE";
    }
    std::unreachable();
}

}  // namespace

Result<Transaction> Transaction::begin(Connection& connection, TransactionKind kind) {
    sqlite3* db = connection.native();
    const int code = sqlite3_exec(db, begin_statement(kind), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(db, code);
    return Transaction(db);
}

Transaction::~Transaction() {
    // An error such as a full disk may have rolled back already; then there is nothing to do.
    if (db_ == nullptr || sqlite3_get_autocommit(db_) != 0) return;
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit() {
    if (db_ == nullptr) return fail(ErrorClass::Bug, "commit of a transaction that is over");
    const int code = sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(db_, code);
    db_ = nullptr;
    return {};
}

}  // namespace trueup::sqlite
