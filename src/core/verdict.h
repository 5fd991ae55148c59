#pragma once

#include <cstdint>
#include <string_view>

namespace trueup::core {

/// The answer of a command that compares: all of it agrees, some of it differs, or not all of it
/// could be looked at (never Clean). A command that only does its work answers Clean when all of
/// it is done and Incomplete when some was left.
enum class Verdict : std::uint8_t { Clean, Differs, Incomplete };

/// The answer for one partition. Unknown: it could not be looked at, which is never a match.
enum class PartitionVerdict : std::uint8_t { Match, Mismatch, Unknown };

/// As they stand in reports: "clean", "differs", "incomplete".
std::string_view name_of(Verdict verdict);
/// "match", "mismatch", "unknown".
std::string_view name_of(PartitionVerdict verdict);

}  // namespace trueup::core
