#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "base/text.h"
#include "extract/source/postgres_parts.h"

namespace trueup::extract::postgres_source {
namespace {

std::string doubled(std::string_view text, char quote) {
    std::string quoted(1, quote);
    for (const char letter : text) {
        if (letter == quote) quoted += quote;
        quoted += letter;
    }
    return quoted + quote;
}

/// `a` or `(a, b)`: row values are compared column by column, and an index serves that.
std::string tuple(const std::vector<std::string>& items) {
    if (items.size() == 1) return items.front();
    return fmt::format("({})", fmt::join(items, ", "));
}

bool is_whole_number(std::string_view type) {
    return type == "smallint" || type == "integer" || type == "bigint" || type == "oid";
}

/// The block of a tuple identifier, and one that begins with it.
constexpr std::string_view kBlockOf = "((trueup_rows.ctid::text::point)[0])::bigint::text";
std::string first_of_block(const KeyValue& block) {
    const auto* number = std::get_if<std::int64_t>(&block);
    CHECK(number != nullptr);
    return fmt::format("'({},0)'::tid", *number);
}

std::string collated(const ChunkKey& key, std::size_t column) {
    const std::string& collation = key.collations[column];
    return collation.empty() ? "" : fmt::format(" COLLATE {}", collation);
}

std::string literal_of(const ChunkKey& key, std::size_t column, const KeyValue& value) {
    if (key.is_physical) return first_of_block(value);
    const std::string& type = key.types[column];
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        return fmt::format("'{}'::{}", *number, type);
    }
    const auto* text = std::get_if<std::string>(&value);
    CHECK(text != nullptr);  // Keys are whole numbers or texts here, and no bound has a NULL.
    // No text has a NUL here, but a made-up one of the planner's may.
    const std::string_view held = std::string_view(*text).substr(0, text->find('\0'));
    return fmt::format("{}::{}{}", quote_text(held), type, collated(key, column));
}

}  // namespace

std::string quote_name(std::string_view name) { return doubled(name, '"'); }
std::string quote_text(std::string_view text) { return doubled(text, '\''); }

std::string from_of(const Relation& relation) { return relation.from_sql + " AS trueup_rows"; }

std::vector<std::string> key_expressions(const ChunkKey& key) {
    if (key.is_physical) return {"trueup_rows.ctid"};
    std::vector<std::string> expressions;
    expressions.reserve(key.columns.size());
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        std::string text = "trueup_rows." + quote_name(key.columns[i]);
        if (key.has_explicit_order) text += collated(key, i);
        expressions.push_back(std::move(text));
    }
    return expressions;
}

std::string key_projection(const ChunkKey& key, std::size_t column) {
    if (key.is_physical) return std::string(kBlockOf);
    return fmt::format("trueup_rows.{}::text", quote_name(key.columns[column]));
}

KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text) {
    if (key.is_physical || is_whole_number(key.types[column])) {
        if (const auto number = parse_int64(text)) return *number;
    }
    return std::string(text);
}

std::string literal_tuple(const ChunkKey& key, const Key& values) {
    CHECK(values.size() == key.columns.size());
    std::vector<std::string> literals;
    literals.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        literals.push_back(literal_of(key, i, values[i]));
    }
    return tuple(literals);
}

std::string where_of(const ChunkKey& key, const Bounds& bounds) {
    const std::vector<std::string> names = key_expressions(key);
    if (bounds.is_null_keys) {
        return fmt::format(" WHERE ({} IS NULL)", fmt::join(names, " IS NULL OR "));
    }
    std::vector<std::string> conditions;
    // A row value with a NULL behind a deciding column still compares: such rows have their own
    // chunk.
    if (key.may_be_null) {
        for (const std::string& name : names) conditions.push_back(name + " IS NOT NULL");
    }
    const auto compare = [&](std::string_view sign, const Key& bound) {
        conditions.push_back(
            fmt::format("{} {} {}", tuple(names), sign, literal_tuple(key, bound)));
    };
    if (bounds.lower) compare(">=", *bounds.lower);
    if (bounds.upper) compare("<", *bounds.upper);
    if (conditions.empty()) return "";
    return fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
}

std::string order_of(const ChunkKey& key, std::string_view direction) {
    // Rows come as they are stored: the session sees to that.
    if (key.is_physical) return "";
    std::vector<std::string> terms = key_expressions(key);
    for (std::string& term : terms) term = fmt::format("{} {}", term, direction);
    return fmt::format(" ORDER BY {}", fmt::join(terms, ", "));
}

}  // namespace trueup::extract::postgres_source
