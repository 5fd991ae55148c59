#pragma once

#include <functional>

namespace trueup {

/// getenv(3), or a test's own. What it returns lives as long as the environment does.
using Environment = std::function<const char*(const char*)>;

}  // namespace trueup
