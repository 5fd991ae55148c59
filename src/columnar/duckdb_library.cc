#include "columnar/duckdb_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <iterator>

#include "duckdb_lazy_names.h"

namespace trueup::columnar {
namespace {

std::unexpected<Error> failure(std::string_view what) {
    const char* why = ::dlerror();
    return fail(ErrorClass::Failed, fmt::format("{}: {}", what, why != nullptr ? why : "unknown"),
                "DuckDB's library belongs beside the program; install trueup again");
}

// A sanitizer's dlopen does not know where the program looks for its libraries.
#ifdef TRUEUP_DUCKDB_LIBRARY
constexpr const char* kLibrary = TRUEUP_DUCKDB_LIBRARY;
#else
constexpr const char* kLibrary = kLazyLibrary;
#endif

Status load() {
    void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return failure("DuckDB's library cannot be loaded");
    for (std::size_t i = 0; i < std::size(kLazyNames); ++i) {
        duckdb_lazy_table[i] = ::dlsym(library, kLazyNames[i]);
        if (duckdb_lazy_table[i] == nullptr) return failure("DuckDB's library lacks a function");
    }
    return {};  // It stays loaded until the process ends.
}

}  // namespace

Status load_duckdb() {
    static const Status loaded = load();
    return loaded;
}

}  // namespace trueup::columnar
