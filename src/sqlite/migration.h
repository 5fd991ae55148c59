#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "sqlite/connection.h"

namespace trueup::sqlite {

/// One step of a schema's ladder.
struct Migration {
    std::int64_t version;  // 1, 2, 3, … without a gap.
    std::string_view sql;  // Any number of statements; no BEGIN or COMMIT.
};

/// What a database of ours must look like.
struct Schema {
    std::string_view noun;        // "ledger": what the file is called in errors.
    std::int32_t application_id;  // Stored in the file's header; tells our files from others.
    std::span<const Migration> migrations;

    std::int64_t version() const { return migrations.empty() ? 0 : migrations.back().version; }
};

/// Brings the database to the newest version of `schema`, the whole ladder in one transaction that
/// takes the write lock first: two processes that open a new file at once do not collide, and no
/// instant shows half a schema. A current database is not written at all. Refused, unchanged: a
/// database of another application, and one written by a newer trueup (both Failed).
Status migrate(Connection& connection, const Schema& schema);

/// For readers: the database has exactly this schema, or an error (Failed) says why not.
Status require_current(Connection& connection, const Schema& schema);

}  // namespace trueup::sqlite
