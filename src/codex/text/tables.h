#pragma once

#include <span>

#include "codex/text/keys.h"
#include "codex/text/language.h"

namespace trueup::codex {

/// All rows of a language, by key. For text.cc and the tests; everybody else uses tr().
std::span<const TextRow> table_of(Language language);

}  // namespace trueup::codex
