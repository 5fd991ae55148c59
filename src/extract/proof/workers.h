#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/signal.h"
#include "base/stop_reason.h"

namespace trueup::extract {

/// Calls `work(worker, item)` once for each item from 0 on, by `workers` workers that each take the
/// next one. A signal and the first error stop all of them, as does `stop` when somebody else sets
/// it; what it holds then comes back.
template <class Work>
Status for_each_item(std::size_t workers, std::size_t items, const Work& work, StopReason& stop) {
    std::atomic<std::size_t> next{0};
    const auto take_turns = [&](std::size_t worker) {
        while (!stop.is_set()) {
            const std::size_t item = next++;
            if (item >= items) return;
            Status status = check_interrupt();
            if (status) status = work(worker, item);
            if (!status) stop.set(std::move(status).error());
        }
    };
    std::vector<std::jthread> others;
    for (std::size_t worker = 1; worker < std::min(workers, items); ++worker) {
        others.emplace_back(take_turns, worker);
    }
    take_turns(0);
    others.clear();  // Joins them.
    return stop.check();
}

/// When nobody else is to stop them.
template <class Work>
Status for_each_item(std::size_t workers, std::size_t items, const Work& work) {
    StopReason stop;
    return for_each_item(workers, items, work, stop);
}

}  // namespace trueup::extract
