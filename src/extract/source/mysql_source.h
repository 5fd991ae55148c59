#pragma once

#include <memory>

#include "extract/source/source.h"

namespace trueup::extract {

/// A MySQL or MariaDB server. Connects once, to see that it answers and lets us in.
Result<std::unique_ptr<SourceDatabase>> open_mysql(const Source& source,
                                                   const StatementLimits& limits);

}  // namespace trueup::extract
