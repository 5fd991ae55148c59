#pragma once

#include <memory>

#include "extract/source/source.h"

namespace trueup::extract {

/// A DuckDB database file, attached read-only. DuckDB lets no process write to a file that another
/// one reads, so every run sees one state of it.
Result<std::unique_ptr<SourceDatabase>> open_duckdb(const Source& source);

}  // namespace trueup::extract
