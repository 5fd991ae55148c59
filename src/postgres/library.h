#pragma once

#include "base/result.h"

namespace trueup::postgres {

/// Loads libpq, once for the process; nothing of it may be called before. Failed, with what the
/// system says, when it is not installed.
Status load_libpq();

}  // namespace trueup::postgres
