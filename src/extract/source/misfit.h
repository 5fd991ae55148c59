#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "extract/source/source.h"
#include "extract/source/text_decode.h"

/// What a reader does with a value that its column's type does not have.
namespace trueup::extract {

/// "orders.total, id 7", or "orders.total, row 12" where there is no key.
std::string place_of_value(const Relation& relation, const SourceColumn& column,
                           const ChunkKey* key, const Key& values, std::int64_t rows_before);

struct Misfit {
    std::string place;  // As above.
    std::string kind;   // What it is at the source: "integer", "datetime(6)".
    std::string shown;  // The value as text.
    std::uint64_t bytes = 0;
};

/// Makes the value NULL where the configuration says so, counts it, and says true.
bool is_nulled(const SourceColumn& column, Decoded decoded, columnar::Column& values,
               std::size_t row, std::int64_t& values_nulled);
/// The error for what remains: TooLong, or a Misfit.
std::unexpected<Error> value_error(const SourceColumn& column, Decoded decoded,
                                   const Misfit& misfit);

}  // namespace trueup::extract
