#pragma once

#include <cstdint>

namespace trueup::extract::postgres_source {

/// How a column travels: in what binary form (PostgreSQL's send functions), or as text.
enum class Wire : std::uint8_t {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Numeric,      // Base 10,000 digits: src/backend/utils/adt/numeric.c, numeric_send.
    Bytes,        // Text and bytea: as they are.
    Jsonb,        // A version byte, then text.
    Uuid,         // 16 bytes.
    Date,         // Days since 2000-01-01.
    Time,         // Microseconds since midnight.
    Timestamp,    // Microseconds since 2000-01-01, with or without a zone.
    Tid,          // Where a row is stored: block and place in it. Only of keys.
    TypedByText,  // The server's text, read as the column's type.
    Array,        // Of what a column of lists holds: array_send of adt/arrayfuncs.c.
    TextArray,    // Of the server's texts, read as the type of the column's elements.
};

}  // namespace trueup::extract::postgres_source
