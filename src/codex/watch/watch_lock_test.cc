#include "codex/watch/watch_lock.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kLocks =
    "1: POSIX  ADVISORY  WRITE 11 fe:01:99 0 EOF\n"
    "2: FLOCK  ADVISORY  WRITE 22 fe:01:98 0 EOF\n"
    "3: -> FLOCK  ADVISORY  WRITE 33 fe:01:99 0 EOF\n"
    "4: FLOCK  ADVISORY  WRITE 0 fe:01:99 0 EOF\n"
    "5: FLOCK  ADVISORY  WRITE 4711 fe:01:99 0 EOF\n";

TEST(WatchLock, TheHolderStandsInTheSystemsList) {
    FileInfo file;
    file.device = 0xfe01;
    file.inode = 99;
    EXPECT_EQ(find_lock_holder(kLocks, file), 4711);
    file.inode = 97;
    EXPECT_EQ(find_lock_holder(kLocks, file), std::nullopt);
    EXPECT_EQ(find_lock_holder("", file), std::nullopt);
}

TEST(WatchLock, NoTruncationOfTheListNamesAnother) {
    FileInfo file;
    file.device = 0xfe01;
    file.inode = 99;
    for (std::size_t size = 0; size < kLocks.size(); ++size) {
        const auto holder = find_lock_holder(kLocks.substr(0, size), file);
        EXPECT_TRUE(!holder || *holder == 4711) << size;
    }
}

TEST(WatchLock, ASecondWatchIsRefusedAtOnceAndNamesTheFirst) {
    const testing::TemporaryHome folder;
    const CodexHome home = {.path = folder.path(), .canonical = folder.path()};
    EXPECT_EQ(find_watch(home), std::nullopt);
    {
        const auto first = lock_watch(home, system_clock());
        ASSERT_TRUE(first.has_value());
        const auto second = lock_watch(home, system_clock());
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().kind, ErrorClass::Failed);
        EXPECT_THAT(second.error().message,
                    ::testing::AllOf(::testing::HasSubstr(home.path),
                                     ::testing::HasSubstr(fmt::format("process {}", ::getpid()))));
        EXPECT_EQ(find_watch(home), ::getpid());
    }
    EXPECT_EQ(find_watch(home), std::nullopt);
    EXPECT_TRUE(lock_watch(home, system_clock()).has_value());
    EXPECT_EQ(std::filesystem::file_size(folder.path("watch.lock")), 0U);
}

TEST(WatchLock, AHomeThatIsGoneIsNamed) {
    const CodexHome home = {.path = "/nowhere/codex", .canonical = "/nowhere/codex"};
    const auto lock = lock_watch(home, system_clock());
    ASSERT_FALSE(lock.has_value());
    EXPECT_THAT(lock.error().message, ::testing::HasSubstr("/nowhere/codex/watch.lock"));
}

}  // namespace
}  // namespace trueup::codex
