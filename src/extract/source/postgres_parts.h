#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "extract/source/postgres_wire.h"
#include "extract/source/source.h"
#include "extract/source/statement_ranges.h"
#include "postgres/connection.h"

/// What the files of the PostgreSQL source share with each other and with nobody else.
namespace trueup::extract::postgres_source {

std::string quote_name(std::string_view name);
/// As a literal under standard_conforming_strings.
std::string quote_text(std::string_view text);

/// How a type is kept in a part, and what has to be selected for that.
struct Typing {
    columnar::Type type;
    Fidelity fidelity = Fidelity::Exact;
    Wire wire = Wire::Bytes;
    /// Around the column's name, which stands for {0}.
    std::string_view selection = "{0}";
    std::string_view note;
};
/// Of a type as format_type() spells it: "numeric(12,2)", "text[]". All that is known of a column
/// is in that name, so that any session can read what another one described.
Typing typing_of(std::string_view type);
/// The same as the configuration wants it.
Typing typing_of(const SourceColumn& column);

/// The type a bound of such a column is cast to: of any length, so that no bound is cut.
std::string key_type_of(std::string_view type);

Result<std::vector<TableListing>> list_tables(postgres::Connection& connection);
Result<Relation> describe(postgres::Connection& connection, const Export& wanted);
Result<ChunkKey> key_of(postgres::Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns);

/// What stands behind FROM. The relation gets a name of ours: a bare column in ORDER BY could mean
/// what is selected under that name, which may be its text.
std::string from_of(const Relation& relation);
/// The key's columns as expressions.
std::vector<std::string> key_expressions(const ChunkKey& key);
/// A column of the key as a text that key_value() reads.
std::string key_projection(const ChunkKey& key, std::size_t column);
KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text);
/// " WHERE …", or nothing when the bounds hold everything.
std::string where_of(const ChunkKey& key, const Bounds& bounds);
std::string order_of(const ChunkKey& key, std::string_view direction);
/// One literal, or "(…, …)", with the collations of the columns.
std::string literal_tuple(const ChunkKey& key, const Key& values);

/// What ANALYZE found, as SourceSession says.
Result<std::vector<Quantile>> quantiles(postgres::Connection& connection, const Relation& relation,
                                        const ChunkKey& key);

/// As SourceDatabase and SourceSession say.
Result<Observations> examine(const postgres::ConnectOptions& options, const SourceNeeds& needs);
Result<Observations> examine(postgres::Connection& connection, const Relation& relation);

/// What is left of the server's connections, this one not counted.
struct ConnectionBudget {
    std::int64_t limit = 0;     // Of the server.
    std::int64_t reserved = 0;  // For administrators.
    std::int64_t used = 0;
    std::int64_t room = 0;  // What this user can have in this database.
};
Result<ConnectionBudget> connection_budget(postgres::Connection& connection);

/// As SourceDatabase says.
Result<std::unique_ptr<PressureGauge>> open_gauge(postgres::ConnectOptions options, int sessions);

struct ReadOptions {
    bool has_snapshot = false;   // The connection is in one that all sessions share.
    bool checks_utf8 = false;    // The server does not.
    ReadPace* pace = nullptr;    // The session's.
    SourceLoad* load = nullptr;  // The session's: each statement counts.
};
/// `session` works on `connection`; it is asked for keys between two statements.
Result<std::unique_ptr<ChunkReader>> open_reader(SourceSession& session,
                                                 postgres::Connection& connection,
                                                 const ReadRequest& request,
                                                 const ReadOptions& options);

}  // namespace trueup::extract::postgres_source
