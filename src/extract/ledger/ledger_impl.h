#pragma once

#include <fmt/format.h>

#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extract/ledger/ledger.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"

namespace trueup::extract {

/// What the files of this room share; private to it.
struct Ledger::Impl {
    Impl(sqlite::Connection connection, LedgerOptions given)
        : db(std::move(connection)), options(given) {}

    /// `work` in one transaction that takes the write lock first; a fault point before and after
    /// the commit. Any error rolls everything back.
    Status write(std::string_view name, const std::function<Status(sqlite::Connection&)>& work);

    std::mutex mutex;  // Guards db.
    sqlite::Connection db;
    LedgerOptions options;
};

/// Every row of one statement through `decode`.
template <class Row>
Result<std::vector<Row>> rows_of(sqlite::Connection& db, std::string_view sql,
                                 std::initializer_list<sqlite::Parameter> parameters,
                                 Result<Row> (*decode)(const sqlite::Statement&)) {
    sqlite::Statement statement = TRY(sqlite::Statement::prepare(db, sql));
    TRY(statement.bind(parameters));
    std::vector<Row> rows;
    while (TRY(statement.step())) rows.push_back(TRY(decode(statement)));
    return rows;
}

/// The first row, or nothing.
template <class Row>
Result<std::optional<Row>> row_of(sqlite::Connection& db, std::string_view sql,
                                  std::initializer_list<sqlite::Parameter> parameters,
                                  Result<Row> (*decode)(const sqlite::Statement&)) {
    sqlite::Statement statement = TRY(sqlite::Statement::prepare(db, sql));
    TRY(statement.bind(parameters));
    std::optional<Row> row;
    if (TRY(statement.step())) row = TRY(decode(statement));
    return row;
}

inline std::string text_at(const sqlite::Statement& row, int column) {
    return std::string(row.column_text(column));
}

/// The one of `all` that the ledger calls so; Integrity when there is none. `whose`: "a run".
template <class Named>
Result<Named> status_named(std::string_view text, std::initializer_list<Named> all,
                           std::string_view whose) {
    for (const Named status : all) {
        if (name_of(status) == text) return status;
    }
    return fail(ErrorClass::Integrity,
                fmt::format("the ledger holds {} with the status \"{}\"", whose, text));
}

/// The run; a Bug when there is none.
Result<RunRecord> need_run(sqlite::Connection& db, std::string_view run_id);
/// The chunk; a Bug when there is none.
Result<ChunkRecord> need_chunk(sqlite::Connection& db, std::string_view run_id,
                               std::int64_t chunk_id);
/// A Bug unless the last statement changed exactly one row.
Status expect_one_change(const sqlite::Connection& db, std::string_view what);

/// Sorted by path.
Result<std::vector<PartRecord>> committed_parts_of(sqlite::Connection& db, std::string_view run_id,
                                                   std::int64_t chunk_id);
Status insert_part(sqlite::Connection& db, std::string_view run_id, const PartRecord& part);
/// Recomputes rows, bytes and parts of the run from its committed parts.
Status refresh_run_totals(sqlite::Connection& db, std::string_view run_id);

/// Rows and bytes of some parts together.
struct PartSums {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
};
PartSums sums_of(const std::vector<PartRecord>& parts);
/// As they stand in the ledger once recorded: committed, of this chunk and generation, by path.
std::vector<PartRecord> as_recorded(std::vector<PartRecord> parts, std::int64_t chunk_id,
                                    std::int64_t generation);

}  // namespace trueup::extract
