#include "codex/service/pid_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/fault.h"
#include "base/file.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

PidFile sample() {
    return {.pid = 4711,
            .started_ticks = 12345,
            .boot_id = "5a6c0d8e-0000-4000-8000-1f2e3d4c5b6a",
            .executable = "/usr/bin/trueup = x"};
}

TEST(PidFile, WhatIsWrittenIsRead) {
    EXPECT_EQ(parse_pid_file(to_text(sample())), sample());
    EXPECT_EQ(to_text(sample()),
              "trueup.service/1\npid=4711\nstarted=12345\n"
              "boot=5a6c0d8e-0000-4000-8000-1f2e3d4c5b6a\nexecutable=/usr/bin/trueup = x\n");
}

TEST(PidFile, EveryTruncationIsRefused) {
    const std::string text = to_text(sample());
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_EQ(parse_pid_file(std::string_view(text).substr(0, size)), std::nullopt) << size;
    }
}

TEST(PidFile, WhatDoesNotFitIsRefused) {
    const std::string rows[] = {
        "4711\n/usr/bin/trueup\n",
        "trueup.service/2\npid=1\nstarted=1\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=0\nstarted=1\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=-1\nstarted=1\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=1x\nstarted=1\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=99999999999999999999\nstarted=1\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=1\nstarted=\nboot=\nexecutable=/x\n",
        "trueup.service/1\npid=1\nstarted=1\nboot=\nexecutable=\n",
        "trueup.service/1\npid=1\nstarted=1\nexecutable=/x\nboot=\n",
        "trueup.service/1\npid=1\nstarted=1\nboot=\nexecutable=/x\nmore\n",
    };
    for (const std::string& row : rows) EXPECT_EQ(parse_pid_file(row), std::nullopt) << row;
}

TEST(PidFile, OnDisk) {
    const testing::TemporaryHome folder;
    const std::string path = folder.path("state/watch.pid");
    EXPECT_FALSE(read_pid_file(path)->has_value());
    ASSERT_TRUE(write_pid_file(path, sample()));
    EXPECT_EQ(*read_pid_file(path), sample());
    EXPECT_EQ((*file_info(folder.path("state")))->mode, 0700U);
    folder.write("state/watch.pid", "4711");
    EXPECT_EQ(read_pid_file(path).error().kind, ErrorClass::Integrity);
    folder.write("state/watch.pid", std::string(kPidFileBytesMax + 1, 'x'));
    EXPECT_FALSE(read_pid_file(path).has_value());
}

TEST(PidFile, AFaultLeavesTheOldOneOrTheNewOne) {
    const testing::TemporaryHome folder;
    const std::string path = folder.path("watch.pid");
    PidFile other = sample();
    other.pid = 12;
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(write_pid_file(path, other));
    const int visits = fault::visits();
    ASSERT_GT(visits, 0);
    for (int visit = 1; visit <= visits; ++visit) {
        ASSERT_TRUE(write_pid_file(path, other));
        fault::arm(fault::Action::Fail, visit);
        EXPECT_FALSE(write_pid_file(path, sample()));
        fault::arm(fault::Action::None, 0);
        const auto survivor = read_pid_file(path);
        ASSERT_TRUE(survivor.has_value());
        EXPECT_TRUE(*survivor == sample() || *survivor == other);
    }
}

TEST(PidFile, AProcessIsItselfAndNoOther) {
    const PidFile self = describe_process(::getpid()).value();
    EXPECT_EQ(self.pid, ::getpid());
    EXPECT_GT(self.started_ticks, 0);
    EXPECT_EQ(self.executable, std::filesystem::read_symlink("/proc/self/exe").string());
    EXPECT_TRUE(is_running(self));
    PidFile other = self;
    other.started_ticks += 1;
    EXPECT_FALSE(is_running(other)) << "its pid was used again";
    other = self;
    other.executable = "/usr/bin/other";
    EXPECT_FALSE(is_running(other));
    other = self;
    other.boot_id = "before";
    EXPECT_FALSE(is_running(other));
    other = self;
    other.pid = (1 << 22) + 1;
    EXPECT_FALSE(is_running(other));
}

}  // namespace
}  // namespace trueup::codex
