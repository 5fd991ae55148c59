#include "base/lazy_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string>

namespace trueup {
namespace {

std::unexpected<Error> failure(const LazyLibrary& library, std::string_view what) {
    const char* why = ::dlerror();
    return fail(ErrorClass::Failed,
                fmt::format("{} {}: {}", library.title, what, why != nullptr ? why : "unknown"),
                std::string(library.hint));
}

}  // namespace

Status load(const LazyLibrary& library) {
    void* handle = ::dlopen(library.file, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return failure(library, "cannot be loaded");
    for (std::size_t i = 0; i < library.names.size(); ++i) {
        library.table[i] = ::dlsym(handle, library.names[i]);
        if (library.table[i] == nullptr) return failure(library, "lacks a function");
    }
    return {};
}

}  // namespace trueup
