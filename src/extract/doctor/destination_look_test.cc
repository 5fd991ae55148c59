#include "extract/doctor/destination_look.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace trueup::extract {
namespace {

class DestinationLookTest : public testing::Test {
  protected:
    static bool is_empty(const std::string& path) { return std::filesystem::is_empty(path); }
    TemporaryFolder folder_;
    DestinationLook look_{system_random()};
};

TEST_F(DestinationLookTest, LeavesNothingBehindAndMakesNoFolder) {
    const Observations observations = look_.examine(folder_.path("out/orders"), 1000);
    ASSERT_EQ(observations.size(), 2U);
    for (const Observation& observation : observations) EXPECT_EQ(observation.health, Health::Ok);
    EXPECT_TRUE(is_empty(folder_.path("")));
}

TEST_F(DestinationLookTest, AFileWhereAFolderShouldBeFails) {
    std::ofstream(folder_.path("out")) << "a file";
    const Observations observations = look_.examine(folder_.path("out/orders"), 1000);
    ASSERT_EQ(observations.size(), 1U);
    EXPECT_EQ(observations[0].health, Health::Failure);
    EXPECT_NE(observations[0].sentence.find("out exists and is not a directory"),
              std::string::npos);
}

TEST_F(DestinationLookTest, AFolderThatTakesNoFileFails) {
    const Observations observations = look_.examine("/proc/self/out", 1000);  // Not even for root.
    ASSERT_EQ(observations.size(), 1U);
    EXPECT_EQ(observations[0].health, Health::Failure);
}

TEST_F(DestinationLookTest, ExportsShareTheRoomOfAFileSystem) {
    const std::uint64_t most = std::uint64_t{1} << 62U;
    EXPECT_EQ(look_.examine(folder_.path("a"), 1)[1].health, Health::Ok);
    EXPECT_EQ(look_.examine(folder_.path("b"), most)[1].health, Health::Warning);
    EXPECT_EQ(look_.examine(folder_.path("c"), 1)[1].health, Health::Warning);
}

}  // namespace
}  // namespace trueup::extract
