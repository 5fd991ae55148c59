#pragma once

#include <memory>

#include "extract/source/source.h"

namespace trueup::extract {

/// An SQLite database, read through read-only connections. A value is typed by its column's
/// declaration; a cell whose storage class does not fit is a value error, never a silent cast.
///
/// Limitations: a snapshot holds a read lock for as long as the run lasts; in rollback-journal mode
/// writers of the source wait for it (in WAL mode they do not).
Result<std::unique_ptr<SourceDatabase>> open_sqlite(const Source& source);

}  // namespace trueup::extract
