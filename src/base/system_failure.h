#pragma once

#include <expected>
#include <string_view>

#include "base/result.h"

namespace trueup {

/// "cannot <verb> <path>: <what errno `error` means>", with the class and the hint it deserves.
/// Private to this module.
std::unexpected<Error> system_failure(int error, std::string_view verb, std::string_view path);

}  // namespace trueup
