#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "extract/source/postgres_parts.h"

namespace trueup::extract::postgres_source {
namespace {

using columnar::TypeId;

struct Known {
    std::string_view name;  // Without what stands in parentheses.
    Typing typing;
};

constexpr std::array<Known, 20> kKnown = {{
    {"\"char\"", {.type = {TypeId::Varchar}}},
    {"bigint", {.type = {TypeId::BigInt}, .wire = Wire::Int8}},
    {"boolean", {.type = {TypeId::Boolean}, .wire = Wire::Bool}},
    {"bpchar", {.type = {TypeId::Varchar}}},
    {"bytea", {.type = {TypeId::Blob}}},
    {"character", {.type = {TypeId::Varchar}}},
    {"character varying", {.type = {TypeId::Varchar}}},
    {"date", {.type = {TypeId::Date}, .wire = Wire::Date}},
    {"double precision", {.type = {TypeId::Double}, .wire = Wire::Float8}},
    {"integer", {.type = {TypeId::Integer}, .wire = Wire::Int4}},
    {"json", {.type = {TypeId::Json}}},
    {"jsonb", {.type = {TypeId::Json}, .wire = Wire::Jsonb}},
    {"name", {.type = {TypeId::Varchar}}},
    {"oid", {.type = {TypeId::UInteger}, .wire = Wire::Oid}},
    {"real", {.type = {TypeId::Float}, .wire = Wire::Float4}},
    {"smallint", {.type = {TypeId::SmallInt}, .wire = Wire::Int2}},
    {"text", {.type = {TypeId::Varchar}}},
    {"time without time zone", {.type = {TypeId::Time}, .wire = Wire::Time}},
    {"timestamp without time zone", {.type = {TypeId::Timestamp}, .wire = Wire::Timestamp}},
    {"uuid", {.type = {TypeId::Uuid}, .wire = Wire::Uuid}},
}};
/// As the type's own output function writes it. A cast may differ: that of inet adds "/128", that
/// of character(n) takes the blanks.
constexpr std::string_view kServerText =
    "CASE WHEN {0} IS DISTINCT FROM NULL THEN pg_catalog.concat({0}) END";
constexpr Typing kTimestampTz = {.type = {TypeId::TimestampTz}, .wire = Wire::Timestamp};
constexpr Typing kNumericText = {.type = {TypeId::Varchar},
                                 .fidelity = Fidelity::Text,
                                 .selection = kServerText,
                                 .note = "numbers of more digits than the 38 of a DECIMAL"};
constexpr Typing kJsonArray = {.type = {TypeId::Json},
                               .fidelity = Fidelity::Text,
                               .selection = "pg_catalog.to_json({0})",
                               .note = "an array, as the JSON that the server makes of it"};
/// Each element as its type's own output function writes it, the blanks of character(n) excepted.
constexpr std::string_view kTextElements = "{0}::pg_catalog.text[]";
constexpr Typing kText = {.type = {TypeId::Varchar},
                          .fidelity = Fidelity::Text,
                          .selection = kServerText,
                          .note = "the server's text"};

/// "numeric(12,2)" is numeric and 12,2; "timestamp(3) without time zone" keeps its end.
std::pair<std::string, std::string_view> without_modifier(std::string_view type) {
    const std::size_t open = type.find('(');
    const std::size_t close = type.find(')', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
        return {std::string(type), {}};
    }
    std::string name(type.substr(0, open));
    name += type.substr(close + 1);
    return {std::move(name), type.substr(open + 1, close - open - 1)};
}

/// A scale may be negative (tens, hundreds) or larger than the precision (0.00123).
Typing typing_of_numeric(std::string_view modifier) {
    const auto parts = split(modifier, ',');
    if (modifier.empty() || parts.size() != 2) return kNumericText;
    const auto precision = parse_int64(parts[0]);
    const auto scale = parse_int64(parts[1]);
    if (!precision || !scale) return kNumericText;
    const std::int64_t width = *scale < 0 ? *precision - *scale : std::max(*precision, *scale);
    if (width > 38) return kNumericText;
    return {.type = {TypeId::Decimal, static_cast<std::uint8_t>(width),
                     static_cast<std::uint8_t>(std::max<std::int64_t>(*scale, 0))},
            .wire = Wire::Numeric};
}

constexpr std::string_view kArrayEnd = "[]";

/// A list, when the elements are what a part has; else JSON. So are arrays that are declared with
/// more dimensions: "integer[][]".
Typing typing_of_array(std::string_view element_type) {
    if (element_type.ends_with(kArrayEnd)) return kJsonArray;
    const Typing element = typing_of(element_type);
    const bool is_numeric_text = element.note == kNumericText.note;
    const bool is_plain = element.selection == Typing{}.selection;
    if (!is_plain && !is_numeric_text) return kJsonArray;
    Typing list = {.type = columnar::list_of(element.type),
                   .fidelity = Fidelity::Compatible,
                   .wire = Wire::Array,
                   .note = "an array; one of more than one dimension is a value error"};
    if (is_plain) return list;
    list.fidelity = element.fidelity;
    list.wire = Wire::TextArray;
    list.selection = kTextElements;
    return list;
}

}  // namespace

Typing typing_of(std::string_view type) {
    if (type.ends_with(kArrayEnd)) {
        return typing_of_array(type.substr(0, type.size() - kArrayEnd.size()));
    }
    const auto [name, modifier] = without_modifier(type);
    if (name == "numeric") return typing_of_numeric(modifier);
    if (name == "timestamp with time zone") return kTimestampTz;
    const auto known = std::ranges::find(kKnown, name, &Known::name);
    return known == kKnown.end() ? kText : known->typing;
}

Typing typing_of(const SourceColumn& column) {
    const Typing natural = typing_of(column.source_type);
    if (column.on_value_error == OnValueError::Text) return kText;
    if (natural.type == column.type) return natural;
    const bool is_array = column.source_type.ends_with(kArrayEnd);
    if (is_array && column.type.id == TypeId::Json) return kJsonArray;
    if (is_array && column.type.id == TypeId::List) {
        return {.type = column.type,
                .fidelity = Fidelity::Compatible,
                .wire = Wire::TextArray,
                .selection = kTextElements};
    }
    return {.type = column.type,
            .fidelity = Fidelity::Compatible,
            .wire = Wire::TypedByText,
            .selection = kServerText};
}

std::string key_type_of(std::string_view type) {
    std::string name = without_modifier(type).first;
    // Without a length these mean one of 1.
    if (name == "character") return "bpchar";
    return name == "bit" ? "bit varying" : name;
}

}  // namespace trueup::extract::postgres_source
