#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extract/plan/plan.h"

/// Says beforehand how well an export can be read, and what would mend it.
namespace trueup::extract {

/// Efficient: as much is read as is copied, in pieces. Acceptable: nobody needs to care. Degraded:
/// it works, but costs the source or a resumed run much more than it must. Unsafe: not to be run
/// against a database that others use.
enum class Grade : std::uint8_t { Efficient, Acceptable, Degraded, Unsafe };
/// "efficient", "acceptable", "degraded", "unsafe".
std::string_view name_of(Grade grade);

struct Reason {
    Grade grade = Grade::Efficient;  // What this alone would make of the export.
    std::string sentence;            // Without a full stop.
    std::string hint;                // What would mend it; may be empty.
};

struct Rating {
    Grade grade = Grade::Efficient;  // The worst of the reasons.
    std::vector<Reason> reasons;     // At least one; the worst come first.
};

/// Judges by estimates only. `plan` is that of `relation` and `wanted`.
Rating rate(const Relation& relation, const ChunkPlan& plan, const Export& wanted);

}  // namespace trueup::extract
