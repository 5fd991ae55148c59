#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/text.h"
#include "extract/source/mysql_parts.h"
#include "extract/source/text_decode.h"

namespace trueup::extract::mysql_source {
namespace {

constexpr std::string_view kByBytes = "utf8mb4_bin";

/// The expression that rows are ordered and compared by.
std::string key_expression(const ChunkKey& key, std::size_t column) {
    std::string name = "trueup_rows." + quote_name(key.columns[column]);
    const KeyForm form = key_form(key.types[column]);
    if (form == KeyForm::Ordinal) return fmt::format("CAST({} AS UNSIGNED)", name);
    if (form == KeyForm::Spelled) return fmt::format("CAST({} AS CHAR) COLLATE {}", name, kByBytes);
    if (!key.has_explicit_order || key.collations[column].empty()) return name;
    return fmt::format("CONVERT({} USING utf8mb4) COLLATE {}", name, key.collations[column]);
}

std::vector<std::string> key_expressions(const ChunkKey& key) {
    std::vector<std::string> expressions;
    expressions.reserve(key.columns.size());
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
        expressions.push_back(key_expression(key, i));
    }
    return expressions;
}

bool is_of(std::string_view text, std::string_view letters) {
    return text.find_first_not_of(letters) == std::string_view::npos;
}

/// The planner invents texts between two others; what is no number or moment becomes NULL or a
/// number here, with which nothing compares wrongly: bounds are checked before they are used.
std::string cast_of(std::string_view text, std::string_view type) {
    return fmt::format("CAST({} AS {})", quote_text(text), type);
}

/// "utf8mb4_general_ci" belongs to utf8mb4, "binary" to itself.
std::string_view charset_of(std::string_view collation) {
    return collation.substr(0, collation.find('_'));
}

std::string text_literal(std::string_view text, std::string_view collation) {
    if (collation.empty()) return quote_text(text);
    return fmt::format("CONVERT({} USING {}) COLLATE {}", quote_text(text), charset_of(collation),
                       collation);
}

std::string decimal_literal(std::string_view text, std::string_view type) {
    std::string_view digits = text;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    const bool is_number = !digits.empty() && digits.front() != '.' && digits.back() != '.' &&
                           std::ranges::count(digits, '.') <= 1 && is_of(digits, "0123456789.");
    return is_number ? std::string(text) : cast_of(text, type);
}

std::string text_bound(const ChunkKey& key, std::size_t column, std::string_view text) {
    const std::string& type = key.types[column];
    switch (key_form(type)) {
        case KeyForm::Integer:
        case KeyForm::Ordinal:
            return !text.empty() && is_of(text, "0123456789") ? std::string(text)
                                                              : cast_of(text, "UNSIGNED");
        case KeyForm::Decimal: return decimal_literal(text, type);
        case KeyForm::Moment: return cast_of(text, type == "date" ? "DATE" : "DATETIME(6)");
        case KeyForm::Time: return cast_of(text, "TIME(6)");
        case KeyForm::Address: return cast_of(text, type);
        case KeyForm::Spelled: return text_literal(text, kByBytes);
        case KeyForm::Real:
        case KeyForm::Bytes:
        case KeyForm::Text:
        case KeyForm::None: return text_literal(text, key.collations[column]);
    }
    std::unreachable();
}

std::string literal_of(const ChunkKey& key, std::size_t column, const KeyValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    // With an exponent it is a double; without one it would be a decimal.
    if (const auto* real = std::get_if<double>(&value)) return fmt::format("{:.17e}", *real);
    if (const auto* blob = std::get_if<Blob>(&value)) return hex_literal(blob->bytes);
    const auto* text = std::get_if<std::string>(&value);
    CHECK(text != nullptr);  // No bound has a NULL.
    return text_bound(key, column, *text);
}

std::vector<std::string> literals_of(const ChunkKey& key, const Key& values) {
    CHECK(values.size() == key.columns.size());
    std::vector<std::string> literals;
    literals.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        literals.push_back(literal_of(key, i, values[i]));
    }
    return literals;
}

double real_of(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    CHECK(error == std::errc());  // The server wrote it.
    CHECK(end == text.data() + text.size());
    return number;
}

enum class Side : std::uint8_t { Below, FromOn };

/// Columns are compared one after another, not as row values: no index serves those here.
std::string compared(const std::vector<std::string>& left, Side side,
                     const std::vector<std::string>& right) {
    const std::size_t last = left.size() - 1;
    const std::string_view strict = side == Side::Below ? "<" : ">";
    std::vector<std::string> cases;
    std::string equal;
    for (std::size_t i = 0; i <= last; ++i) {
        const bool may_be_equal = i == last && side == Side::FromOn;
        cases.push_back(
            fmt::format("({}{} {} {})", equal, left[i], may_be_equal ? ">=" : strict, right[i]));
        equal += fmt::format("{} = {} AND ", left[i], right[i]);
    }
    if (last == 0) return cases.front();
    // Says again what follows of it, for the optimizer: where in an index to begin or end.
    return fmt::format("({} {}= {} AND ({}))", left[0], strict, right[0], fmt::join(cases, " OR "));
}

}  // namespace

std::string quote_name(std::string_view name) {
    std::string quoted = "`";
    for (const char letter : name) quoted.append(letter == '`' ? 2 : 1, letter);
    return quoted + "`";
}

std::string quote_text(std::string_view text) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;+-_/@#";
    if (is_of(text, kPlain)) return fmt::format("_utf8mb4'{}'", text);
    return "_utf8mb4 " + hex_literal(text);
}

std::string from_of(const Relation& relation) { return relation.from_sql + " AS trueup_rows"; }

std::string key_projection(const ChunkKey& key, std::size_t column) {
    std::string name = "trueup_rows." + quote_name(key.columns[column]);
    switch (key_form(key.types[column])) {
        case KeyForm::Ordinal: return fmt::format("CAST(CAST({} AS UNSIGNED) AS CHAR)", name);
        case KeyForm::Real: return fmt::format("CAST({} + 0e0 AS CHAR)", name);
        case KeyForm::Text:
        case KeyForm::Bytes: return name;
        default: return fmt::format("CAST({} AS CHAR)", name);
    }
}

KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text) {
    switch (key_form(key.types[column])) {
        case KeyForm::Integer:
        case KeyForm::Ordinal:
            // Beyond 64 bits with a sign it stays the text.
            if (const auto number = parse_int64(text)) return *number;
            return std::string(text);
        case KeyForm::Real: return real_of(text);
        case KeyForm::Bytes: return Blob{std::string(text)};
        default: return std::string(text);
    }
}

std::string where_of(const ChunkKey& key, const Bounds& bounds) {
    const std::vector<std::string> names = key_expressions(key);
    if (bounds.is_null_keys) {
        return fmt::format(" WHERE ({} IS NULL)", fmt::join(names, " IS NULL OR "));
    }
    std::vector<std::string> conditions;
    // A NULL behind a deciding column would not keep a row out: such rows have their own chunk.
    if (key.may_be_null) {
        for (const std::string& name : names) conditions.push_back(name + " IS NOT NULL");
    }
    if (bounds.lower) {
        conditions.push_back(compared(names, Side::FromOn, literals_of(key, *bounds.lower)));
    }
    if (bounds.upper) {
        conditions.push_back(compared(names, Side::Below, literals_of(key, *bounds.upper)));
    }
    if (conditions.empty()) return "";
    return fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
}

std::string order_of(const ChunkKey& key, std::string_view direction) {
    std::vector<std::string> terms = key_expressions(key);
    for (std::string& term : terms) term = fmt::format("{} {}", term, direction);
    return fmt::format(" ORDER BY {}", fmt::join(terms, ", "));
}

std::string before_condition(const ChunkKey& key, const Key& left, const Key& right) {
    return compared(literals_of(key, left), Side::Below, literals_of(key, right));
}

Status check_bounds(mysql::Connection& connection, const ChunkKey& key, const Bounds& bounds) {
    std::vector<std::string> casts;
    for (const auto& bound : {bounds.lower, bounds.upper}) {
        if (!bound) continue;
        for (std::string& literal : literals_of(key, *bound)) {
            if (literal.starts_with("CAST(")) casts.push_back(std::move(literal));
        }
    }
    if (casts.empty()) return {};
    const mysql::Rows rows =
        TRY(connection.query(fmt::format("SELECT {} IS NULL", fmt::join(casts, " IS NULL OR "))));
    if (rows.text(0, 0) == "0") return {};
    return fail(ErrorClass::Failed,
                fmt::format("{}: the server does not take {} of {} for a value of its type",
                            connection.place(), text_of(bounds), text_of(key)),
                "cut by another column: chunk_column, chunk_by_key");
}

Result<bool> sorts_before(mysql::Connection& connection, const ChunkKey& key, const Key& left,
                          const Key& right) {
    const mysql::Rows rows = TRY(connection.query("SELECT " + before_condition(key, left, right)));
    return rows.text(0, 0) == "1";
}

}  // namespace trueup::extract::mysql_source
