#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/check.h"
#include "extract/source/sqlite_parts.h"

namespace trueup::extract::sqlite_source {
namespace {

/// `a` or `(a, b)`: one value or a row value, compared column by column by SQLite.
std::string tuple(const std::vector<std::string>& items) {
    if (items.size() == 1) return items.front();
    return fmt::format("({})", fmt::join(items, ", "));
}

std::string placeholders(std::size_t count) { return tuple(std::vector<std::string>(count, "?")); }

}  // namespace

std::vector<std::string> key_expressions(const ChunkKey& key) {
    std::vector<std::string> expressions;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        // A bare rowid is no column name: quoted, SQLite could take it for a text.
        std::string text = key.is_physical ? key.columns[i] : quote_name(key.columns[i]);
        if (key.has_explicit_order)
            text += fmt::format(" COLLATE {}", quote_name(key.collations[i]));
        expressions.push_back(std::move(text));
    }
    return expressions;
}

Predicate predicate_of(const ChunkKey& key, const Bounds& bounds) {
    const auto columns = key_expressions(key);
    Predicate predicate;
    const auto add = [&](const std::string& condition) {
        predicate.sql += (predicate.sql.empty() ? " WHERE " : " AND ") + condition;
    };
    if (bounds.is_null_keys) {
        add(fmt::format("({} IS NULL)", fmt::join(columns, " IS NULL OR ")));
        return predicate;
    }
    const auto compare = [&](std::string_view sign, const Key& bound) {
        CHECK(bound.size() == columns.size());
        add(fmt::format("{} {} {}", tuple(columns), sign, placeholders(bound.size())));
        predicate.values.insert(predicate.values.end(), bound.begin(), bound.end());
    };
    if (bounds.lower) compare(">=", *bounds.lower);
    if (bounds.upper) compare("<", *bounds.upper);
    // A row value with a NULL behind a deciding column still compares: such rows have their own
    // chunk.
    if (key.may_be_null) {
        for (const std::string& column : columns) add(column + " IS NOT NULL");
    }
    return predicate;
}

std::string order_of(const ChunkKey& key) {
    return fmt::format(" ORDER BY {}", fmt::join(key_expressions(key), ", "));
}

Status bind_values(sqlite::Statement& statement, const std::vector<KeyValue>& values) {
    struct Binder {
        sqlite::Statement* statement;
        int parameter;
        Status operator()(std::monostate) const { return statement->bind_null(parameter); }
        Status operator()(std::int64_t value) const {
            return statement->bind_int64(parameter, value);
        }
        Status operator()(double value) const { return statement->bind_double(parameter, value); }
        Status operator()(const std::string& value) const {
            return statement->bind_text(parameter, value);
        }
        Status operator()(const Blob& value) const {
            return statement->bind_blob(parameter, as_bytes(value.bytes));
        }
    };
    int parameter = 0;
    for (const KeyValue& value : values) {
        TRY(std::visit(Binder{&statement, ++parameter}, value));
    }
    return {};
}

Result<bool> sorts_before(sqlite::Connection& connection, const ChunkKey& key, const Key& left,
                          const Key& right) {
    CHECK(left.size() == key.collations.size());
    CHECK(right.size() == left.size());
    std::vector<std::string> sides;
    sides.reserve(key.collations.size());
    for (const std::string& collation : key.collations) {
        sides.push_back(fmt::format("? COLLATE {}", quote_name(collation)));
    }
    sqlite::Statement compare = TRY(sqlite::Statement::prepare(
        connection, fmt::format("SELECT {} < {}", tuple(sides), placeholders(right.size()))));
    std::vector<KeyValue> values = left;
    values.insert(values.end(), right.begin(), right.end());
    TRY(bind_values(compare, values));
    TRY(compare.step());
    return compare.column_int64(0) == 1;
}

Key key_at(sqlite::Statement& statement, int first, std::size_t columns) {
    Key key;
    for (std::size_t i = 0; i < columns; ++i) {
        const int column = first + static_cast<int>(i);
        switch (statement.column_type(column)) {
            case sqlite::ColumnType::Integer:
                key.emplace_back(statement.column_int64(column));
                break;
            case sqlite::ColumnType::Float:
                key.emplace_back(statement.column_double(column));
                break;
            case sqlite::ColumnType::Text:
                key.emplace_back(std::string(statement.column_text(column)));
                break;
            case sqlite::ColumnType::Blob:
                key.emplace_back(Blob{std::string(as_text(statement.column_blob(column)))});
                break;
            case sqlite::ColumnType::Null: key.emplace_back(std::monostate{}); break;
        }
    }
    return key;
}

}  // namespace trueup::extract::sqlite_source
