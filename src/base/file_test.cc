#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_folder.h"

namespace trueup {
namespace {

class FileTest : public testing::Test {
  protected:
    std::string path(std::string_view name) const { return folder_.path(name); }
    TemporaryFolder folder_;
};

TEST_F(FileTest, ReplaceLeavesOnlyTheNewContent) {
    ASSERT_TRUE(replace_file(path("a"), "one", "test").has_value());
    ASSERT_TRUE(replace_file(path("a"), "two", "test").has_value());
    EXPECT_EQ(read_file(path("a"), 100).value(), "two");
    EXPECT_EQ(list_directory(folder_.path()).value().size(), 1U);
}

TEST_F(FileTest, ReadRefusesMoreThanTheLimit) {
    ASSERT_TRUE(replace_file(path("a"), "12345", "test").has_value());
    EXPECT_EQ(read_file(path("a"), 4).error().kind, ErrorClass::Failed);
}

TEST_F(FileTest, AppendingGoesBehindWhatOthersWrote) {
    File ours = File::open_append(path("log"), 0600).value();
    File theirs = File::open_append(path("log")).value();
    ASSERT_TRUE(ours.write_all(as_bytes("one ")).has_value());
    ASSERT_TRUE(theirs.write_all(as_bytes("two ")).has_value());
    ASSERT_TRUE(ours.write_all(as_bytes("three")).has_value());
    EXPECT_EQ(read_file(path("log"), 100).value(), "one two three");
    EXPECT_EQ(ours.info()->mode, 0600U);
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

TEST_F(FileTest, WriteAtChangesBytesInPlace) {
    ASSERT_TRUE(replace_file(path("a"), "0123456789", "test").has_value());
    File file = File::open_edit(path("a")).value();
    ASSERT_TRUE(file.write_at(3, as_bytes("abc")).has_value());
    ASSERT_TRUE(file.write_at(9, as_bytes("xyz")).has_value());
    ASSERT_TRUE(file.sync_data().has_value());
    ASSERT_TRUE(file.sync_filesystem().has_value());
    EXPECT_EQ(read_file(path("a"), 100).value(), "012abc678xyz");
    EXPECT_FALSE(File::open_edit(path("missing")).has_value());
    EXPECT_FALSE(file_info(path("missing")).value().has_value());
}

TEST_F(FileTest, AppendRangeCopiesFromTheMiddle) {
    std::string content;
    for (int line = 0; line < 300'000; ++line) content += std::to_string(line) + '\n';
    ASSERT_TRUE(replace_file(path("from"), content, "test").has_value());
    const File from = File::open_read(path("from")).value();
    File to = File::create(path("to")).value();
    ASSERT_TRUE(to.write_all(as_bytes("head ")).has_value());
    ASSERT_TRUE(to.append_range(from, 10, content.size() - 10).has_value());
    ASSERT_TRUE(to.write_all(as_bytes(" tail")).has_value());
    EXPECT_EQ(read_file(path("to"), 1U << 30U).value(), "head " + content.substr(10) + " tail");
    ASSERT_TRUE(to.append_range(from, 0, 0).has_value());

    const auto short_by = to.append_range(from, content.size() - 5, 12);
    ASSERT_FALSE(short_by.has_value());
    EXPECT_NE(short_by.error().message.find(path("from") + " ends 7 bytes before"),
              std::string::npos)
        << short_by.error().message;
}

TEST_F(FileTest, AppendRangeCopiesByHandWhereTheKernelDoesNot) {
    File to = File::create(path("to")).value();
    const File from = File::open_read("/proc/self/cmdline").value();  // No size, no copying.
    ASSERT_TRUE(to.append_range(from, 0, 4).has_value());
    EXPECT_EQ(to.size().value(), 4U);
}

TEST_F(FileTest, LinkGivesASecondName) {
    ASSERT_TRUE(replace_file(path("a"), "x", "test").has_value());
    ASSERT_TRUE(link_file(path("a"), path("b")).has_value());
    EXPECT_EQ(file_info(path("a")).value(), file_info(path("b")).value());
    EXPECT_EQ(file_info(path("a")).value()->links, 2U);
    EXPECT_FALSE(link_file(path("a"), path("b")).has_value());
    EXPECT_FALSE(link_file(path("missing"), path("c")).has_value());
}

TEST_F(FileTest, CanonicalPathResolvesLinks) {
    const std::string root = canonical_path(folder_.path()).value().value();
    ASSERT_TRUE(make_directories(path("x/y")).has_value());
    std::filesystem::create_symlink("x", path("link"));
    EXPECT_EQ(canonical_path(path("link/./y/..")).value(), join_path(root, "x"));
    EXPECT_EQ(canonical_path(path("link/missing")).value(), std::nullopt);
    std::filesystem::create_symlink("circle", path("circle"));
    EXPECT_FALSE(canonical_path(path("circle")).has_value());
}

TEST(Paths, AbsoluteIsNormal) {
    EXPECT_EQ(absolute_path("/a/./b/../c/"), "/a/c");
    EXPECT_EQ(parent_path("name"), ".");
    EXPECT_EQ(join_path("a", "/b"), "/b");
}

}  // namespace
}  // namespace trueup
