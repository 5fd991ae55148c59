#pragma once

#include <cstdint>

namespace trueup::extract::mysql_source {

/// How a column travels in a row of a prepared statement
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html), or as
/// text.
enum class Wire : std::uint8_t {
    Int8,
    UInt8,
    Int16,  // Also of a year.
    UInt16,
    Int32,  // Also of a mediumint.
    UInt32,
    Int64,
    UInt64,
    Float,
    Double,
    Decimal,      // Digits, with a point and a sign.
    Date,         // Year, month, day; nothing for the zero date.
    Datetime,     // The same, and a time as far as it is not zero.
    Time,         // A sign, days, hours to seconds, microseconds; nothing for zero.
    Bit,          // Bytes, the highest first.
    Bytes,        // Text and blobs: as they are.
    Geometry,     // Four bytes that name the reference system, then WKB.
    TypedByText,  // The server's text, read as the column's type.
};

}  // namespace trueup::extract::mysql_source
