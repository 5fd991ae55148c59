#pragma once

#include "base/result.h"

namespace trueup::columnar {

/// Loads DuckDB's library, once for the process; nothing of it may be called before. Failed, with
/// what the system says, when it is not found beside the program or is of another version.
Status load_duckdb();

}  // namespace trueup::columnar
