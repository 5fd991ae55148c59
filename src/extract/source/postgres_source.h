#pragma once

#include <memory>

#include "extract/source/source.h"

namespace trueup::extract {

/// Connects once, to see that the server answers and lets us in.
Result<std::unique_ptr<SourceDatabase>> open_postgres(const Source& source,
                                                      const StatementLimits& limits);

}  // namespace trueup::extract
