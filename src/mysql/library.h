#pragma once

#include "base/result.h"

namespace trueup::mysql {

/// Loads libmariadb and makes it ready for threads, once for the process; nothing of it may be
/// called before. Failed, with what the system says, when it is not installed.
Status load_libmariadb();

}  // namespace trueup::mysql
