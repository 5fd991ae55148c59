#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace trueup {

void check_failed(const char* condition, const char* file, int line) {
    static_cast<void>(
        std::fprintf(stderr, "trueup: a bug: %s does not hold (%s:%d)\n", condition, file, line));
    std::abort();
}

}  // namespace trueup
