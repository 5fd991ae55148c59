#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extract/source/source.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"

/// What the files of the SQLite source share with each other and with nobody else.
namespace trueup::extract::sqlite_source {

std::string quote_name(std::string_view name);

/// How a column is typed, from its declaration alone.
struct Typing {
    columnar::Type type;
    Fidelity fidelity = Fidelity::Exact;
    /// The declaration does not fix one storage class: the type must come from the values.
    bool needs_sample = false;
};
Typing typing_of(std::string_view declared);

Result<std::vector<TableListing>> list_tables(sqlite::Connection& connection);
Result<Relation> describe(sqlite::Connection& connection, const Export& wanted);
Result<ChunkKey> key_of(sqlite::Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns);

/// The key's columns as expressions.
std::vector<std::string> key_expressions(const ChunkKey& key);

/// A WHERE clause (with its keyword, or empty) and what its parameters stand for, in order.
struct Predicate {
    std::string sql;
    std::vector<KeyValue> values;
};
Predicate predicate_of(const ChunkKey& key, const Bounds& bounds);
/// " ORDER BY …" over the key.
std::string order_of(const ChunkKey& key);
Status bind_values(sqlite::Statement& statement, const std::vector<KeyValue>& values);
/// The key whose columns stand in the row from result column `first` on.
Key key_at(sqlite::Statement& statement, int first, std::size_t columns);

/// In SQLite's own order, collation of the column included.
Result<bool> sorts_before(sqlite::Connection& connection, const ChunkKey& key, const Key& left,
                          const Key& right);

Result<std::unique_ptr<ChunkReader>> open_reader(sqlite::Connection& connection,
                                                 const ReadRequest& request);

}  // namespace trueup::extract::sqlite_source
