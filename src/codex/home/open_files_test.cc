#include "codex/home/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "codex/testing/temporary_home.h"
#include "codex/testing/unprivileged.h"

namespace trueup::codex {
namespace {

TEST(OpenFiles, KnowsWhatAnotherProcessHasOpenAndLeavesOutThisOne) {
    const codex::testing::TemporaryHome home;
    home.write("a", "1");
    home.write("b", "2");
    std::array<int, 2> told{};
    std::array<int, 2> over{};
    ASSERT_EQ(::pipe(told.data()) + ::pipe(over.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const int fd = ::open(home.path("a").c_str(), O_RDONLY);
        char byte = 'x';
        const bool is_told = fd >= 0 && ::write(told[1], &byte, 1) == 1;
        ::_exit(is_told && ::read(over[0], &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(told[0], &byte, 1), 1);
    const File own = File::open_read(home.path("b")).value();
    const OpenFiles open = find_open_files();
    EXPECT_TRUE(open.is_complete);
    EXPECT_TRUE(open.holds(*file_info(home.path("a")).value()));
    EXPECT_FALSE(open.holds(own.info().value()));
    EXPECT_EQ(is_open_anywhere(home.path("a")), true);
    EXPECT_EQ(is_open_anywhere(home.path("b")), true) << "this process counts here";
    ASSERT_EQ(::write(over[1], &byte, 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(find_open_files().holds(*file_info(home.path("a")).value()));
    EXPECT_EQ(is_open_anywhere(home.path("a")), false);
    EXPECT_EQ(is_open_anywhere(home.path("gone")), std::nullopt);
}

TEST(OpenFiles, AProcessThatHidesItsFilesIsNotTakenForNone) {
    std::array<int, 2> told{};
    std::array<int, 2> over{};
    ASSERT_EQ(::pipe(told.data()) + ::pipe(over.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        // As root the parent would see everything: both are somebody else then.
        const bool is_ready = (::geteuid() != 0 || ::setuid(codex::testing::kNobody) == 0) &&
                              ::prctl(PR_SET_DUMPABLE, 0) == 0;
        char byte = 'x';
        const bool is_told = is_ready && ::write(told[1], &byte, 1) == 1;
        ::_exit(is_told && ::read(over[0], &byte, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(told[0], &byte, 1), 1);
    {
        const codex::testing::Unprivileged nobody;
        EXPECT_FALSE(find_open_files().is_complete);
    }
    ASSERT_EQ(::write(over[1], &byte, 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace trueup::codex
