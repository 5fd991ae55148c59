#pragma once

#include "base/result.h"

namespace trueup::columnar {

/// Loads DuckDB's library, once for the process; nothing of it may be called before. Failed, with
/// what the system says, when it is not found beside the program or is of another version.
Status load_duckdb();

/// From here on memory that DuckDB frees goes back to the system at once and is fetched again when
/// it is needed. Its allocator otherwise holds some 10 MB for each worker; a fifth of the CPU time
/// is the price. After load_duckdb(); for the whole process. False, and nothing changes, in a build
/// of DuckDB without jemalloc.
bool keep_no_free_memory();

}  // namespace trueup::columnar
