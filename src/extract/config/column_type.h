#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace trueup::extract {

/// The canonical DuckDB name of a type written as in DuckDB or in rivet, in any case: "int8" and
/// "bigint" are BIGINT, "numeric(10, 2)" is DECIMAL(10,2), "timestamptz" is TIMESTAMP WITH TIME
/// ZONE, "text[]" is VARCHAR[]. Errors (Config) are the end of a sentence that begins with the
/// column: `has the unknown type "bigit" (did you mean "bigint"?)`.
Result<std::string> canonical_type(std::string_view text);

}  // namespace trueup::extract
