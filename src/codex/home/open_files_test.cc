#include "codex/home/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "codex/testing/temporary_home.h"

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
    ASSERT_EQ(::write(over[1], &byte, 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(find_open_files().holds(*file_info(home.path("a")).value()));
}

}  // namespace
}  // namespace trueup::codex
