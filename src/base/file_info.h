#pragma once

#include <sys/stat.h>

#include "base/file.h"

namespace trueup {

/// What stat(2) found, as ours. Private to this module.
FileInfo to_info(const struct stat& found);

}  // namespace trueup
