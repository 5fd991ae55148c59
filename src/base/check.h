#pragma once

namespace trueup {

/// Prints the broken condition and aborts. Use CHECK, not this.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace trueup

/// We are wrong: live in every build, aborts with the text. Never on input, never for I/O.
#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition)) [[unlikely]]                              \
            ::trueup::check_failed(#condition, __FILE__, __LINE__); \
    } while (false)

/// CHECK for loops that a benchmark has named; gone in release builds.
#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(0)
#else
#define DCHECK(condition) CHECK(condition)
#endif
