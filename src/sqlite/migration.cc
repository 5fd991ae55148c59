#include "sqlite/migration.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/fault.h"
#include "sqlite/transaction.h"

namespace trueup::sqlite {
namespace {

enum class Standing : std::uint8_t { Empty, Older, Current };

/// Where the database stands, or why it cannot be ours. Called inside a transaction: read one by
/// one, the numbers could come from before and after another process's migration.
Result<Standing> standing_of(Connection& connection, const Schema& schema) {
    const std::int64_t id = TRY(connection.query_int64("PRAGMA application_id"));
    const std::int64_t version = TRY(connection.query_int64("PRAGMA user_version"));
    if (id == 0 && version == 0) {
        if (TRY(connection.query_int64("SELECT count(*) FROM sqlite_schema")) == 0) {
            return Standing::Empty;
        }
    }
    if (id != schema.application_id || version < 1) {
        return fail(ErrorClass::Failed, fmt::format("{} is an SQLite database, but not a {}",
                                                    connection.path(), schema.noun));
    }
    if (version > schema.version()) {
        return fail(ErrorClass::Failed,
                    fmt::format("{} was written by a newer trueup (schema {}, this one knows {})",
                                connection.path(), version, schema.version()),
                    "use that newer trueup");
    }
    return version == schema.version() ? Standing::Current : Standing::Older;
}

void check_numbers(const Schema& schema) {
    std::int64_t want = 0;
    for (const Migration& migration : schema.migrations) {
        ++want;
        CHECK(migration.version == want);
    }
    CHECK(want > 0);
    CHECK(schema.application_id != 0);
}

Result<Standing> standing_now(Connection& connection, const Schema& schema) {
    const Transaction reading = TRY(Transaction::begin(connection, TransactionKind::Deferred));
    return standing_of(connection, schema);
}

}  // namespace

Status migrate(Connection& connection, const Schema& schema) {
    check_numbers(schema);
    if (TRY(standing_now(connection, schema)) == Standing::Current) return {};
    Transaction transaction = TRY(Transaction::begin(connection, TransactionKind::Immediate));
    // Another process may have climbed the ladder while this one waited for the lock.
    const Standing standing = TRY(standing_of(connection, schema));
    if (standing == Standing::Current) return {};
    const std::int64_t from = TRY(connection.query_int64("PRAGMA user_version"));
    for (const Migration& migration : schema.migrations) {
        if (migration.version > from) TRY(connection.exec(migration.sql));
    }
    TRY(connection.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}",
                                    schema.application_id, schema.version())));
    FAULT_POINT("migration: before commit");
    TRY(transaction.commit());
    FAULT_POINT("migration: after commit");
    return {};
}

Status require_current(Connection& connection, const Schema& schema) {
    check_numbers(schema);
    switch (TRY(standing_now(connection, schema))) {
        case Standing::Current: return {};
        case Standing::Empty:
            return fail(ErrorClass::Failed,
                        fmt::format("the {} {} is empty", schema.noun, connection.path()));
        case Standing::Older:
            return fail(ErrorClass::Failed,
                        fmt::format("the {} {} was written by an older trueup", schema.noun,
                                    connection.path()),
                        "a command that writes it brings it up to date");
    }
    std::unreachable();
}

}  // namespace trueup::sqlite
