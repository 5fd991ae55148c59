#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/signal.h"

namespace trueup::extract {

/// Calls `work(worker, item)` once for each item from 0 on, by `workers` workers that each take the
/// next one. The first error stops all of them, as a signal does, and comes back.
template <class Work>
Status for_each_item(std::size_t workers, std::size_t items, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;  // Guards `first`.
    std::optional<Error> first;
    const auto take_turns = [&](std::size_t worker) {
        while (!stop) {
            const std::size_t item = next++;
            if (item >= items) return;
            Status status = check_interrupt();
            if (status) status = work(worker, item);
            if (status) continue;
            stop = true;
            const std::lock_guard lock(mutex);
            if (!first) first = std::move(status).error();
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t worker = 1; worker < workers && worker < items; ++worker) {
            others.emplace_back([&take_turns, worker] { take_turns(worker); });
        }
        take_turns(0);
    }
    if (first) return std::unexpected(*std::move(first));
    return {};
}

}  // namespace trueup::extract
