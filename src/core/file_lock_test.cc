#include "core/file_lock.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace trueup::core {
namespace {

class FileLockTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / "lock-XXXXXX";
        ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string path() const { return folder_ + "/a.lock"; }
    std::string folder_;
};

TEST_F(FileLockTest, IsHeldByOneAndReleasedByItsEnd) {
    int waits = 0;
    const FileLock::Wait wait{.budget = std::chrono::milliseconds(30),
                              .on_wait = [&waits] { ++waits; },
                              .clock = &system_clock()};
    {
        const auto first = FileLock::acquire(path(), wait);
        ASSERT_TRUE(first.has_value());
        EXPECT_EQ(waits, 0);
        const auto second = FileLock::acquire(path(), wait);
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().kind, ErrorClass::Retryable);
        EXPECT_EQ(waits, 1) << "told once, however long it takes";
    }
    EXPECT_TRUE(FileLock::acquire(path(), wait).has_value());
}

TEST_F(FileLockTest, WithoutAFolderItFails) {
    const auto lock = FileLock::acquire(folder_ + "/none/a.lock", {.clock = &system_clock()});
    ASSERT_FALSE(lock.has_value());
    EXPECT_EQ(lock.error().kind, ErrorClass::Failed);
}

}  // namespace
}  // namespace trueup::core
