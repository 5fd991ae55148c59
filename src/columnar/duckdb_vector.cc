#include "columnar/duckdb_vector.h"

#include <duckdb.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace trueup::columnar {
namespace {

duckdb_type native_id(TypeId id) {
    switch (id) {
        case TypeId::Boolean: return DUCKDB_TYPE_BOOLEAN;
        case TypeId::TinyInt: return DUCKDB_TYPE_TINYINT;
        case TypeId::SmallInt: return DUCKDB_TYPE_SMALLINT;
        case TypeId::Integer: return DUCKDB_TYPE_INTEGER;
        case TypeId::BigInt: return DUCKDB_TYPE_BIGINT;
        case TypeId::UTinyInt: return DUCKDB_TYPE_UTINYINT;
        case TypeId::USmallInt: return DUCKDB_TYPE_USMALLINT;
        case TypeId::UInteger: return DUCKDB_TYPE_UINTEGER;
        case TypeId::UBigInt: return DUCKDB_TYPE_UBIGINT;
        case TypeId::Float: return DUCKDB_TYPE_FLOAT;
        case TypeId::Double: return DUCKDB_TYPE_DOUBLE;
        case TypeId::Decimal: return DUCKDB_TYPE_DECIMAL;
        case TypeId::Varchar:
        case TypeId::Json: return DUCKDB_TYPE_VARCHAR;
        case TypeId::Blob: return DUCKDB_TYPE_BLOB;
        case TypeId::Uuid: return DUCKDB_TYPE_UUID;
        case TypeId::Date: return DUCKDB_TYPE_DATE;
        case TypeId::Time: return DUCKDB_TYPE_TIME;
        case TypeId::Timestamp: return DUCKDB_TYPE_TIMESTAMP;
        case TypeId::TimestampNs: return DUCKDB_TYPE_TIMESTAMP_NS;
        case TypeId::TimestampTz: return DUCKDB_TYPE_TIMESTAMP_TZ;
        case TypeId::List: return DUCKDB_TYPE_LIST;
    }
    std::unreachable();
}

void copy_validity(const Column& column, duckdb_vector vector, std::size_t rows) {
    duckdb_vector_ensure_validity_writable(vector);
    std::memcpy(duckdb_vector_get_validity(vector), column.validity().data(),
                (rows + 63) / 64 * sizeof(std::uint64_t));
}

// The entries of the lists stand in the vector already, and count from its first element.
void give_elements(const Column& column, duckdb_vector vector) {
    const Column& elements = column.elements();
    const std::size_t size = column.elements_size();
    CHECK(duckdb_list_vector_reserve(vector, size) == DuckDBSuccess);
    CHECK(duckdb_list_vector_set_size(vector, size) == DuckDBSuccess);
    duckdb_vector child = duckdb_list_vector_get_child(vector);
    std::memcpy(duckdb_vector_get_data(child), elements.values<std::byte>(),
                size * value_bytes(elements.type()));
    if (elements.has_nulls()) copy_validity(elements, child, size);
}

/// All that the vector has; its entries are ours now.
void take_elements(duckdb_vector vector, std::size_t rows, Column& column) {
    const std::size_t size = duckdb_list_vector_get_size(vector);
    CHECK(column.add_elements(size) == 0);
    take_vector(duckdb_list_vector_get_child(vector), size, column.elements());
    auto* entries = column.values<ListEntry>();
    for (std::size_t row = 0; row < rows; ++row) {
        if (column.is_null(row)) entries[row] = {};
        CHECK(entries[row].offset <= size);
        CHECK(entries[row].length <= size - entries[row].offset);
    }
}

}  // namespace

void FreeType::operator()(_duckdb_logical_type* type) const noexcept {
    duckdb_destroy_logical_type(&type);
}

LogicalType native_type(Type type) {
    if (type.id == TypeId::List) {
        return LogicalType(duckdb_create_list_type(native_type(element_of(type)).get()));
    }
    if (type.id == TypeId::Decimal) {
        return LogicalType(duckdb_create_decimal_type(type.width, type.scale));
    }
    LogicalType made(duckdb_create_logical_type(native_id(type.id)));
    if (type.id == TypeId::Json) duckdb_logical_type_set_alias(made.get(), "JSON");
    return made;
}

std::optional<Type> our_type(duckdb_logical_type native) {
    const duckdb_type id = duckdb_get_type_id(native);
    if (id == DUCKDB_TYPE_LIST) {
        const auto element = our_type(LogicalType(duckdb_list_type_child_type(native)).get());
        if (!element || element->id == TypeId::List) return std::nullopt;
        return list_of(*element);
    }
    if (id == DUCKDB_TYPE_DECIMAL) {
        return Type{TypeId::Decimal, duckdb_decimal_width(native), duckdb_decimal_scale(native)};
    }
    if (id == DUCKDB_TYPE_VARCHAR) {
        const std::unique_ptr<char, decltype(&duckdb_free)> alias(
            duckdb_logical_type_get_alias(native), &duckdb_free);
        const bool is_json = alias && std::string_view(alias.get()) == "JSON";
        return Type{is_json ? TypeId::Json : TypeId::Varchar};
    }
    for (int i = 0; i <= static_cast<int>(TypeId::TimestampTz); ++i) {
        const auto candidate = static_cast<TypeId>(i);
        if (native_id(candidate) == id) return Type{candidate};
    }
    return std::nullopt;
}

void finish_vector(const Column& column, _duckdb_vector* vector, std::size_t rows) {
    if (column.type().id == TypeId::List) give_elements(column, vector);
    if (column.has_nulls()) copy_validity(column, vector, rows);
}

void take_vector(duckdb_vector vector, std::size_t rows, Column& column) {
    const std::size_t size = value_bytes(column.type());
    std::memcpy(column.raw(), duckdb_vector_get_data(vector), rows * size);
    if (std::uint64_t* validity = duckdb_vector_get_validity(vector)) {
        for (std::size_t row = 0; row < rows; ++row) {
            if (!duckdb_validity_row_is_valid(validity, row)) column.set_null(row);
        }
    }
    if (column.type().id == TypeId::List) take_elements(vector, rows, column);
}

}  // namespace trueup::columnar
