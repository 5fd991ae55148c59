#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/text.h"
#include "extract/source/relation.h"
#include "extract/source/sqlite_parts.h"

namespace trueup::extract::sqlite_source {
namespace {

using columnar::TypeId;

constexpr std::int64_t kSampleRows = 1000;

struct TableFacts {
    std::string name;  // As the schema spells it.
    bool is_view = false;
    bool has_rowid = false;
};

Result<TableFacts> find_table(sqlite::Connection& connection, const TableName& wanted) {
    if (!wanted.schema.empty() && lower_ascii(wanted.schema) != "main") {
        return fail(ErrorClass::Config,
                    fmt::format("{}.{}: an SQLite database has one schema, \"main\"", wanted.schema,
                                wanted.name));
    }
    sqlite::Statement list = TRY(sqlite::Statement::prepare(
        connection, "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'"));
    std::vector<std::string> names;
    while (TRY(list.step())) {
        const std::string name(list.column_text(0));
        const std::string type(list.column_text(1));
        if (lower_ascii(name) == lower_ascii(wanted.name)) {
            const bool is_view = type == "view";
            return TableFacts{name, is_view, type == "table" && list.column_int64(2) == 0};
        }
        if (!name.starts_with("sqlite_") && type != "shadow") names.push_back(name);
    }
    std::ranges::sort(names);
    return fail(ErrorClass::Config,
                fmt::format("{} has no table or view \"{}\"{}", connection.path(), wanted.name,
                            did_you_mean(wanted.name, names)),
                names.empty() ? "it has no tables at all"
                              : fmt::format("it has: {}", fmt::join(names, ", ")));
}

Status read_table_columns(sqlite::Connection& connection, const TableFacts& table,
                          Relation& relation) {
    sqlite::Statement info = TRY(sqlite::Statement::prepare(
        connection, "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1)"));
    TRY(info.bind_text(1, table.name));
    while (TRY(info.step())) {
        if (info.column_int64(4) == 1) continue;  // Of a virtual table: not part of SELECT *.
        SourceColumn column;
        column.name = std::string(info.column_text(0));
        column.source_type = std::string(info.column_text(1));
        const bool is_key_without_rowid = info.column_int64(3) > 0 && !table.has_rowid;
        column.is_nullable = table.is_view || (info.column_int64(2) == 0 && !is_key_without_rowid);
        relation.columns.push_back(std::move(column));
    }
    return {};
}

Status read_query_columns(sqlite::Connection& connection, const std::string& query,
                          Relation& relation) {
    // Alone first: inside a subquery SQLite would give two columns of one name different ones. Then
    // as it will be read, which only a query that yields rows survives.
    for (const std::string& sql : {query, fmt::format("SELECT * FROM ({}\n)", query)}) {
        const auto statement = sqlite::Statement::prepare(connection, sql);
        if (!statement) {
            Error error = statement.error();
            if (error.kind != ErrorClass::Retryable) error.kind = ErrorClass::Config;
            return in_context(std::move(error), "the query does not run");
        }
        if (!relation.columns.empty()) break;
        for (int i = 0; i < statement->column_count(); ++i) {
            SourceColumn column;
            column.name = std::string(statement->column_name(i));
            column.source_type = std::string(statement->column_declared_type(i));
            relation.columns.push_back(std::move(column));
        }
    }
    return {};
}

/// The type that all sampled values have, when there is one.
Result<Typing> sampled_typing(sqlite::Connection& connection, const Relation& relation,
                              const std::string& column) {
    sqlite::Statement sample = TRY(sqlite::Statement::prepare(
        connection, fmt::format("SELECT typeof({0}) FROM {1} WHERE {0} IS NOT NULL LIMIT {2}",
                                quote_name(column), relation.from_sql, kSampleRows)));
    bool has_integer = false;
    bool has_real = false;
    bool has_text = false;
    bool has_blob = false;
    while (TRY(sample.step())) {
        const std::string_view name = sample.column_text(0);
        has_integer = has_integer || name == "integer";
        has_real = has_real || name == "real";
        has_text = has_text || name == "text";
        has_blob = has_blob || name == "blob";
    }
    if (has_blob && !has_text && !has_integer && !has_real) return Typing{{TypeId::Blob}};
    if (has_blob || has_text) return Typing{{TypeId::Varchar}};
    if (has_real) return Typing{{TypeId::Double}};
    if (has_integer) return Typing{{TypeId::BigInt}};
    return Typing{{TypeId::Varchar}};
}

Status type_column(sqlite::Connection& connection, const Export& wanted, const Relation& relation,
                   SourceColumn& column) {
    Typing typing = typing_of(column.source_type);
    if (const ColumnOverride* const own = override_of(wanted, column)) {
        column.on_value_error = own->on_value_error;
        const auto type = TRY(type_of(wanted, relation, column, Shape::Single));
        const bool is_other = type && *type != typing.type;
        if (type) typing = {*type, is_other ? Fidelity::Compatible : typing.fidelity};
        column.note = "as the configuration says";
    } else if (typing.needs_sample) {
        typing = TRY(sampled_typing(connection, relation, column.name));
        column.note = "typed by its first values; the declaration fixes no type";
    }
    if (column.on_value_error == OnValueError::Text) typing = {{TypeId::Varchar}, Fidelity::Text};
    column.type = typing.type;
    column.fidelity = typing.fidelity;
    if (column.source_type.empty()) column.source_type = "(none)";
    return {};
}

Status type_columns(sqlite::Connection& connection, const Export& wanted, Relation& relation) {
    TRY(check_overrides(wanted, relation));
    for (SourceColumn& column : relation.columns) {
        TRY(type_column(connection, wanted, relation, column));
    }
    return {};
}

/// Columns of an index that is UNIQUE and covers all rows; nothing for other indexes and for
/// indexes on expressions.
struct Index {
    std::vector<std::string> columns;
    bool is_primary = false;
};

Result<std::vector<Index>> unique_indexes(sqlite::Connection& connection,
                                          const std::string& table) {
    std::vector<std::pair<std::string, bool>> names;
    sqlite::Statement list = TRY(sqlite::Statement::prepare(
        connection,
        "SELECT name, origin FROM pragma_index_list(?1) WHERE \"unique\" AND NOT partial"));
    TRY(list.bind_text(1, table));
    while (TRY(list.step())) {
        names.emplace_back(std::string(list.column_text(0)), list.column_text(1) == "pk");
    }
    std::vector<Index> indexes;
    for (const auto& [name, is_primary] : names) {
        sqlite::Statement info = TRY(sqlite::Statement::prepare(
            connection, "SELECT name FROM pragma_index_info(?1) ORDER BY seqno"));
        TRY(info.bind_text(1, name));
        Index index{{}, is_primary};
        bool is_plain = true;
        while (TRY(info.step())) {
            is_plain = is_plain && !info.is_null(0);
            index.columns.emplace_back(info.column_text(0));
        }
        if (is_plain) indexes.push_back(std::move(index));
    }
    std::ranges::stable_sort(indexes, std::greater{}, &Index::is_primary);
    return indexes;
}

/// The one column that is the rowid under another name (INTEGER PRIMARY KEY), if there is one.
Result<std::optional<std::string>> rowid_alias(sqlite::Connection& connection,
                                               const TableFacts& table) {
    if (!table.has_rowid) return std::optional<std::string>{};
    sqlite::Statement info = TRY(sqlite::Statement::prepare(
        connection,
        "SELECT name, type, count(*) OVER () FROM pragma_table_xinfo(?1) WHERE pk > 0"));
    TRY(info.bind_text(1, table.name));
    if (!TRY(info.step())) return std::optional<std::string>{};
    const bool is_alias =
        info.column_int64(2) == 1 && upper_ascii(info.column_text(1)) == "INTEGER";
    if (!is_alias) return std::optional<std::string>{};
    // "INTEGER PRIMARY KEY DESC" is not an alias, by an old accident; then an index serves it.
    const std::string name(info.column_text(0));
    const auto indexes = TRY(unique_indexes(connection, table.name));
    const bool has_index = std::ranges::any_of(indexes, &Index::is_primary);
    return has_index ? std::optional<std::string>{} : std::optional(name);
}

/// A name of the rowid that no column takes.
std::optional<std::string> rowid_name(const Relation& relation) {
    for (const char* name : {"rowid", "_rowid_", "oid"}) {
        if (find_column(relation, name) == nullptr) return name;
    }
    return std::nullopt;
}

ChunkKey physical_key(const std::string& name) {
    return {.columns = {name},
            .is_physical = true,
            .is_unique = true,
            .is_ordered = true,
            .types = {"INTEGER"},
            .collations = {"BINARY"}};
}

Result<std::vector<std::string>> collations_of(sqlite::Connection& connection,
                                               const Relation& relation, const ChunkKey& key) {
    std::vector<std::string> collations(key.columns.size(), "BINARY");
    if (!relation.is_table) return collations;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        sqlite::Statement column = TRY(sqlite::Statement::prepare(
            connection,
            fmt::format("SELECT {} FROM {}", quote_name(key.columns[i]), relation.from_sql)));
        const char* collation = nullptr;
        const int code = sqlite3_table_column_metadata(
            sqlite3_db_handle(column.native()), "main", relation.name.c_str(),
            key.columns[i].c_str(), nullptr, &collation, nullptr, nullptr, nullptr);
        if (code == SQLITE_OK && collation != nullptr) collations[i] = collation;
    }
    return collations;
}

Status find_keys(sqlite::Connection& connection, const TableFacts& table, Relation& relation) {
    const auto alias = TRY(rowid_alias(connection, table));
    if (alias) {
        ChunkKey key = TRY(key_of(connection, relation, {*alias}));
        key.is_primary = true;
        key.is_unique = true;
        relation.keys.push_back(std::move(key));
    }
    for (const Index& index : TRY(unique_indexes(connection, table.name))) {
        ChunkKey key = TRY(key_of(connection, relation, index.columns));
        key.is_primary = index.is_primary;
        key.is_unique = true;
        if (key.is_primary || !key.may_be_null) relation.keys.push_back(std::move(key));
    }
    const auto physical = rowid_name(relation);
    if (table.has_rowid && physical) relation.keys.push_back(physical_key(*physical));
    return {};
}

/// ANALYZE's row count, when it ran.
Result<std::optional<std::int64_t>> analyzed_rows(sqlite::Connection& connection,
                                                  const std::string& table) {
    const std::int64_t has_statistics = TRY(
        connection.query_int64("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"));
    if (has_statistics == 0) return std::optional<std::int64_t>{};
    sqlite::Statement stat = TRY(sqlite::Statement::prepare(
        connection, "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?1"));
    TRY(stat.bind_text(1, table));
    if (!TRY(stat.step())) return std::optional<std::int64_t>{};
    return stat.column_optional_int64(0);
}

/// Average bytes of a row's values, from the first and the last rows of the table.
Result<std::optional<std::uint64_t>> sampled_row_bytes(sqlite::Connection& connection,
                                                       const Relation& relation) {
    std::string sum = "0";
    for (const SourceColumn& column : relation.columns) {
        const std::string name = quote_name(column.name);
        sum += fmt::format(
            " + CASE typeof({0}) WHEN 'text' THEN length(CAST({0} AS BLOB)) WHEN 'blob' THEN "
            "length({0}) WHEN 'null' THEN 0 ELSE 8 END + 1",
            name);
    }
    const auto average = [&](const std::string& order) -> Result<std::optional<std::int64_t>> {
        sqlite::Statement sample = TRY(sqlite::Statement::prepare(
            connection,
            fmt::format("SELECT CAST(avg(bytes) AS INTEGER) FROM (SELECT {} AS bytes FROM {}{} "
                        "LIMIT 200)",
                        sum, relation.from_sql, order)));
        if (!TRY(sample.step())) return std::optional<std::int64_t>{};
        return sample.column_optional_int64(0);
    };
    const auto first = TRY(average(""));
    if (!first) return std::optional<std::uint64_t>{};
    std::int64_t bytes = *first;
    if (!relation.keys.empty() && relation.keys.back().is_physical) {
        const auto last =
            TRY(average(fmt::format(" ORDER BY {} DESC", relation.keys.back().columns.front())));
        bytes = (bytes + last.value_or(bytes)) / 2;
    }
    return std::optional(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 1)));
}

}  // namespace

Result<std::vector<TableListing>> list_tables(sqlite::Connection& connection) {
    // Shadow tables hold the insides of a virtual table, which has its own name in the list.
    sqlite::Statement list = TRY(sqlite::Statement::prepare(
        connection,
        "SELECT name, type = 'view' FROM pragma_table_list WHERE schema = 'main' AND type <> "
        "'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"));
    std::vector<TableListing> tables;
    while (TRY(list.step())) {
        tables.push_back(
            {{"", std::string(list.column_text(0))}, list.column_int64(1) != 0, "main"});
    }
    return tables;
}

Result<Relation> describe(sqlite::Connection& connection, const Export& wanted) {
    Relation relation;
    if (wanted.query) {
        relation.name = "query";
        const std::string query = inner_query(*wanted.query);
        relation.from_sql = fmt::format("({}\n)", query);
        TRY(read_query_columns(connection, query, relation));
    } else {
        const TableFacts table = TRY(find_table(connection, *wanted.table));
        relation.name = table.name;
        relation.from_sql = quote_name(table.name);
        relation.is_table = !table.is_view;
        TRY(read_table_columns(connection, table, relation));
        TRY(find_keys(connection, table, relation));
        relation.rows_estimate = TRY(analyzed_rows(connection, table.name));
    }
    TRY(refuse_double_names(relation, LetterCase::NotTold));
    TRY(type_columns(connection, wanted, relation));
    if (!wanted.query) relation.row_bytes_estimate = TRY(sampled_row_bytes(connection, relation));
    return relation;
}

Result<ChunkKey> key_of(sqlite::Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns) {
    const bool is_rowid = columns.size() == 1 && find_column(relation, columns[0]) == nullptr &&
                          (columns[0] == "rowid" || columns[0] == "_rowid_" || columns[0] == "oid");
    if (is_rowid) {
        for (const ChunkKey& key : relation.keys) {
            if (key.is_physical) return key;
        }
    }
    ChunkKey key = TRY(key_of_columns(relation, columns));
    for (const ChunkKey& known : relation.keys) {
        if (known.columns == key.columns) return known;
    }
    key.collations = TRY(collations_of(connection, relation, key));
    // What a view or a query computes may carry any collation: its order is said in each statement.
    key.has_explicit_order = !relation.is_table;
    // An INTEGER PRIMARY KEY is never NULL, whatever the declaration says.
    sqlite::Statement plan = TRY(sqlite::Statement::prepare(
        connection,
        fmt::format("EXPLAIN QUERY PLAN SELECT * FROM {} WHERE {} >= 0{}", relation.from_sql,
                    quote_name(key.columns.front()), order_of(key))));
    key.is_ordered = true;
    while (TRY(plan.step())) {
        const std::string_view detail = plan.column_text(3);
        if (detail.find("TEMP B-TREE") != std::string_view::npos) key.is_ordered = false;
        if (detail.find("INTEGER PRIMARY KEY") != std::string_view::npos &&
            key.columns.size() == 1) {
            key.may_be_null = false;
        }
    }
    return key;
}

}  // namespace trueup::extract::sqlite_source
