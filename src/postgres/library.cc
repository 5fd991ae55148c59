#include "postgres/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <iterator>

#include "libpq_lazy_names.h"

namespace trueup::postgres {
namespace {

std::unexpected<Error> failure(std::string_view what) {
    const char* why = ::dlerror();
    return fail(ErrorClass::Failed, fmt::format("{}: {}", what, why != nullptr ? why : "unknown"),
                "install libpq (Debian: apt install libpq5)");
}

Status load() {
    void* library = ::dlopen(kLazyLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return failure("PostgreSQL's client library cannot be loaded");
    for (std::size_t i = 0; i < std::size(kLazyNames); ++i) {
        libpq_lazy_table[i] = ::dlsym(library, kLazyNames[i]);
        if (libpq_lazy_table[i] == nullptr) {
            return failure("PostgreSQL's client library lacks a function");
        }
    }
    return {};  // It stays loaded until the process ends.
}

}  // namespace

Status load_libpq() {
    static const Status loaded = load();
    return loaded;
}

}  // namespace trueup::postgres
