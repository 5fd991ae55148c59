#pragma once

#include "json/json.h"

namespace trueup::extract {

/// The configuration language as a JSON Schema (draft 2020-12), for editors. Made from the table of
/// keys; rules between keys are not in it.
json::Value config_schema();

}  // namespace trueup::extract
