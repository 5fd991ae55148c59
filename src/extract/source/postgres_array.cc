#include "extract/source/postgres_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "extract/source/postgres_copy.h"
#include "extract/source/postgres_decode.h"

namespace trueup::extract::postgres_source {
namespace {

using columnar::Column;
using columnar::TypeId;

/// The elements of an array of one dimension, or of none; nothing when it is no array at all.
struct Array {
    int dimensions = 0;
    std::uint32_t element = 0;  // The number of its type.
    std::size_t count = 0;
    CopyFields elements{std::string_view()};  // Framed as those of a row are.
};

std::optional<Array> read_array(std::string_view bytes) {
    constexpr int kDimensionsMax = 6;
    CopyFields fields(bytes);
    Array array{.dimensions = fields.number32()};
    const std::int32_t flags = fields.number32();  // 1: there may be NULLs.
    array.element = static_cast<std::uint32_t>(fields.number32());
    const bool is_known = array.dimensions >= 0 && array.dimensions <= kDimensionsMax;
    if (!is_known || (flags != 0 && flags != 1)) return std::nullopt;
    for (int i = 0; i < array.dimensions; ++i) {
        const std::int32_t count = fields.number32();
        fields.number32();  // Where counting begins: a list has no such thing.
        if (count < 0) return std::nullopt;
        array.count = static_cast<std::size_t>(count);
    }
    // An element takes four bytes at least, so no count makes us reserve more than was sent.
    const bool is_flat = array.dimensions <= 1;
    if (fields.is_lost() || (is_flat && array.count > fields.rest().size() / 4)) {
        return std::nullopt;
    }
    array.elements = fields;
    return array;
}

/// How elements of a type travel, and which lists hold them.
struct ElementForm {
    std::uint32_t oid;  // src/include/catalog/pg_type.dat.
    TypeId type;
    Wire wire;
};
constexpr std::uint32_t kTextOid = 25;
constexpr std::array<ElementForm, 21> kElementForms = {{
    {16, TypeId::Boolean, Wire::Bool},          {17, TypeId::Blob, Wire::Bytes},
    {18, TypeId::Varchar, Wire::Bytes},  // "char"
    {19, TypeId::Varchar, Wire::Bytes},  // name
    {20, TypeId::BigInt, Wire::Int8},           {21, TypeId::SmallInt, Wire::Int2},
    {23, TypeId::Integer, Wire::Int4},          {kTextOid, TypeId::Varchar, Wire::Bytes},
    {26, TypeId::UInteger, Wire::Oid},          {114, TypeId::Json, Wire::Bytes},
    {700, TypeId::Float, Wire::Float4},         {701, TypeId::Double, Wire::Float8},
    {1042, TypeId::Varchar, Wire::Bytes},  // character(n)
    {1043, TypeId::Varchar, Wire::Bytes},  // character varying
    {1082, TypeId::Date, Wire::Date},           {1083, TypeId::Time, Wire::Time},
    {1114, TypeId::Timestamp, Wire::Timestamp}, {1184, TypeId::TimestampTz, Wire::Timestamp},
    {1700, TypeId::Decimal, Wire::Numeric},     {2950, TypeId::Uuid, Wire::Uuid},
    {3802, TypeId::Json, Wire::Jsonb},
}};

/// Nothing for elements that a list of `type` does not hold.
std::optional<Wire> element_wire(Wire wire, std::uint32_t oid, TypeId type) {
    if (wire == Wire::TextArray) {
        return oid == kTextOid ? std::optional(Wire::TypedByText) : std::nullopt;
    }
    const auto found = std::ranges::find_if(kElementForms, [&](const ElementForm& form) {
        return form.oid == oid && form.type == type;
    });
    return found == kElementForms.end() ? std::nullopt : std::optional(found->wire);
}

}  // namespace

Decoded decode_array(Wire wire, std::string_view bytes, Column& column, std::size_t row,
                     const DecodeLimits& limits) {
    if (limits.value_bytes_max != 0 && bytes.size() > limits.value_bytes_max) {
        return Decoded::TooLong;
    }
    auto array = read_array(bytes);
    if (!array) return Decoded::Malformed;
    const auto form = element_wire(wire, array->element, column.elements().type().id);
    if (!form) return Decoded::Malformed;
    if (array->dimensions > 1) return Decoded::Misfit;
    const std::size_t first = column.add_list(row, array->count);
    Column& elements = column.elements();
    Decoded decoded = Decoded::Yes;
    for (std::size_t i = 0; i < array->count && decoded == Decoded::Yes; ++i) {
        const auto value = array->elements.field();
        decoded = value ? decode_value(*form, *value, elements, first + i, limits)
                        : put_null(elements, first + i);
    }
    if (decoded == Decoded::Yes && !array->elements.is_whole()) decoded = Decoded::Malformed;
    if (decoded != Decoded::Yes) column.drop_list(row);
    return decoded;
}

std::string text_of_array(Wire wire, std::string_view bytes, columnar::Type type) {
    auto array = read_array(bytes);
    const auto form =
        array ? element_wire(wire, array->element, type.element) : std::optional<Wire>();
    if (!form) return "(malformed)";
    if (array->dimensions > 1) return fmt::format("of {} dimensions", array->dimensions);
    Column scratch(columnar::element_of(type));
    for (std::size_t i = 0; i < array->count; ++i) {
        const auto value = array->elements.field();
        const Decoded decoded =
            value ? decode_value(*form, *value, scratch, 0, {.checks_utf8 = true}) : Decoded::Yes;
        if (decoded != Decoded::Misfit) continue;
        return fmt::format("with {} in it", text_of_value(*form, *value, scratch.type()));
    }
    return "(malformed)";
}

}  // namespace trueup::extract::postgres_source
