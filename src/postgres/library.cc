#include "postgres/library.h"

#include "base/lazy_library.h"
#include "libpq_lazy_names.h"

namespace trueup::postgres {

Status load_libpq() {
    static const Status loaded = load({.title = "PostgreSQL's client library",
                                       .file = kLazyLibrary,
                                       .names = kLazyNames,
                                       .table = libpq_lazy_table,
                                       .hint = "install libpq (Debian: apt install libpq5)"});
    return loaded;
}

}  // namespace trueup::postgres
