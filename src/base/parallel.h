#pragma once

#include <cstddef>
#include <functional>

namespace trueup {

/// Calls `work(index, worker)` once for every index below `count`, from `workers` workers (at least
/// one, at most `count`), each taking the next index when it is free; returns when all are done.
/// `worker` counts from 0 and is never used by two calls at once. `work` must not throw.
void parallel_for(std::size_t count, int workers,
                  const std::function<void(std::size_t index, std::size_t worker)>& work);

}  // namespace trueup
