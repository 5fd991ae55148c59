#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "extract/source/mysql_parts.h"
#include "extract/source/relation.h"

// What rows can be ordered and cut by: indexes, and how their columns compare.

namespace trueup::extract::mysql_source {
namespace {

using mysql::Connection;
using mysql::Rows;

struct Index {
    bool is_primary = false;
    bool is_unique = false;
    bool is_ordered = true;  // A B-tree over whole columns, all in one direction.
    std::vector<std::string> columns;
};

/// The primary key first, then unique ones, then the others, each by name.
Result<std::vector<Index>> indexes_of(Connection& connection, const TablePlace& table) {
    const Rows rows = TRY(connection.query(fmt::format(
        "SELECT index_name, column_name, non_unique, sub_part IS NULL AND column_name IS NOT NULL "
        "AND index_type = 'BTREE', collation FROM information_schema.statistics WHERE table_schema "
        "= {} AND table_name = {} ORDER BY index_name <> 'PRIMARY', non_unique, index_name, "
        "seq_in_index",
        quote_text(table.schema), quote_text(table.name))));
    std::vector<Index> indexes;
    std::string_view name;
    std::string_view direction;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (i == 0 || rows.text(i, 0) != name) {
            name = rows.text(i, 0);
            direction = rows.text(i, 4);
            indexes.push_back({.is_primary = name == "PRIMARY",
                               .is_unique = rows.text(i, 2) == "0",
                               .columns = {}});
        }
        Index& index = indexes.back();
        const bool is_fit = rows.text(i, 3) == "1" && rows.text(i, 4) == direction;
        index.is_ordered = index.is_ordered && is_fit;
        index.columns.emplace_back(rows.text(i, 1));
    }
    return indexes;
}

/// How values of the columns compare: texts as the table says. What a query computes may carry any
/// collation, so its statements say one.
Status find_order(Connection& connection, const TablePlace* table, ChunkKey& key) {
    const KeyForm first = key_form(key.types.front());
    key.takes_any_text = first == KeyForm::Text || first == KeyForm::Bytes;
    key.has_explicit_order = table == nullptr;
    key.collations.assign(key.columns.size(), "");
    std::map<std::string, std::string, std::less<>> known;
    if (table != nullptr) {
        const Rows rows = TRY(connection.query(fmt::format(
            "SELECT column_name, collation_name FROM information_schema.columns WHERE table_schema "
            "= {} AND table_name = {} AND collation_name IS NOT NULL",
            quote_text(table->schema), quote_text(table->name))));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            known.emplace(rows.text(i, 0), rows.text(i, 1));
        }
    }
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        if (key_form(key.types[i]) != KeyForm::Text) continue;
        const auto found = known.find(key.columns[i]);
        key.collations[i] = found == known.end() ? "utf8mb4_bin" : found->second;
    }
    return {};
}

bool is_indexable(const ChunkKey& key) {
    return std::ranges::all_of(
        key.types, [](const std::string& type) { return is_indexable(key_form(type)); });
}

/// Where a relation stands that describe() made; nothing for a query.
Result<std::optional<TablePlace>> place_of(Connection& connection, const Relation& relation) {
    if (relation.from_sql.starts_with('(')) return std::optional<TablePlace>();
    const Rows own = TRY(connection.query("SELECT DATABASE()"));
    const Rows rows = TRY(connection.query(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_name = " +
        quote_text(relation.name)));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        TablePlace place{std::string(rows.text(i, 0)), std::string(rows.text(i, 1))};
        const std::string from = quote_name(place.schema) + "." + quote_name(place.name);
        if (from == relation.from_sql) return std::optional(std::move(place));
    }
    return std::optional<TablePlace>();
}

}  // namespace

Result<std::vector<ChunkKey>> unique_keys(Connection& connection, const TablePlace& table,
                                          const Relation& relation) {
    std::vector<ChunkKey> keys;
    for (const Index& index : TRY(indexes_of(connection, table))) {
        if (!index.is_unique || !index.is_ordered) continue;
        ChunkKey key = TRY(key_of_columns(relation, index.columns));
        if (key.may_be_null || !is_indexable(key)) continue;
        key.is_primary = index.is_primary;
        key.is_unique = true;
        key.is_ordered = true;
        TRY(find_order(connection, &table, key));
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<ChunkKey> key_of(Connection& connection, const Relation& relation,
                        const std::vector<std::string>& columns) {
    ChunkKey key = TRY(key_of_columns(relation, columns));
    for (const ChunkKey& known : relation.keys) {
        if (known.columns == key.columns) return known;
    }
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        if (key_form(key.types[i]) != KeyForm::None) continue;
        return fail(ErrorClass::Config,
                    fmt::format("{} cannot be cut by {}: values of the type {} have no order",
                                relation.name, key.columns[i], key.types[i]),
                    "name another column with chunk_column or chunk_by_key");
    }
    const auto table = TRY(place_of(connection, relation));
    TRY(find_order(connection, table ? &*table : nullptr, key));
    if (!relation.is_table || !table || !is_indexable(key)) return key;
    for (const Index& index : TRY(indexes_of(connection, *table))) {
        const bool is_prefix =
            index.is_ordered && index.columns.size() >= key.columns.size() &&
            std::equal(key.columns.begin(), key.columns.end(), index.columns.begin());
        key.is_ordered = key.is_ordered || is_prefix;
    }
    return key;
}

}  // namespace trueup::extract::mysql_source
