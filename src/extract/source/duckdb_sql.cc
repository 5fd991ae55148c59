#include "extract/source/duckdb_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "base/check.h"
#include "base/text.h"

namespace trueup::extract::duckdb_source {
namespace {

using columnar::quote_name;
using columnar::quote_text;
using columnar::TypeId;

bool is_nested(std::string_view type) {
    return type.ends_with(']') || type.starts_with("STRUCT(") || type.starts_with("MAP(") ||
           type.starts_with("UNION(");
}

bool is_whole_number(std::string_view type) {
    return type == "TINYINT" || type == "SMALLINT" || type == "INTEGER" || type == "BIGINT" ||
           type == "UTINYINT" || type == "USMALLINT" || type == "UINTEGER";
}

std::string hex_of(std::string_view bytes) {
    std::string hex;
    for (const char byte : bytes) {
        fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
    }
    return hex;
}

std::string unhex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned int byte = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

/// The value, or NULL when the type cannot hold it; and whether it came through unchanged.
std::string cast_of(const SourceColumn& column) {
    return fmt::format("TRY_CAST({} AS {})", quote_name(column.name),
                       columnar::name_of(column.type));
}

std::string fits(const SourceColumn& column) {
    const std::string name = quote_name(column.name);
    return fmt::format(
        "({0} IS NULL OR ({1} IS NOT NULL AND TRY_CAST({1} AS {2}) IS NOT DISTINCT "
        "FROM {0}))",
        name, cast_of(column), column.source_type);
}

}  // namespace

Typing typing_of(std::string_view duckdb_type) {
    if (const auto same = columnar::parse_type(duckdb_type)) return {*same};
    if (duckdb_type == "TIMESTAMP_S" || duckdb_type == "TIMESTAMP_MS") return {{TypeId::Timestamp}};
    if (duckdb_type.starts_with("ENUM(")) return {{TypeId::Varchar}, Fidelity::Compatible};
    if (is_nested(duckdb_type)) return {{TypeId::Json}, Fidelity::Text};
    // HUGEINT, INTERVAL, BIT, TIME WITH TIME ZONE, …: Parquet would round them or lose a part.
    return {{TypeId::Varchar}, Fidelity::Text};
}

std::string projection_of(const Relation& relation, const SourceColumn& column) {
    std::string name = quote_name(column.name);
    const std::string type = columnar::name_of(column.type);
    if (type == column.source_type) return name;
    if (column.type.id == TypeId::Json && is_nested(column.source_type)) {
        return fmt::format("to_json({})", name);
    }
    const Typing natural = typing_of(column.source_type);
    if (natural.type == column.type || column.on_value_error == OnValueError::Text) {
        return fmt::format("CAST({} AS {})", name, type);
    }
    if (column.on_value_error == OnValueError::Null) {
        return fmt::format("CASE WHEN {} THEN {} END", fits(column), cast_of(column));
    }
    const std::string before =
        quote_text(fmt::format("{}.{}: the value ", relation.name, column.name));
    return fmt::format("CASE WHEN {} THEN {} ELSE error({} || CAST({} AS VARCHAR) || {}) END",
                       fits(column), cast_of(column), before, name, quote_text(" is no " + type));
}

std::string misfit_of(const SourceColumn& column) { return fmt::format("NOT {}", fits(column)); }

std::vector<std::string> key_names(const ChunkKey& key) {
    std::vector<std::string> names = key.columns;
    if (key.is_physical) return names;
    for (std::string& name : names) name = quote_name(name);
    return names;
}

std::string key_projection(const ChunkKey& key, std::size_t column) {
    const std::string name = key_names(key)[column];
    if (key.types[column] == "BLOB") return fmt::format("hex({})", name);
    return fmt::format("CAST({} AS VARCHAR)", name);
}

KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text) {
    const std::string& type = key.types[column];
    if (type == "BLOB") return Blob{unhex(text)};
    if (is_whole_number(type)) {
        if (const auto number = parse_int64(text)) return *number;
    }
    return std::string(text);
}

std::string literal_of(const ChunkKey& key, std::size_t column, const KeyValue& value) {
    const std::string& type = key.types[column];
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return fmt::format("CAST('{}' AS {})", *number, type);
    }
    if (const auto* number = std::get_if<double>(&value)) {
        return fmt::format("CAST('{}' AS {})", *number, type);
    }
    if (const auto* blob = std::get_if<Blob>(&value)) {
        return fmt::format("unhex('{}')", hex_of(blob->bytes));
    }
    const auto* text = std::get_if<std::string>(&value);
    CHECK(text != nullptr);  // Keys with NULLs are no bounds.
    // A literal ends at a zero byte.
    const bool has_zero = text->find('\0') != std::string::npos;
    const std::string literal =
        has_zero ? fmt::format("decode(unhex('{}'))", hex_of(*text)) : quote_text(*text);
    return fmt::format("CAST({} AS {})", literal, type);
}

std::string literal_tuple(const ChunkKey& key, const Key& values) {
    CHECK(values.size() == key.columns.size());
    std::vector<std::string> literals;
    literals.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        literals.push_back(literal_of(key, i, values[i]));
    }
    return literals.size() == 1 ? literals.front() : fmt::format("({})", fmt::join(literals, ", "));
}

namespace {

enum class Edge : std::uint8_t { Lower, Upper };

/// Row values compared column by column: out of two comparisons of row values DuckDB 1.4 makes a
/// BETWEEN, and then says that it has none for them.
std::string comparison(const ChunkKey& key, const Key& values, Edge edge) {
    CHECK(!values.empty());
    CHECK(values.size() == key.columns.size());
    const char sign = edge == Edge::Lower ? '>' : '<';
    const std::vector<std::string> names = key_names(key);
    std::string text;
    for (std::size_t i = values.size(); i-- > 0;) {
        const std::string& name = names[i];
        const std::string literal = literal_of(key, i, values[i]);
        if (text.empty()) {
            text = fmt::format("{} {} {}", name, edge == Edge::Lower ? ">=" : "<", literal);
        } else {
            text =
                fmt::format("({0} {1}= {2} AND ({0} {1} {2} OR {3}))", name, sign, literal, text);
        }
    }
    return text;
}

}  // namespace

std::string where_of(const ChunkKey& key, const Bounds& bounds) {
    std::vector<std::string> conditions;
    std::vector<std::string> nulls;
    for (const std::string& name : key_names(key)) {
        nulls.push_back(name + " IS NULL");
        if (key.may_be_null) conditions.push_back(name + " IS NOT NULL");
    }
    if (bounds.is_null_keys) return fmt::format(" WHERE ({})", fmt::join(nulls, " OR "));
    if (bounds.lower) conditions.push_back(comparison(key, *bounds.lower, Edge::Lower));
    if (bounds.upper) conditions.push_back(comparison(key, *bounds.upper, Edge::Upper));
    if (conditions.empty()) return "";
    return fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
}

std::string order_of(const ChunkKey& key, std::string_view direction) {
    std::vector<std::string> terms = key_names(key);
    for (std::string& term : terms) term = fmt::format("{} {}", term, direction);
    return fmt::format(" ORDER BY {}", fmt::join(terms, ", "));
}

}  // namespace trueup::extract::duckdb_source
