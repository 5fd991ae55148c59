#include "base/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/process.h"

namespace trueup {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kPlenty{60'000};

Result<ProgramResult> shell(const std::string& script, milliseconds limit = kPlenty) {
    return run_program({"/bin/sh", "-c", script}, limit);
}

TEST(Program, SaysWhatItSaidAndHowItEnded) {
    const auto result = shell("echo out; echo err >&2; exit 3");
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->status, 3);
    EXPECT_EQ(result->output, "out\nerr\n");
    EXPECT_EQ(shell("kill -TERM $$")->status, 128 + SIGTERM);
    EXPECT_EQ(shell("")->status, 0);
}

TEST(Program, ArgumentsAreNotWordsOfAShell) {
    const std::string odd = "a b\"c'$HOME`x`\n*;";
    const auto result = run_program({"/bin/sh", "-c", "printf %s \"$1\"", "sh", odd}, kPlenty);
    EXPECT_EQ(result->output, odd);
}

TEST(Program, ReadsNothingAndStartsWithPlainSignals) {
    ASSERT_NE(std::signal(SIGPIPE, SIG_IGN), SIG_ERR);
    EXPECT_EQ(shell("cat; kill -PIPE $$")->status, 128 + SIGPIPE);
}

TEST(Program, MoreThanTheLimitIsDropped) {
    const auto result = shell("yes | head -c 1000000");
    EXPECT_EQ(result->status, 0);
    EXPECT_EQ(result->output.size(), kProgramOutputBytesMax);
}

TEST(Program, OneThatStaysIsKilledWithItsChildren) {
    // The reader at the other end sees the end of the stream only when the children are gone too.
    const auto result = shell("tail -f /dev/null & tail -f /dev/null", milliseconds(20));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ErrorClass::Retryable);
    EXPECT_THAT(result.error().message, HasSubstr("/bin/sh did not end within 20 ms"));
}

TEST(Program, AGrandchildThatKeepsTheStreamDoesNotHoldUsUp) {
    const auto result = shell("tail -f /dev/null & echo $!");
    ASSERT_TRUE(result.has_value());
    auto child = RunningProcess::open(std::stoll(result->output));
    ASSERT_TRUE(child->has_value());
    EXPECT_TRUE((*child)->ask_to_end().has_value());
}

TEST(Program, OneThatIsNotThereIsNamed) {
    const auto result = run_program({"/nowhere/program"}, kPlenty);
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("/nowhere/program"));
}

class ProgramFolder : public testing::Test {
  protected:
    void SetUp() override {
        root_ = (std::filesystem::temp_directory_path() / "trueup-program-XXXXXX").string();
        ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string put(const std::string& name, mode_t mode) const {
        const std::string path = join_path(root_, name);
        std::filesystem::create_directories(parent_path(path));
        std::ofstream(path) << "#!/bin/sh\n";
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    std::string root_;
};

TEST_F(ProgramFolder, IsFoundThroughPath) {
    const std::string first = put("a/tool", 0644);
    const std::string second = put("b/tool", 0755);
    std::filesystem::create_directories(root_ + "/c/folder");
    const std::string path = root_ + "/none::b:" + root_ + "/a:" + root_ + "/b:" + root_ + "/c";
    const Environment environment = [&](const char* name) {
        return std::string_view(name) == "PATH" ? path.c_str() : nullptr;
    };
    EXPECT_EQ(find_program("tool", environment), second);
    EXPECT_EQ(find_program(second, environment), second);
    EXPECT_EQ(find_program(first, environment), std::nullopt);
    EXPECT_EQ(find_program("folder", environment), std::nullopt);
    EXPECT_EQ(find_program("other", environment), std::nullopt);
    EXPECT_EQ(find_program("", environment), std::nullopt);
    EXPECT_EQ(find_program("tool", [](const char*) { return nullptr; }), std::nullopt);
}

TEST(Program, ADetachedOneGoesOnInItsOwnSession) {
    const auto pid =
        start_detached({"/bin/sh", "-c", "exec tail -f /dev/null"}, {}, milliseconds(1));
    ASSERT_TRUE(pid.has_value()) << pid.error().message;
    EXPECT_EQ(::getsid(static_cast<pid_t>(*pid)), static_cast<pid_t>(*pid));
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(*pid) + "/cwd"), "/");
    EXPECT_TRUE(system_processes().started_ticks(*pid).has_value());
    auto process = RunningProcess::open(*pid);
    ASSERT_TRUE(process->has_value());
    EXPECT_FALSE((*process)->wait_for_end(milliseconds(1)).value());
    ASSERT_TRUE((*process)->ask_to_end().has_value());
    EXPECT_TRUE((*process)->wait_for_end(kPlenty).value());
    EXPECT_TRUE((*process)->ask_to_end().has_value()) << "it has ended already";
}

TEST(Program, ADetachedOneThatEndsAtOnceIsAnError) {
    const auto pid = start_detached({"/bin/sh", "-c", "exit $STATUS"}, {{"STATUS", "7"}}, kPlenty);
    ASSERT_FALSE(pid.has_value());
    EXPECT_THAT(pid.error().message, HasSubstr("status 7"));
}

TEST(Program, NoProcessIsNone) {
    EXPECT_FALSE(RunningProcess::open(0)->has_value());
    EXPECT_FALSE(RunningProcess::open(-1)->has_value());
    EXPECT_FALSE(RunningProcess::open(std::int64_t{1} << 40)->has_value());
    EXPECT_FALSE(RunningProcess::open((1 << 22) + 1)->has_value()) << "above any pid_max";
}

}  // namespace
}  // namespace trueup
