#include "columnar/duckdb_library.h"

#include <dlfcn.h>
#include <sys/types.h>

#include <cstddef>

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

// https://jemalloc.net/jemalloc.3.html: pages are "dirty" and then "muzzy" before they are given
// back; arena 0 is there from the beginning, the others take over what "arenas" says.
bool keep_no_free_memory() {
    using Control =
        int(const char* name, void* old, std::size_t* old_size, void* wanted, std::size_t size);
    void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_NOLOAD);
    if (library == nullptr) return false;
    auto* control = reinterpret_cast<Control*>(::dlsym(library, "duckdb_je_mallctl"));
    bool is_done = control != nullptr;
    for (const char* name : {"arenas.dirty_decay_ms", "arenas.muzzy_decay_ms",
                             "arena.0.dirty_decay_ms", "arena.0.muzzy_decay_ms"}) {
        ssize_t decay_ms = 0;
        is_done = is_done && control(name, nullptr, nullptr, &decay_ms, sizeof decay_ms) == 0;
    }
    ::dlclose(library);
    return is_done;
}

}  // namespace trueup::columnar
