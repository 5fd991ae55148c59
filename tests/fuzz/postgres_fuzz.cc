// Any bytes are what a PostgreSQL server sends: the header of a COPY, then rows whose fields are
// decoded in every form and as every type.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "extract/source/postgres_copy.h"
#include "extract/source/postgres_decode.h"

namespace {

using namespace trueup;  // NOLINT(google-build-using-namespace): one file.
using namespace trueup::extract::postgres_source;  // NOLINT(google-build-using-namespace): the
                                                   // same.
using columnar::Type;
using columnar::TypeId;

constexpr std::array<Type, 11> kTypes = {{{TypeId::Boolean},
                                          {TypeId::SmallInt},
                                          {TypeId::Integer},
                                          {TypeId::BigInt},
                                          {TypeId::Float},
                                          {TypeId::Double},
                                          {TypeId::Decimal, 4, 2},
                                          {TypeId::Decimal, 18, 3},
                                          {TypeId::Decimal, 38, 10},
                                          {TypeId::Varchar},
                                          {TypeId::TimestampNs}}};

constexpr std::array<Type, 17> kElements = {{{TypeId::Boolean},
                                             {TypeId::SmallInt},
                                             {TypeId::Integer},
                                             {TypeId::BigInt},
                                             {TypeId::UInteger},
                                             {TypeId::Float},
                                             {TypeId::Double},
                                             {TypeId::Decimal, 4, 2},
                                             {TypeId::Decimal, 38, 10},
                                             {TypeId::Varchar},
                                             {TypeId::Json},
                                             {TypeId::Blob},
                                             {TypeId::Uuid},
                                             {TypeId::Date},
                                             {TypeId::Time},
                                             {TypeId::Timestamp},
                                             {TypeId::TimestampTz}}};

void check_form(Wire form, Type type, std::string_view bytes) {
    columnar::Column column(type);
    column.use_own();
    const DecodeLimits limits{.value_bytes_max = 1000, .checks_utf8 = true};
    const Decoded decoded = decode_value(form, bytes, column, 0, limits);
    if (decoded == Decoded::Misfit) CHECK(!invalid_utf8_at(text_of_value(form, bytes, type)));
}

/// Twice into one column: what the first one left behind must not be in the way of the second.
void check_list(Wire form, Type type, std::string_view bytes) {
    columnar::Column column(type);
    const DecodeLimits limits{.value_bytes_max = 1000, .checks_utf8 = true};
    for (const std::size_t row : {0U, 1U}) {
        const std::size_t before = column.elements_size();
        const Decoded decoded = decode_value(form, bytes, column, row, limits);
        if (decoded == Decoded::Misfit) CHECK(!invalid_utf8_at(text_of_value(form, bytes, type)));
        const auto entry = column.values<columnar::ListEntry>()[row];
        const std::size_t added = decoded == Decoded::Yes ? entry.length : 0;
        CHECK(column.elements_size() == before + added);
        CHECK(added <= bytes.size() / 4);
    }
}

/// Each form with a type that columns of it have, and the text form with every type.
void check_field(std::string_view bytes) {
    check_form(Wire::Bool, {TypeId::Boolean}, bytes);
    check_form(Wire::Int2, {TypeId::SmallInt}, bytes);
    check_form(Wire::Int4, {TypeId::Integer}, bytes);
    check_form(Wire::Int8, {TypeId::BigInt}, bytes);
    check_form(Wire::Float4, {TypeId::Float}, bytes);
    check_form(Wire::Float8, {TypeId::Double}, bytes);
    for (const std::size_t i : {6U, 7U, 8U}) check_form(Wire::Numeric, kTypes.at(i), bytes);
    check_form(Wire::Bytes, {TypeId::Varchar}, bytes);
    check_form(Wire::Jsonb, {TypeId::Json}, bytes);
    check_form(Wire::Uuid, {TypeId::Uuid}, bytes);
    check_form(Wire::Date, {TypeId::Date}, bytes);
    check_form(Wire::Time, {TypeId::Time}, bytes);
    check_form(Wire::Timestamp, {TypeId::Timestamp}, bytes);
    for (const Type& type : kTypes) check_form(Wire::TypedByText, type, bytes);
    for (const Type& type : kElements) check_list(Wire::Array, columnar::list_of(type), bytes);
    for (const Type& type : kTypes) check_list(Wire::TextArray, columnar::list_of(type), bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string_view rows = behind_copy_header(bytes).value_or(bytes);
    CopyFields fields(rows);
    const int count = fields.number16();
    for (int i = 0; i < count && !fields.is_lost() && !fields.rest().empty(); ++i) {
        if (const auto field = fields.field()) check_field(*field);
    }
    check_field(bytes);
    return 0;
}
