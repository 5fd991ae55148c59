#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace trueup {
namespace {

class FileTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = (std::filesystem::temp_directory_path() / "trueup-file-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string path(std::string_view name) const { return join_path(root_, name); }
    std::string root_;
};

TEST_F(FileTest, ReplaceLeavesOnlyTheNewContent) {
    ASSERT_TRUE(replace_file(path("a"), "one", "test").has_value());
    ASSERT_TRUE(replace_file(path("a"), "two", "test").has_value());
    EXPECT_EQ(read_file(path("a"), 100).value(), "two");
    EXPECT_EQ(list_directory(root_).value().size(), 1U);
}

TEST_F(FileTest, ReadRefusesMoreThanTheLimit) {
    ASSERT_TRUE(replace_file(path("a"), "12345", "test").has_value());
    EXPECT_EQ(read_file(path("a"), 4).error().kind, ErrorClass::Failed);
}

TEST_F(FileTest, SecondLockIsRefusedUntilTheFirstCloses) {
    {
        File first = File::open_or_create(path("lock")).value();
        ASSERT_TRUE(first.try_lock().value());
        File second = File::open_or_create(path("lock")).value();
        EXPECT_FALSE(second.try_lock().value());
    }
    File third = File::open_or_create(path("lock")).value();
    EXPECT_TRUE(third.try_lock().value());
}

TEST_F(FileTest, MakesParentsAndNamesWhatIsInTheWay) {
    ASSERT_TRUE(make_directories(path("x/y/z")).has_value());
    EXPECT_TRUE(file_info(path("x/y/z")).value()->is_directory);
    ASSERT_TRUE(replace_file(path("f"), "", "test").has_value());
    const auto refused = make_directories(path("f/g"));
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find(path("f")), std::string::npos);
}

TEST(Paths, AbsoluteIsNormal) {
    EXPECT_EQ(absolute_path("/a/./b/../c/"), "/a/c");
    EXPECT_EQ(parent_path("name"), ".");
    EXPECT_EQ(join_path("a", "/b"), "/b");
}

}  // namespace
}  // namespace trueup
