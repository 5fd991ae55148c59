#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace trueup {

void parallel_for(std::size_t count, int workers,
                  const std::function<void(std::size_t index, std::size_t worker)>& work) {
    std::atomic<std::size_t> next{0};
    const auto take = [&](std::size_t worker) {
        while (true) {
            const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
            if (index >= count) return;
            work(index, worker);
        }
    };
    const std::size_t wanted = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::max(workers, 1)), 1, std::max<std::size_t>(count, 1));
    std::vector<std::jthread> others;  // This one works too.
    for (std::size_t worker = 1; worker < wanted; ++worker) {
        others.emplace_back([&take, worker] { take(worker); });
    }
    take(0);
}

}  // namespace trueup
