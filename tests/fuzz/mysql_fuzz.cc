// Any bytes are what a MySQL server sends: the length-encoded fields of a row, each decoded in
// every form and as every type that goes with it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "extract/source/mysql_decode.h"
#include "mysql/row_stream.h"

namespace {

using namespace trueup;                         // NOLINT(google-build-using-namespace): one file.
using namespace trueup::extract::mysql_source;  // NOLINT(google-build-using-namespace): the same.
using columnar::Type;
using columnar::TypeId;

struct Form {
    Wire wire;
    Type type;
};

constexpr std::array<Form, 36> kForms = {{
    {Wire::Int8, {TypeId::TinyInt}},
    {Wire::Int8, {TypeId::Boolean}},
    {Wire::UInt8, {TypeId::UTinyInt}},
    {Wire::Int16, {TypeId::SmallInt}},
    {Wire::UInt16, {TypeId::USmallInt}},
    {Wire::Int32, {TypeId::Integer}},
    {Wire::UInt32, {TypeId::UInteger}},
    {Wire::Int64, {TypeId::BigInt}},
    {Wire::UInt64, {TypeId::UBigInt}},
    {Wire::Float, {TypeId::Float}},
    {Wire::Double, {TypeId::Double}},
    {Wire::Decimal, {TypeId::Decimal, 4, 2}},
    {Wire::Decimal, {TypeId::Decimal, 9, 9}},
    {Wire::Decimal, {TypeId::Decimal, 18, 0}},
    {Wire::Decimal, {TypeId::Decimal, 38, 10}},
    {Wire::Date, {TypeId::Date}},
    {Wire::Datetime, {TypeId::Timestamp}},
    {Wire::Datetime, {TypeId::TimestampTz}},
    {Wire::Time, {TypeId::Time}},
    {Wire::Bit, {TypeId::UBigInt}},
    {Wire::Bit, {TypeId::Boolean}},
    {Wire::Bytes, {TypeId::Varchar}},
    {Wire::Bytes, {TypeId::Blob}},
    {Wire::Geometry, {TypeId::Blob}},
    {Wire::TypedByText, {TypeId::Varchar}},
    {Wire::TypedByText, {TypeId::Blob}},
    {Wire::TypedByText, {TypeId::Uuid}},
    {Wire::TypedByText, {TypeId::BigInt}},
    {Wire::TypedByText, {TypeId::UBigInt}},
    {Wire::TypedByText, {TypeId::Double}},
    {Wire::TypedByText, {TypeId::Boolean}},
    {Wire::TypedByText, {TypeId::Decimal, 38, 38}},
    {Wire::TypedByText, {TypeId::Date}},
    {Wire::TypedByText, {TypeId::Time}},
    {Wire::TypedByText, {TypeId::TimestampNs}},
    {Wire::TypedByText, {TypeId::TimestampTz}},
}};

void check_field(std::string_view bytes) {
    const DecodeLimits limits{.value_bytes_max = 1000, .checks_utf8 = true};
    for (const Form& form : kForms) {
        columnar::Column column(form.type);
        column.use_own();
        const Decoded decoded = decode_value(form.wire, bytes, column, 0, limits);
        if (decoded == Decoded::Misfit) CHECK(!invalid_utf8_at(text_of_value(form.wire, bytes)));
    }
}

/// As libmariadb hands a row over: one value after another, by the callback.
void check_row(const std::uint8_t* data, std::size_t size) {
    const std::uint8_t* const end = data + size;
    mysql::FetchedRow row;
    row.fixed_bytes = {8, 4, 2, 1};
    row.fixed_bytes.resize(16, 0);
    row.fields.resize(row.fixed_bytes.size());
    row.buffer_end = &end;
    auto* at = const_cast<std::uint8_t*>(data);  // NOLINT: the library's type.
    for (std::size_t column = 0; column < row.fields.size() && !row.is_torn; ++column) {
        row.take(column, &at);
        CHECK(at >= data);
        CHECK(at <= end);
        if (row.fields[column]) check_field(*row.fields[column]);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_field({reinterpret_cast<const char*>(data), size});
    check_row(data, size);
    return 0;
}
