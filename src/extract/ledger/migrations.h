#pragma once

#include "sqlite/migration.h"

namespace trueup::extract {

/// The ledger's schema, all versions of it. Private to this room.
const sqlite::Schema& ledger_schema();

}  // namespace trueup::extract
