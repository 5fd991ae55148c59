#include "mysql/result_column.h"

#include <fmt/format.h>
#include <mysql.h>

#include <string_view>

namespace trueup::mysql {
namespace {

/// What libmariadb's header does not know: vectors of MySQL 9.
constexpr int kVector = 242;
constexpr unsigned int kBinaryCharset = 63;
constexpr unsigned int kFractionMax = 6;

/// What MariaDB says beyond the protocol's types: "json", "uuid", "inet6", "point".
std::string_view attribute(const MYSQL_FIELD& field, mariadb_field_attr_t kind) {
    MARIADB_CONST_STRING text{};
    if (mariadb_field_attr(&text, &field, kind) != 0 || text.str == nullptr) return {};
    return {text.str, text.length};
}

std::string_view of_own_name(const MYSQL_FIELD& field) {
    if (attribute(field, MARIADB_FIELD_ATTR_FORMAT_NAME) == "json") return "json";
    const std::string_view name = attribute(field, MARIADB_FIELD_ATTR_DATA_TYPE_NAME);
    for (const std::string_view known : {"uuid", "inet6", "inet4"}) {
        if (name == known) return known;
    }
    return {};
}

std::string with_sign(std::string_view name, const MYSQL_FIELD& field) {
    return fmt::format("{}{}", name, (field.flags & UNSIGNED_FLAG) != 0 ? " unsigned" : "");
}

/// The length holds a place for the sign, and one for the point.
std::string decimal_name(const MYSQL_FIELD& field) {
    const bool is_signed = (field.flags & UNSIGNED_FLAG) == 0;
    const unsigned long other = (is_signed ? 1U : 0U) + (field.decimals > 0 ? 1U : 0U);
    const unsigned long digits = field.length > other ? field.length - other : 1;
    return fmt::format("decimal({},{})", digits, field.decimals);
}

std::string with_fraction(std::string_view name, const MYSQL_FIELD& field) {
    if (field.decimals == 0 || field.decimals > kFractionMax) return std::string(name);
    return fmt::format("{}({})", name, field.decimals);
}

std::string string_name(const MYSQL_FIELD& field) {
    if (const auto own = of_own_name(field); !own.empty()) return std::string(own);
    if ((field.flags & ENUM_FLAG) != 0) return "enum";
    if ((field.flags & SET_FLAG) != 0) return "set";
    const bool is_binary = field.charsetnr == kBinaryCharset;
    switch (static_cast<int>(field.type)) {
        case MYSQL_TYPE_STRING: return is_binary ? "binary" : "char";
        case MYSQL_TYPE_VARCHAR:
        case MYSQL_TYPE_VAR_STRING: return is_binary ? "varbinary" : "varchar";
        default: return is_binary ? "blob" : "text";
    }
}

std::string type_name(const MYSQL_FIELD& field) {
    switch (static_cast<int>(field.type)) {
        case MYSQL_TYPE_TINY:
            if (field.length == 1 && (field.flags & UNSIGNED_FLAG) == 0) return "tinyint(1)";
            return with_sign("tinyint", field);
        case MYSQL_TYPE_SHORT: return with_sign("smallint", field);
        case MYSQL_TYPE_INT24: return with_sign("mediumint", field);
        case MYSQL_TYPE_LONG: return with_sign("int", field);
        case MYSQL_TYPE_LONGLONG: return with_sign("bigint", field);
        case MYSQL_TYPE_YEAR: return "year";
        case MYSQL_TYPE_FLOAT: return "float";
        case MYSQL_TYPE_DOUBLE: return "double";
        case MYSQL_TYPE_DECIMAL:
        case MYSQL_TYPE_NEWDECIMAL: return decimal_name(field);
        case MYSQL_TYPE_DATE:
        case MYSQL_TYPE_NEWDATE: return "date";
        case MYSQL_TYPE_TIME: return with_fraction("time", field);
        case MYSQL_TYPE_DATETIME: return with_fraction("datetime", field);
        case MYSQL_TYPE_TIMESTAMP: return with_fraction("timestamp", field);
        case MYSQL_TYPE_BIT: return fmt::format("bit({})", field.length);
        case MYSQL_TYPE_JSON: return "json";
        case MYSQL_TYPE_GEOMETRY: return "geometry";
        case kVector: return "vector";
        default: return string_name(field);
    }
}

std::size_t fixed_bytes(const MYSQL_FIELD& field) {
    switch (field.type) {
        case MYSQL_TYPE_TINY: return 1;
        case MYSQL_TYPE_SHORT:
        case MYSQL_TYPE_YEAR: return 2;
        case MYSQL_TYPE_INT24:
        case MYSQL_TYPE_LONG:
        case MYSQL_TYPE_FLOAT: return 4;
        case MYSQL_TYPE_LONGLONG:
        case MYSQL_TYPE_DOUBLE: return 8;
        default: return 0;
    }
}

}  // namespace

ResultColumn result_column(const st_mysql_field& field) {
    return {.name = {field.name, field.name_length},
            .type = type_name(field),
            .is_nullable = (field.flags & NOT_NULL_FLAG) == 0,
            .fixed_bytes = fixed_bytes(field)};
}

}  // namespace trueup::mysql
