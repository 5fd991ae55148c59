#include "extract/config/config.h"

namespace trueup::extract {}  // namespace trueup::extract
