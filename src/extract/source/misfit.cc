#include "extract/source/misfit.h"

#include <fmt/format.h>

#include "base/text.h"

namespace trueup::extract {
namespace {

// For the column {0} of the type {1}.
constexpr std::string_view kCure =
    "give the column another type (columns: {{{0}: text}}), or let such values be text or NULL "
    "(columns: {{{0}: {{type: {1}, on_value_error: text}}}})";
constexpr std::string_view kListCure =
    "columns: {{{0}: json}} keeps every array; columns: {{{0}: {{type: \"{1}\", on_value_error: "
    "null}}}} makes such values NULL";

}  // namespace

std::string place_of_value(const Relation& relation, const SourceColumn& column,
                           const ChunkKey* key, const Key& values, std::int64_t rows_before) {
    if (key == nullptr || values.empty()) {
        return fmt::format("{}.{}, row {}", relation.name, column.name, rows_before + 1);
    }
    return fmt::format("{}.{}, {} {}", relation.name, column.name, text_of(*key), text_of(values));
}

bool is_nulled(const SourceColumn& column, Decoded decoded, columnar::Column& values,
               std::size_t row, std::int64_t& values_nulled) {
    if (decoded != Decoded::Misfit || column.on_value_error != OnValueError::Null) return false;
    put_null(values, row);
    ++values_nulled;
    return true;
}

std::unexpected<Error> value_error(const SourceColumn& column, Decoded decoded,
                                   const Misfit& misfit) {
    if (decoded == Decoded::TooLong) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: a value of {} is longer than tuning.max_value_mb allows",
                                misfit.place, human_bytes(misfit.bytes)));
    }
    constexpr std::size_t kShownMax = 60;
    std::string shown = misfit.shown;
    if (shown.size() > kShownMax) shown = shown.substr(0, kShownMax) + "…";
    const std::string type = columnar::name_of(column.type);
    const bool is_list = column.type.id == columnar::TypeId::List;
    return fail(
        ErrorClass::Failed,
        fmt::format("{}: the {} {} is no {}", misfit.place, misfit.kind, printable(shown), type),
        fmt::format(fmt::runtime(is_list ? kListCure : kCure), column.name, lower_ascii(type)));
}

}  // namespace trueup::extract
