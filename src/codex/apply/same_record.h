#pragma once

#include <string_view>

#include "base/result.h"

namespace trueup::codex {

/// Bug unless both lines are JSON that says the same but for payload.model_provider. A second
/// opinion: it reads with a parser that took no part in the edit.
Status check_same_but_provider(std::string_view before, std::string_view after,
                               std::string_view path);

}  // namespace trueup::codex
