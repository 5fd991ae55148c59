#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace trueup {

/// A shared library that is loaded when it is first needed, and the jump table that
/// cmake/lazy_library.cmake made for it: `names` and `table` are of one length.
struct LazyLibrary {
    std::string_view title;  // "PostgreSQL's client library".
    const char* file = nullptr;
    std::span<const char* const> names;
    void** table = nullptr;
    std::string_view hint;  // What to do when it is not there.
};

/// Loads it and fills the table; it stays loaded until the process ends. Failed, with what the
/// system says, when it is not installed or lacks a function. Not to be called by two threads at
/// once.
Status load(const LazyLibrary& library);

}  // namespace trueup
