#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "extract/source/postgres_parts.h"
#include "extract/source/relation.h"

namespace trueup::extract::postgres_source {
namespace {

using postgres::Connection;
using postgres::ResultColumn;
using postgres::Rows;

/// From this version on a scan can begin at any block of a table.
constexpr int kTidRangeVersion = 140000;

/// Tables, views and the like that people made.
constexpr std::string_view kRelations =
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "
    "c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname "
    "!~ '^pg_'";

struct TableFacts {
    std::string oid;
    std::string schema;
    std::string name;
    char kind = 'r';  // pg_class.relkind.
    bool is_stored() const { return kind == 'r' || kind == 'm'; }
    bool is_view() const { return kind == 'v'; }
};

std::string shown_name(std::string_view schema, std::string_view name, bool is_visible) {
    return is_visible ? std::string(name) : fmt::format("{}.{}", schema, name);
}

std::unexpected<Error> no_table(const std::string& place, const TableName& wanted,
                                const Rows& known) {
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(known.size()));
    for (int i = 0; i < known.size(); ++i) {
        names.push_back(shown_name(known.text(i, 1), known.text(i, 2), known.text(i, 4) == "t"));
    }
    const std::string name = shown_name(wanted.schema, wanted.name, wanted.schema.empty());
    return fail(
        ErrorClass::Config,
        fmt::format("{} has no table or view \"{}\"{}", place, name, did_you_mean(name, names)),
        names.empty() ? "it shows no tables to this user" : "names are case-sensitive here");
}

Result<TableFacts> find_table(Connection& connection, const TableName& wanted) {
    const Rows known =
        TRY(connection.query(fmt::format("SELECT c.oid, n.nspname, c.relname, c.relkind, "
                                         "pg_catalog.pg_table_is_visible(c.oid) {} ORDER BY 2, 3",
                                         kRelations)));
    for (int i = 0; i < known.size(); ++i) {
        const bool is_there =
            wanted.schema.empty() ? known.text(i, 4) == "t" : known.text(i, 1) == wanted.schema;
        const bool is_named = known.text(i, 2) == wanted.name && !known.text(i, 3).empty();
        if (!is_there || !is_named) continue;
        return TableFacts{std::string(known.text(i, 0)), std::string(known.text(i, 1)),
                          std::string(known.text(i, 2)), known.text(i, 3).front()};
    }
    return no_table(connection.place(), wanted, known);
}

/// The names of the types of a statement's columns, in their order, and whether they are enums or
/// arrays of one.
struct ColumnType {
    std::string name = "unknown";
    bool is_enum = false;
};
Result<std::vector<ColumnType>> types_of(Connection& connection,
                                         const std::vector<ResultColumn>& columns) {
    std::vector<ColumnType> types(columns.size());
    if (columns.empty()) return types;
    std::vector<std::string> asked;
    asked.reserve(columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        asked.push_back(
            fmt::format("({}, {}::oid, {})", i, columns[i].type_oid, columns[i].type_modifier));
    }
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT a.place, pg_catalog.format_type(a.oid, a.modifier), 'e' IN (t.typtype, e.typtype) "
        "FROM (VALUES {}) a(place, oid, modifier) JOIN pg_catalog.pg_type t ON t.oid = a.oid LEFT "
        "JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid",
        fmt::join(asked, ", "))));
    for (int i = 0; i < rows.size(); ++i) {
        const auto place = static_cast<std::size_t>(parse_int64(rows.text(i, 0)).value_or(-1));
        if (place >= types.size()) continue;
        types[place] = {std::string(rows.text(i, 1)), rows.text(i, 2) == "t"};
    }
    return types;
}

bool is_array(const SourceColumn& column) { return column.source_type.ends_with("[]"); }

/// As the column is kept when the configuration says nothing. Of an array of an enum, the name does
/// not tell that its elements have labels.
columnar::Type natural_type(const Export& wanted, bool is_enum, const SourceColumn& column) {
    const bool has_labels = is_enum && is_array(column) && !column.source_type.ends_with("[][]");
    return type_in_parts(wanted, has_labels ? columnar::list_of({columnar::TypeId::Varchar})
                                            : typing_of(column.source_type).type);
}

Status type_column(const Export& wanted, const Relation& relation, bool is_enum,
                   SourceColumn& column) {
    const columnar::Type natural = natural_type(wanted, is_enum, column);
    column.type = natural;
    const ColumnOverride* const own = override_of(wanted, column);
    if (own != nullptr) {
        column.on_value_error = own->on_value_error;
        const auto type =
            TRY(type_of(wanted, relation, column, is_array(column) ? Shape::List : Shape::Single));
        if (type) column.type = *type;
    }
    const Typing typing = typing_of(column);
    column.type = typing.type;
    column.fidelity = typing.fidelity;
    column.note = own == nullptr ? typing.note : "as the configuration says";
    if (is_enum && typing.type == natural && natural.id != columnar::TypeId::Json) {
        column.fidelity = Fidelity::Compatible;
        column.note =
            is_array(column) ? "an array of an enum, as its labels" : "an enum, as its labels";
    }
    return {};
}

/// An array's type does not tell how many dimensions were declared; the column does.
Status add_dimensions(Connection& connection, Relation& relation) {
    if (std::ranges::none_of(relation.columns, is_array)) return {};
    const std::optional<std::string> parameters[] = {relation.from_sql};
    const Rows rows = TRY(connection.query(
        "SELECT a.attname, greatest(a.attndims, t.typndims) FROM pg_catalog.pg_attribute a JOIN "
        "pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::regclass AND a.attnum > "
        "0 AND NOT a.attisdropped",
        parameters));
    for (int i = 0; i < rows.size(); ++i) {
        const auto found =
            std::ranges::find(relation.columns, rows.text(i, 0), &SourceColumn::name);
        if (found == relation.columns.end() || !is_array(*found)) continue;
        const std::int64_t declared = parse_int64(rows.text(i, 1)).value_or(1);
        for (std::int64_t more = 1; more < declared; ++more) found->source_type += "[]";
    }
    return {};
}

Status add_columns(Connection& connection, const Export& wanted, Relation& relation) {
    const auto columns = connection.describe("SELECT * FROM " + from_of(relation));
    if (!columns) {
        Error error = columns.error();
        if (error.kind == ErrorClass::Failed) error.kind = ErrorClass::Config;
        return in_context(std::move(error), relation.name);
    }
    const std::vector<ColumnType> types = TRY(types_of(connection, *columns));
    for (std::size_t i = 0; i < types.size(); ++i) {
        relation.columns.push_back({.name = (*columns)[i].name, .source_type = types[i].name});
    }
    TRY(refuse_double_names(relation, LetterCase::Told));
    if (!wanted.query) TRY(add_dimensions(connection, relation));
    TRY(check_overrides(wanted, relation));
    for (std::size_t i = 0; i < types.size(); ++i) {
        TRY(type_column(wanted, relation, types[i].is_enum, relation.columns[i]));
    }
    return {};
}

/// As key_of_columns(), with types that bounds can be cast to.
Result<ChunkKey> typed_key(const Relation& relation, const std::vector<std::string>& columns) {
    ChunkKey key = TRY(key_of_columns(relation, columns));
    for (std::string& type : key.types) type = key_type_of(type);
    constexpr std::array<std::string_view, 4> kTexts = {"text", "character varying", "bpchar",
                                                        "name"};
    key.takes_any_text = std::ranges::find(kTexts, key.types.front()) != kTexts.end();
    return key;
}

Status find_not_null(Connection& connection, const TableFacts& table, Relation& relation) {
    const std::optional<std::string> parameters[] = {table.oid};
    const Rows rows = TRY(connection.query(
        "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND "
        "attnotnull AND NOT attisdropped",
        parameters));
    for (int i = 0; i < rows.size(); ++i) {
        for (SourceColumn& column : relation.columns) {
            if (column.name == rows.text(i, 0)) column.is_nullable = false;
        }
    }
    return {};
}

/// B-trees over plain columns that hold every row, all in one direction: those that yield rows in
/// the order of the key. The primary key comes first, then unique ones.
Result<std::vector<ChunkKey>> indexed_keys(Connection& connection, const TableFacts& table,
                                           const Relation& relation) {
    const std::optional<std::string> parameters[] = {table.oid};
    const Rows rows = TRY(connection.query(
        "SELECT i.indisprimary, i.indisunique, (SELECT pg_catalog.string_agg(a.attname, "
        "E'\\x1f' ORDER BY k.place) FROM pg_catalog.unnest(i.indkey[0:i.indnkeyatts - 1]) WITH "
        "ORDINALITY k(number, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid "
        "AND a.attnum = k.number), 0 = ANY (i.indkey), (SELECT pg_catalog.count(DISTINCT o.flags "
        "& 1) FROM pg_catalog.unnest(i.indoption) o(flags)) = 1 FROM pg_catalog.pg_index i JOIN "
        "pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam "
        "WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree' "
        "ORDER BY i.indisprimary DESC, i.indisunique DESC, i.indexrelid",
        parameters));
    std::vector<ChunkKey> keys;
    for (int i = 0; i < rows.size(); ++i) {
        if (rows.text(i, 3) == "t" || rows.text(i, 4) != "t") continue;
        const std::string joined(rows.text(i, 2));
        const auto parts = split(joined, '\x1f');
        ChunkKey key = TRY(typed_key(relation, {parts.begin(), parts.end()}));
        key.is_primary = rows.text(i, 0) == "t";
        key.is_unique = rows.text(i, 1) == "t";
        key.is_ordered = true;
        keys.push_back(std::move(key));
    }
    return keys;
}

/// How texts of the columns compare: as the table or view says. What a query computes may carry any
/// collation, so its statements say one.
Status find_collations(Connection& connection, const Relation& relation, ChunkKey& key) {
    const bool is_query = relation.from_sql.starts_with('(');
    key.collations.clear();
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        const std::optional<std::string> parameters[] = {is_query ? key.types[i] : key.columns[i]};
        const Rows rows = TRY(connection.query(
            is_query ? std::string("SELECT 'pg_catalog.\"C\"' FROM pg_catalog.pg_type WHERE oid = "
                                   "pg_catalog.to_regtype($1) AND typcollation <> 0")
                     : fmt::format(
                           "SELECT pg_catalog.quote_ident(n.nspname) || '.' || "
                           "pg_catalog.quote_ident(l.collname) FROM pg_catalog.pg_attribute a JOIN "
                           "pg_catalog.pg_collation l ON l.oid = a.attcollation JOIN "
                           "pg_catalog.pg_namespace n ON n.oid = l.collnamespace WHERE a.attrelid "
                           "= {}::regclass AND a.attname = $1",
                           quote_text(relation.from_sql)),
            parameters));
        key.collations.push_back(rows.size() == 1 ? std::string(rows.text(0, 0)) : "");
    }
    key.has_explicit_order = is_query;
    return {};
}

ChunkKey physical_key() {
    return {.columns = {"ctid"},
            .is_physical = true,
            .is_ordered = true,
            .types = {"tid"},
            .collations = {""}};
}

Status find_keys(Connection& connection, const TableFacts& table, Relation& relation) {
    for (ChunkKey& key : TRY(indexed_keys(connection, table, relation))) {
        if (!key.is_unique || key.may_be_null) continue;
        TRY(find_collations(connection, relation, key));
        relation.keys.push_back(std::move(key));
    }
    const bool has_ranges = connection.server_version() >= kTidRangeVersion;
    if (table.is_stored() && has_ranges) relation.keys.push_back(physical_key());
    return {};
}

/// From the last ANALYZE, over all partitions.
Status find_size(Connection& connection, const TableFacts& table, Relation& relation) {
    const std::optional<std::string> parameters[] = {table.oid};
    const Rows rows = TRY(connection.query(
        "SELECT pg_catalog.sum(c.reltuples)::bigint, "
        "pg_catalog.sum(pg_catalog.pg_table_size(c.oid))::bigint, pg_catalog.min(c.reltuples) < 0 "
        "FROM pg_catalog.pg_class c WHERE c.oid = $1::oid OR (c.relkind = 'r' AND c.oid IN (SELECT "
        "relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)))",
        parameters));
    const bool is_known = rows.size() == 1 && !rows.is_null(0, 0) && rows.text(0, 2) != "t";
    if (!is_known) return {};
    const auto tuples = parse_int64(rows.text(0, 0));
    const auto bytes = parse_int64(rows.text(0, 1));
    if (!tuples || *tuples <= 0) return {};
    relation.rows_estimate = tuples;
    relation.row_bytes_estimate = static_cast<std::uint64_t>(bytes.value_or(0) / *tuples);
    return {};
}

}  // namespace

Result<std::vector<TableListing>> list_tables(Connection& connection) {
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN '' ELSE n.nspname END, "
        "c.relname, c.relkind = 'v', n.nspname {} ORDER BY n.nspname, c.relname",
        kRelations)));
    std::vector<TableListing> tables;
    tables.reserve(static_cast<std::size_t>(rows.size()));
    for (int i = 0; i < rows.size(); ++i) {
        tables.push_back({{std::string(rows.text(i, 0)), std::string(rows.text(i, 1))},
                          rows.text(i, 2) == "t",
                          std::string(rows.text(i, 3))});
    }
    return tables;
}

Result<Relation> describe(Connection& connection, const Export& wanted) {
    Relation relation;
    if (wanted.query) {
        relation.name = "query";
        relation.from_sql = fmt::format("({}\n)", inner_query(*wanted.query));
        TRY(add_columns(connection, wanted, relation));
        return relation;
    }
    const TableFacts table = TRY(find_table(connection, *wanted.table));
    relation.name = table.name;
    relation.from_sql = fmt::format("{}.{}", quote_name(table.schema), quote_name(table.name));
    relation.is_table = !table.is_view();
    TRY(add_columns(connection, wanted, relation));
    if (!relation.is_table) return relation;
    TRY(find_not_null(connection, table, relation));
    TRY(find_keys(connection, table, relation));
    TRY(find_size(connection, table, relation));
    return relation;
}

Result<ChunkKey> key_of(Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns) {
    if (columns.size() == 1 && columns[0] == "ctid") {
        for (const ChunkKey& key : relation.keys) {
            if (key.is_physical) return key;
        }
        return fail(ErrorClass::Config, fmt::format("{} cannot be cut by ctid", relation.name),
                    "only tables can, of a server from version 14 on");
    }
    ChunkKey key = TRY(typed_key(relation, columns));
    for (const ChunkKey& known : relation.keys) {
        if (known.columns == key.columns) return known;
    }
    TRY(find_collations(connection, relation, key));
    if (!relation.is_table) return key;
    const std::optional<std::string> parameters[] = {std::string(relation.from_sql)};
    const Rows oid = TRY(connection.query("SELECT $1::regclass::oid", parameters));
    const TableFacts table{std::string(oid.text(0, 0)), "", relation.name};
    for (const ChunkKey& indexed : TRY(indexed_keys(connection, table, relation))) {
        const bool is_prefix =
            indexed.columns.size() >= key.columns.size() &&
            std::equal(key.columns.begin(), key.columns.end(), indexed.columns.begin());
        key.is_ordered = key.is_ordered || is_prefix;
    }
    return key;
}

}  // namespace trueup::extract::postgres_source
