#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "extract/plan/boundaries.h"

namespace trueup::extract::plan {

/// The day a value lies in, counted from 1970-01-01: of an ISO text (2024-02-29, with or without a
/// time after `T` or a blank) or of Unix seconds, years 0 to 9999. Nothing when it is no such
/// thing.
std::optional<std::int64_t> day_of(const KeyValue& value);

/// The first value of a day, as `like` is written: "2024-02-29", or seconds.
KeyValue midnight_of(std::int64_t day, const KeyValue& like);

struct DayCuts {
    Cuts cuts;
    std::int64_t days = 1;     // Per window; more than wanted when a limit made it so.
    std::int64_t windows = 1;  // From the first day to the last, empty ones too.
};

/// Cuts at midnight, every `days` days from the day of the smallest key. When that makes more
/// windows than goal.chunks_max, empty ones are joined to the one before; when that does not
/// suffice, windows become longer. Config when the smallest or the largest key is no date; the
/// message begins with `what`.
Result<DayCuts> cut_by_days(const KeyProbe& probe, std::int64_t days, const Goal& goal,
                            const std::string& what);

}  // namespace trueup::extract::plan
