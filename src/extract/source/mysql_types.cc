#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "extract/source/mysql_parts.h"

namespace trueup::extract::mysql_source {
namespace {

using columnar::TypeId;

constexpr std::string_view kCastText = "CAST({0} AS CHAR)";
constexpr std::string_view kCharset = " character set ";

/// Servers write "?", some U+FFFD, for a character that Unicode does not have, and say nothing. A
/// text with more question marks than it has in its own character set comes as its own bytes,
/// behind one that no UTF-8 begins with.
constexpr std::string_view kMarkedText =
    "IF(INSTR(CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin, _utf8mb4 0xEFBFBD) = 0 AND "
    "(INSTR(CONVERT({0} USING utf8mb4) COLLATE utf8mb4_bin, '?') = 0 OR "
    "CHAR_LENGTH(REPLACE(CONVERT({0} USING utf8mb4), '?', '')) = CHAR_LENGTH(REPLACE({0}, '?', "
    "''))), CAST(CONVERT({0} USING utf8mb4) AS BINARY), CONCAT(0xFF, CAST({0} AS BINARY)))";

bool has_charset(std::string_view type) { return type.contains(kCharset); }

struct Known {
    std::string_view name;  // Without what stands in parentheses.
    Typing typing;
    KeyForm key_form = KeyForm::None;
    /// What selects its text, exact.
    std::string_view text = kCastText;
};

constexpr Known integer(std::string_view name, TypeId type, Wire wire) {
    return {name, {.type = {type}, .wire = wire}, KeyForm::Integer};
}
constexpr Known text(std::string_view name) {
    return {name, {.type = {TypeId::Varchar}}, KeyForm::Text, "{0}"};
}
constexpr Known binary(std::string_view name) {
    return {name, {.type = {TypeId::Blob}}, KeyForm::Bytes, "{0}"};
}
constexpr Known labels(std::string_view name) {
    return {name,
            {.type = {TypeId::Varchar}, .fidelity = Fidelity::Compatible, .note = "as its labels"},
            KeyForm::Ordinal,
            "{0}"};
}
constexpr Known own(std::string_view name, TypeId type, KeyForm form) {
    return {name, {.type = {type}, .wire = Wire::TypedByText, .selection = kCastText}, form};
}

constexpr std::array<Known, 33> kKnown = {{
    integer("tinyint", TypeId::TinyInt, Wire::Int8),
    integer("tinyint unsigned", TypeId::UTinyInt, Wire::UInt8),
    integer("smallint", TypeId::SmallInt, Wire::Int16),
    integer("smallint unsigned", TypeId::USmallInt, Wire::UInt16),
    integer("mediumint", TypeId::Integer, Wire::Int32),
    integer("mediumint unsigned", TypeId::UInteger, Wire::UInt32),
    integer("int", TypeId::Integer, Wire::Int32),
    integer("int unsigned", TypeId::UInteger, Wire::UInt32),
    integer("bigint", TypeId::BigInt, Wire::Int64),
    integer("bigint unsigned", TypeId::UBigInt, Wire::UInt64),
    integer("year", TypeId::SmallInt, Wire::Int16),
    // Its own text has six digits.
    {"float",
     {.type = {TypeId::Float}, .wire = Wire::Float},
     KeyForm::Real,
     "CAST({0} + 0e0 AS CHAR)"},
    {"double", {.type = {TypeId::Double}, .wire = Wire::Double}, KeyForm::Real},
    {"date", {.type = {TypeId::Date}, .wire = Wire::Date}, KeyForm::Moment},
    {"datetime", {.type = {TypeId::Timestamp}, .wire = Wire::Datetime}, KeyForm::Moment},
    {"timestamp", {.type = {TypeId::TimestampTz}, .wire = Wire::Datetime}, KeyForm::Moment},
    {"time", {.type = {TypeId::Time}, .wire = Wire::Time}, KeyForm::Time},
    text("char"),
    text("varchar"),
    text("text"),
    binary("binary"),
    binary("varbinary"),
    binary("blob"),
    labels("enum"),
    labels("set"),
    {"bit",
     {.type = {TypeId::UBigInt}, .wire = Wire::Bit},
     KeyForm::Ordinal,
     "CAST({0} + 0 AS CHAR)"},
    {"json", {.type = {TypeId::Json}}, KeyForm::None, "{0}"},
    {"geometry",
     {.type = {TypeId::Blob},
      .fidelity = Fidelity::Compatible,
      .wire = Wire::Geometry,
      .note = "as WKB, without the number of its reference system"},
     KeyForm::None,
     "ST_AsText({0})"},
    {"vector",
     {.type = {TypeId::Blob},
      .fidelity = Fidelity::Compatible,
      .note = "as the 32-bit floats that are stored"},
     KeyForm::None,
     "VECTOR_TO_STRING({0})"},
    own("uuid", TypeId::Uuid, KeyForm::Spelled),
    own("inet4", TypeId::Varchar, KeyForm::Address),
    own("inet6", TypeId::Varchar, KeyForm::Address),
    {"decimal", {.type = {TypeId::Varchar}}, KeyForm::Decimal, "{0}"},
}};

/// "decimal(12,2)" is decimal and 12,2.
std::pair<std::string_view, std::string_view> without_modifier(std::string_view type) {
    const std::size_t open = type.find('(');
    if (open == std::string_view::npos || !type.ends_with(')')) return {type, {}};
    return {type.substr(0, open), type.substr(open + 1, type.size() - open - 2)};
}

const Known& known_of(std::string_view type) {
    static constexpr Known kOther = {
        "", {.type = {TypeId::Varchar}, .fidelity = Fidelity::Text, .note = "the server's text"}};
    const std::string_view plain = type.substr(0, type.find(kCharset));
    const auto found = std::ranges::find(kKnown, without_modifier(plain).first, &Known::name);
    return found == kKnown.end() ? kOther : *found;
}

Typing typing_of_decimal(std::string_view modifier) {
    const auto parts = split(modifier, ',');
    const auto precision = parts.size() == 2 ? parse_int64(parts[0]) : std::nullopt;
    const auto scale = parts.size() == 2 ? parse_int64(parts[1]) : std::nullopt;
    constexpr std::int64_t kWidthMax = 38;
    const bool is_held = precision && scale && *precision >= 1 && *precision <= kWidthMax &&
                         *scale >= 0 && *scale <= *precision;
    if (!is_held) {
        return {.type = {TypeId::Varchar},
                .fidelity = Fidelity::Text,
                .note = "numbers of more digits than the 38 of a DECIMAL"};
    }
    return {.type = {TypeId::Decimal, static_cast<std::uint8_t>(*precision),
                     static_cast<std::uint8_t>(*scale)},
            .wire = Wire::Decimal};
}

}  // namespace

Typing typing_of(std::string_view type) {
    const auto [name, modifier] = without_modifier(type);
    if (name == "decimal") return typing_of_decimal(modifier);
    Typing typing = known_of(type).typing;
    if (type == "bit(1)") typing.type = {TypeId::Boolean};
    if (has_charset(type)) {
        typing.selection = kMarkedText;
        typing.note = "a character that Unicode does not have is a value error";
    }
    return typing;
}

std::string type_in_charset(std::string_view type, std::string_view charset) {
    return fmt::format("{}{}{}", type, kCharset, charset);
}

Typing typing_of(const SourceColumn& column) {
    const Typing natural = typing_of(column.source_type);
    const Known& known = known_of(column.source_type);
    const bool is_text = column.on_value_error == OnValueError::Text;
    if (natural.type == column.type && !is_text) return natural;
    if (column.source_type == "tinyint(1)" && column.type.id == TypeId::Boolean && !is_text) {
        return {.type = column.type, .fidelity = Fidelity::Compatible, .wire = Wire::Int8};
    }
    return {.type = is_text ? columnar::Type{TypeId::Varchar} : column.type,
            .fidelity = is_text ? Fidelity::Text : Fidelity::Compatible,
            .wire = Wire::TypedByText,
            .selection = has_charset(column.source_type) ? kMarkedText : known.text,
            .note = is_text ? "the server's text" : ""};
}

KeyForm key_form(std::string_view type) { return known_of(type).key_form; }

bool is_indexable(KeyForm form) {
    return form != KeyForm::Ordinal && form != KeyForm::Spelled && form != KeyForm::None;
}

}  // namespace trueup::extract::mysql_source
