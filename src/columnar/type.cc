#include "columnar/type.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace trueup::columnar {
namespace {

struct Named {
    std::string_view name;
    TypeId id;
};

// The first name of an id is the canonical one.
constexpr std::array kNames = {
    Named{"BOOLEAN", TypeId::Boolean},
    Named{"BOOL", TypeId::Boolean},
    Named{"TINYINT", TypeId::TinyInt},
    Named{"SMALLINT", TypeId::SmallInt},
    Named{"INTEGER", TypeId::Integer},
    Named{"INT", TypeId::Integer},
    Named{"BIGINT", TypeId::BigInt},
    Named{"UTINYINT", TypeId::UTinyInt},
    Named{"USMALLINT", TypeId::USmallInt},
    Named{"UINTEGER", TypeId::UInteger},
    Named{"UBIGINT", TypeId::UBigInt},
    Named{"FLOAT", TypeId::Float},
    Named{"REAL", TypeId::Float},
    Named{"DOUBLE", TypeId::Double},
    Named{"VARCHAR", TypeId::Varchar},
    Named{"TEXT", TypeId::Varchar},
    Named{"JSON", TypeId::Json},
    Named{"BLOB", TypeId::Blob},
    Named{"UUID", TypeId::Uuid},
    Named{"DATE", TypeId::Date},
    Named{"TIME", TypeId::Time},
    Named{"TIMESTAMP", TypeId::Timestamp},
    Named{"TIMESTAMP_NS", TypeId::TimestampNs},
    Named{"TIMESTAMP WITH TIME ZONE", TypeId::TimestampTz},
    Named{"TIMESTAMPTZ", TypeId::TimestampTz},
};

std::optional<Type> parse_decimal(std::string_view name) {
    if (!name.starts_with("DECIMAL(") || !name.ends_with(')')) return std::nullopt;
    const auto parts = split(name.substr(8, name.size() - 9), ',');
    if (parts.size() != 2) return std::nullopt;
    const auto width = parse_int64(trim(parts[0]));
    const auto scale = parse_int64(trim(parts[1]));
    if (!width || !scale || *width < 1 || *width > 38 || *scale < 0 || *scale > *width) {
        return std::nullopt;
    }
    return Type{TypeId::Decimal, static_cast<std::uint8_t>(*width),
                static_cast<std::uint8_t>(*scale)};
}

std::size_t decimal_bytes(std::uint8_t width) {
    if (width <= 4) return 2;
    if (width <= 9) return 4;
    if (width <= 18) return 8;
    return 16;
}

}  // namespace

Type list_of(Type element) {
    CHECK(element.id != TypeId::List);
    return {TypeId::List, element.width, element.scale, element.id};
}

Type element_of(Type list) {
    CHECK(list.id == TypeId::List);
    return {list.element, list.width, list.scale};
}

std::string name_of(Type type) {
    if (type.id == TypeId::List) return name_of(element_of(type)) + "[]";
    if (type.id == TypeId::Decimal) return fmt::format("DECIMAL({},{})", type.width, type.scale);
    for (const Named& named : kNames) {
        if (named.id == type.id) return std::string(named.name);
    }
    std::unreachable();
}

std::optional<Type> parse_type(std::string_view name) {
    const std::string wanted = upper_ascii(trim(name));
    if (wanted.ends_with("[]")) {
        const auto element = parse_type(std::string_view(wanted).substr(0, wanted.size() - 2));
        if (!element || element->id == TypeId::List) return std::nullopt;
        return list_of(*element);
    }
    if (const auto decimal = parse_decimal(wanted)) return decimal;
    for (const Named& named : kNames) {
        if (named.name == wanted) return Type{named.id};
    }
    return std::nullopt;
}

std::size_t value_bytes(Type type) {
    switch (type.id) {
        case TypeId::Boolean:
        case TypeId::TinyInt:
        case TypeId::UTinyInt: return 1;
        case TypeId::SmallInt:
        case TypeId::USmallInt: return 2;
        case TypeId::Integer:
        case TypeId::UInteger:
        case TypeId::Float:
        case TypeId::Date: return 4;
        case TypeId::BigInt:
        case TypeId::UBigInt:
        case TypeId::Double:
        case TypeId::Time:
        case TypeId::Timestamp:
        case TypeId::TimestampNs:
        case TypeId::TimestampTz: return 8;
        case TypeId::Decimal: return decimal_bytes(type.width);
        case TypeId::Varchar:
        case TypeId::Json:
        case TypeId::Blob:
        case TypeId::Uuid:
        case TypeId::List: return 16;
    }
    std::unreachable();
}

bool is_bytes(Type type) {
    return type.id == TypeId::Varchar || type.id == TypeId::Json || type.id == TypeId::Blob;
}

}  // namespace trueup::columnar
