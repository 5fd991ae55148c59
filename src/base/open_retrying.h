#pragma once

#include <cstdint>

namespace trueup {

/// openat(2), closed on exec, called again when a signal comes between; -1, with errno, when the
/// system refuses. Private to this module.
int open_retrying(int folder, const char* name, int flags, std::uint32_t mode = 0644);

}  // namespace trueup
