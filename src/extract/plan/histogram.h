#pragma once

#include <optional>

#include "extract/plan/boundaries.h"

namespace trueup::extract::plan {

/// Cuts where the source's own statistics say that equal rows lie between, without looking at the
/// rows. Nothing when they say nothing, or too little for so many chunks. They are estimates: how
/// even the chunks are depends on them, and nothing else.
Result<std::optional<Cuts>> cut_by_histogram(const KeyProbe& probe, const Goal& goal);

}  // namespace trueup::extract::plan
