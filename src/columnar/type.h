#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trueup::columnar {

/// The types a column of a part may have: those that Parquet keeps exactly.
enum class TypeId : std::uint8_t {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    UTinyInt,
    USmallInt,
    UInteger,
    UBigInt,
    Float,
    Double,
    Decimal,
    Varchar,
    Json,
    Blob,
    Uuid,
    Date,         // Days since 1970-01-01.
    Time,         // Microseconds since midnight.
    Timestamp,    // Microseconds since 1970-01-01 00:00, no zone.
    TimestampNs,  // Nanoseconds since 1970-01-01 00:00, no zone.
    TimestampTz,  // Microseconds since 1970-01-01T00:00Z.
    List,         // Of any of those above; of lists there are none.
};

struct Type {
    TypeId id = TypeId::Varchar;
    std::uint8_t width = 0;  // Decimal only: digits in all, 1 to 38.
    std::uint8_t scale = 0;  // Decimal only: digits after the point, at most `width`.
    /// List only: what it is a list of. Width and scale are then those of the elements.
    TypeId element = TypeId::Varchar;

    bool operator==(const Type&) const = default;
};

/// `element` is no list itself.
Type list_of(Type element);
Type element_of(Type list);

/// The DuckDB name: "BIGINT", "DECIMAL(12,2)", "TIMESTAMP WITH TIME ZONE", "BIGINT[]".
std::string name_of(Type type);

/// The type of a canonical DuckDB name as name_of() writes it (letter case does not matter), and of
/// DuckDB's common aliases; nothing for a type that parts do not have.
std::optional<Type> parse_type(std::string_view name);

/// Bytes of one value in a batch: 1 to 16. Texts, JSON and blobs are 16-byte references, lists
/// 16-byte entries.
std::size_t value_bytes(Type type);

/// Varchar, Json or Blob: values are BytesRef.
bool is_bytes(Type type);

}  // namespace trueup::columnar
