#pragma once

#include <cstdint>
#include <utility>

#include "base/result.h"
#include "sqlite/connection.h"

namespace trueup::sqlite {

enum class TransactionKind : std::uint8_t {
    Deferred,   // Takes locks when the first statement needs them; for reading.
    Immediate,  // Takes the write lock now, so that it cannot fail for it half way.
};

/// A transaction that is rolled back on destruction unless commit() succeeded. Move-only; the
/// connection must outlive it and must not be in another transaction.
class Transaction {
  public:
    static Result<Transaction> begin(Connection& connection, TransactionKind kind);
    Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    Transaction& operator=(Transaction&& other) noexcept {
        std::swap(db_, other.db_);
        return *this;
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    /// After a failure the transaction is still open: commit again, or let it roll back.
    Status commit();

  private:
    explicit Transaction(sqlite3* db) : db_(db) {}
    sqlite3* db_;
};

}  // namespace trueup::sqlite
