#include "columnar/duckdb_library.h"

#include "base/lazy_library.h"
#include "duckdb_lazy_names.h"

namespace trueup::columnar {
namespace {

// A sanitizer's dlopen does not know where the program looks for its libraries.
#ifdef TRUEUP_DUCKDB_LIBRARY
constexpr const char* kLibrary = TRUEUP_DUCKDB_LIBRARY;
#else
constexpr const char* kLibrary = kLazyLibrary;
#endif

}  // namespace

Status load_duckdb() {
    static const Status loaded =
        load({.title = "DuckDB's library",
              .file = kLibrary,
              .names = kLazyNames,
              .table = duckdb_lazy_table,
              .hint = "DuckDB's library belongs beside the program; install trueup again"});
    return loaded;
}

}  // namespace trueup::columnar
