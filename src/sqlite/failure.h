#pragma once

#include <expected>
#include <string_view>

#include "base/result.h"

struct sqlite3;

namespace trueup::sqlite {

/// The error `code` that SQLite just reported on `db` (which may be null) as ours. `shown` names
/// the file when the connection does not know it. Private to this module.
std::unexpected<Error> failure(sqlite3* db, int code, std::string_view shown = {});

}  // namespace trueup::sqlite
