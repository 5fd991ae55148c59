#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "extract/source/mysql_wire.h"
#include "extract/source/source.h"
#include "extract/source/statement_ranges.h"
#include "mysql/connection.h"

/// What the files of the MySQL and MariaDB source share with each other and with nobody else.
namespace trueup::extract::mysql_source {

std::string quote_name(std::string_view name);
/// As a literal that is UTF-8 whatever the session says, and the same in every sql_mode.
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
/// Of a type as mysql::ResultColumn spells it. All that is known of a column is in that name, so
/// that any session can read what another one described.
Typing typing_of(std::string_view type);
/// The same as the configuration wants it.
Typing typing_of(const SourceColumn& column);

/// "varchar character set cp1251": a text of which some characters may not be in Unicode. Those
/// come as bytes that are no UTF-8.
std::string type_in_charset(std::string_view type, std::string_view charset);

/// How values of a key's column compare, and so how bounds are written.
enum class KeyForm : std::uint8_t {
    Integer,
    Real,
    Decimal,
    Moment,  // A date, or a date and a time.
    Time,
    Text,  // In a collation.
    Bytes,
    Ordinal,  // An enum, a set, bits: they sort by their number.
    Address,  // MariaDB's inet4 and inet6: bounds are cast to the type.
    Spelled,  // By its text: MariaDB orders some UUIDs by one rule and compares them by another.
    None,     // Has no order that bounds could follow.
};
KeyForm key_form(std::string_view type);
/// True when an index over the column yields rows in the order of the key's expression.
bool is_indexable(KeyForm form);

Result<std::vector<TableListing>> list_tables(mysql::Connection& connection);
Result<Relation> describe(mysql::Connection& connection, const Export& wanted,
                          const Source& source);

/// Where a table stands.
struct TablePlace {
    std::string schema;
    std::string name;
};
/// What its indexes offer: those that are unique, in the order in which they are best used.
Result<std::vector<ChunkKey>> unique_keys(mysql::Connection& connection, const TablePlace& table,
                                          const Relation& relation);
Result<ChunkKey> key_of(mysql::Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns);

/// What stands behind FROM. The relation gets a name of ours, so that no name of a user's is taken
/// for a column of it.
std::string from_of(const Relation& relation);
/// A column of the key as a text that key_value() reads.
std::string key_projection(const ChunkKey& key, std::size_t column);
KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text);
/// " WHERE …", or nothing when the bounds hold everything.
std::string where_of(const ChunkKey& key, const Bounds& bounds);
std::string order_of(const ChunkKey& key, std::string_view direction);
/// A condition without columns: that `left` sorts before `right`.
std::string before_condition(const ChunkKey& key, const Key& left, const Key& right);
/// Failed when the server makes NULL of a bound, which would lose rows.
Status check_bounds(mysql::Connection& connection, const ChunkKey& key, const Bounds& bounds);
Result<bool> sorts_before(mysql::Connection& connection, const ChunkKey& key, const Key& left,
                          const Key& right);

/// What a session begins that shall see one state.
inline constexpr std::string_view kBeginSnapshot =
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// How many connections there are for all, and how many more this user can have, this one not
/// counted.
struct ConnectionBudget {
    std::int64_t limit = 0;
    std::int64_t used = 0;
    std::int64_t room = 0;
};
Result<ConnectionBudget> connection_budget(mysql::Connection& connection);

/// As SourceDatabase says.
Result<std::unique_ptr<PressureGauge>> open_gauge(mysql::ConnectOptions options, int sessions);

struct ReadOptions {
    bool has_snapshot = false;   // Of the run; else each chunk has its own.
    ReadPace* pace = nullptr;    // The session's.
    SourceLoad* load = nullptr;  // The session's.
};
/// `session` is the one that `connection` belongs to.
Result<std::unique_ptr<ChunkReader>> open_reader(SourceSession& session,
                                                 mysql::Connection& connection,
                                                 const ReadRequest& request,
                                                 const ReadOptions& options);

/// What stands between a run and the server, and between its user and the relation.
Result<Observations> examine(const mysql::ConnectOptions& options, const SourceNeeds& needs);
Result<Observations> examine(mysql::Connection& connection, const Relation& relation);

}  // namespace trueup::extract::mysql_source
