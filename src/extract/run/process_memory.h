#pragma once

#include <cstdint>

namespace trueup::extract {

/// Of this process, as the system counts it: what it holds in memory now, and at most so far, in
/// bytes. 0 when the system does not say.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();

/// How many workers may begin a chunk in a process of that size: one alone goes on in a process
/// larger than `bytes_max` (0: no limit), since a run that stood still would never end.
int workers_within_memory(int workers, std::int64_t resident, std::uint64_t bytes_max);

}  // namespace trueup::extract
