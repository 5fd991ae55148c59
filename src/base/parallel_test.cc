#include "base/parallel.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <vector>

namespace trueup {
namespace {

void expect_every_index_once(std::size_t count, int workers) {
    std::vector<std::atomic<int>> done(count);
    parallel_for(count, workers, [&](std::size_t index, std::size_t) { ++done[index]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
}

TEST(ParallelFor, DoesEveryIndexOnce) {
    for (const int workers : {-1, 0, 1, 2, 7}) {
        for (const std::size_t count : {0U, 1U, 2U, 1000U}) expect_every_index_once(count, workers);
    }
}

TEST(ParallelFor, NeverUsesOneWorkerTwiceAtOnce) {
    std::array<std::atomic<bool>, 4> is_busy{};
    std::atomic<int> collisions{0};
    parallel_for(10'000, 4, [&](std::size_t, std::size_t worker) {
        if (is_busy.at(worker).exchange(true)) ++collisions;
        is_busy.at(worker) = false;
    });
    EXPECT_EQ(collisions, 0);
}

}  // namespace
}  // namespace trueup
