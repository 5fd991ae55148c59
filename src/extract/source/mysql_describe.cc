#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "extract/source/mysql_parts.h"
#include "extract/source/relation.h"

namespace trueup::extract::mysql_source {
namespace {

using mysql::Connection;
using mysql::ResultColumn;
using mysql::Rows;

/// Tables and views; MariaDB has sequences beside them.
constexpr std::string_view kKinds = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')";

/// Those whose tables a snapshot holds. Others show what is there when a statement looks.
constexpr std::array<std::string_view, 3> kEnginesWithSnapshots = {"innodb", "rocksdb", "tokudb"};

/// Character sets of which every character is one of Unicode, as the servers see it. In others some
/// are not, and would come as a question mark: those are marked where they are read.
constexpr std::array<std::string_view, 20> kWithinUnicode = {
    "utf8mb4", "utf8mb3", "utf8",   "ucs2",   "utf16",  "utf16le", "utf32",
    "gb18030", "latin1",  "latin2", "latin5", "latin7", "cp850",   "cp852",
    "cp866",   "keybcs2", "koi8r",  "koi8u",  "macce",  "macroman"};

struct TableFacts {
    TablePlace place;
    std::string engine;  // Of a table.
    bool is_view = false;
    std::optional<std::int64_t> rows;
    std::optional<std::int64_t> row_bytes;
};

std::string shown_name(const TableName& table) {
    return table.schema.empty() ? table.name : table.schema + "." + table.name;
}

std::unexpected<Error> no_table(const std::string& place, const TableName& wanted,
                                const std::vector<std::string>& known) {
    const std::string name = shown_name(wanted);
    return fail(
        ErrorClass::Config,
        fmt::format("{} has no table or view \"{}\"{}", place, name, did_you_mean(name, known)),
        known.empty() ? "it shows no tables to this user" : "");
}

/// Letter case tells tables apart unless the server was told that it does not.
Result<TableFacts> find_table(Connection& connection, const TableName& wanted) {
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT table_schema, table_name, table_type = 'VIEW', table_rows, avg_row_length, "
        "@@lower_case_table_names <> 0, engine FROM information_schema.tables WHERE table_schema = "
        "{} AND "
        "{} ORDER BY table_name",
        wanted.schema.empty() ? "DATABASE()" : quote_text(wanted.schema), kKinds)));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string name(rows.text(i, 1));
        const bool is_same = rows.text(i, 5) == "1" ? lower_ascii(name) == lower_ascii(wanted.name)
                                                    : name == wanted.name;
        if (is_same) {
            return TableFacts{.place = {std::string(rows.text(i, 0)), name},
                              .engine = std::string(rows.text(i, 6)),
                              .is_view = rows.text(i, 2) == "1",
                              .rows = parse_int64(rows.text(i, 3)),
                              .row_bytes = parse_int64(rows.text(i, 4))};
        }
        names.push_back(shown_name({wanted.schema, name}));
    }
    return no_table(connection.place(), wanted, names);
}

Status type_column(const Export& wanted, const Relation& relation, const Source& source,
                   SourceColumn& column) {
    const Typing natural = typing_of(column.source_type);
    column.type = natural.type;
    column.note = natural.note;
    if (source.tinyint1_is_bool && column.source_type == "tinyint(1)") {
        column.type = {columnar::TypeId::Boolean};
        column.note = "a tinyint(1), as the configuration says (tinyint1: bool)";
    }
    if (const ColumnOverride* const own = override_of(wanted, column)) {
        column.on_value_error = own->on_value_error;
        column.note = "as the configuration says";
        const auto type = TRY(type_of(wanted, relation, column, Shape::Single));
        if (type) column.type = *type;
    }
    const Typing typing = typing_of(column);
    column.type = typing.type;
    column.fidelity = typing.fidelity;
    return {};
}

/// The name of the type says it where it matters, so that any session reads such a column alike.
Status add_character_sets(Connection& connection, const TablePlace& table, Relation& relation) {
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT column_name, character_set_name FROM information_schema.columns WHERE table_schema "
        "= {} AND table_name = {} AND character_set_name IS NOT NULL",
        quote_text(table.schema), quote_text(table.name))));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string_view charset = rows.text(i, 1);
        const bool is_within = std::ranges::find(kWithinUnicode, charset) != kWithinUnicode.end();
        for (SourceColumn& column : relation.columns) {
            const bool is_it = !is_within && column.name == rows.text(i, 0) &&
                               (column.source_type == "char" || column.source_type == "varchar" ||
                                column.source_type == "text");
            if (is_it) column.source_type = type_in_charset(column.source_type, charset);
        }
    }
    return {};
}

std::string sentence_of_engine(const TableFacts& table) {
    const std::string engine = lower_ascii(table.engine);
    const bool is_held = table.is_view || std::ranges::find(kEnginesWithSnapshots, engine) !=
                                              kEnginesWithSnapshots.end();
    if (is_held) return "";
    return fmt::format(
        "{} is a {} table, which no snapshot holds: each statement reads it as it is then, so rows "
        "that change meanwhile may be copied as they were or as they are (keep writers away, or "
        "ALTER TABLE … ENGINE = InnoDB)",
        table.place.name, table.engine);
}

/// `table` is null for a query.
Status add_columns(Connection& connection, const Export& wanted, const Source& source,
                   const TablePlace* table, Relation& relation) {
    const auto columns = connection.describe("SELECT * FROM " + from_of(relation));
    if (!columns) {
        Error error = columns.error();
        if (error.kind == ErrorClass::Failed) error.kind = ErrorClass::Config;
        return in_context(std::move(error), relation.name);
    }
    for (const ResultColumn& column : *columns) {
        // Only tables are sure: what a query says of itself may not hold for outer joins.
        relation.columns.push_back({.name = column.name,
                                    .source_type = column.type,
                                    .is_nullable = column.is_nullable || !relation.is_table});
    }
    if (table != nullptr) TRY(add_character_sets(connection, *table, relation));
    TRY(refuse_double_names(relation, LetterCase::NotTold));
    TRY(check_overrides(wanted, relation));
    for (SourceColumn& column : relation.columns) {
        TRY(type_column(wanted, relation, source, column));
    }
    return {};
}

}  // namespace

Result<std::vector<TableListing>> list_tables(Connection& connection) {
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT table_name, table_type = 'VIEW', table_schema FROM information_schema.tables WHERE "
        "table_schema = DATABASE() AND {} ORDER BY table_name",
        kKinds)));
    std::vector<TableListing> tables;
    tables.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        tables.push_back({{"", std::string(rows.text(i, 0))},
                          rows.text(i, 1) == "1",
                          std::string(rows.text(i, 2))});
    }
    return tables;
}

Result<Relation> describe(Connection& connection, const Export& wanted, const Source& source) {
    Relation relation;
    if (wanted.query) {
        relation.name = "query";
        relation.from_sql = fmt::format("({}\n)", inner_query(*wanted.query));
        TRY(add_columns(connection, wanted, source, nullptr, relation));
        return relation;
    }
    const TableFacts table = TRY(find_table(connection, *wanted.table));
    relation.name = table.place.name;
    relation.from_sql = quote_name(table.place.schema) + "." + quote_name(table.place.name);
    relation.is_table = !table.is_view;
    relation.no_snapshot = sentence_of_engine(table);
    TRY(add_columns(connection, wanted, source, &table.place, relation));
    if (!relation.is_table) return relation;
    relation.keys = TRY(unique_keys(connection, table.place, relation));
    if (table.rows.value_or(0) > 0) relation.rows_estimate = table.rows;
    if (table.row_bytes.value_or(0) > 0) {
        relation.row_bytes_estimate = static_cast<std::uint64_t>(*table.row_bytes);
    }
    return relation;
}

}  // namespace trueup::extract::mysql_source
