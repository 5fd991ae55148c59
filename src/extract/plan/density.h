#pragma once

#include <optional>

#include "extract/plan/boundaries.h"

namespace trueup::extract::plan {

struct DensityOptions {
    std::int64_t probe_rows = 256;  // Keys looked at by one probe; at least 1.
    int probes = 64;                // At first, evenly spread; at least 1.
};

/// Cuts where equal rows lie between, as far as probes of an ordered key can tell: how far the next
/// few keys after a place reach says how dense they are there; places between which that differs,
/// or too many rows lie, are looked at again in their middle. Nothing when the key cannot be judged
/// in that way (no line to draw its values on, too many rows on one place of it, another order than
/// the source's): walk it then.
Result<std::optional<Cuts>> cut_by_density(const KeyProbe& probe, const Goal& goal,
                                           const DensityOptions& options);

}  // namespace trueup::extract::plan
