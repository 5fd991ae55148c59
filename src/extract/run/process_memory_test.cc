#include "extract/run/process_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace trueup::extract {
namespace {

TEST(ProcessMemory, SeesWhatIsTaken) {
    constexpr std::size_t kBytes = std::size_t{64} << 20;
    const std::int64_t before = resident_bytes();
    ASSERT_GT(before, 0);
    const auto taken = std::make_unique_for_overwrite<char[]>(kBytes);
    std::memset(taken.get(), 1, kBytes);
    EXPECT_GT(resident_bytes(), before + std::int64_t{kBytes} / 2) << taken[kBytes - 1];
    EXPECT_GE(peak_resident_bytes(), before + std::int64_t{kBytes} / 2);
}

TEST(ProcessMemory, OneWorkerGoesOnInAProcessThatIsTooLarge) {
    EXPECT_EQ(workers_within_memory(4, 100, 0), 4) << "no limit";
    EXPECT_EQ(workers_within_memory(4, 100, 100), 4);
    EXPECT_EQ(workers_within_memory(4, 101, 100), 1);
    EXPECT_EQ(workers_within_memory(0, 101, 100), 0);
}

}  // namespace
}  // namespace trueup::extract
