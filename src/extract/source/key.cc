#include "extract/source/key.h"

namespace trueup::extract {}
