#include "codex/watch/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/fault.h"
#include "base/file.h"
#include "codex/testing/temporary_home.h"

namespace trueup::codex {
namespace {

class FixedClock : public Clock {
  public:
    UnixMicros now() const override { return 1'769'847'300'000'000; }
    std::chrono::nanoseconds monotonic() const override { return {}; }
};

class LogFileTest : public ::testing::Test {
  protected:
    LogFile open() { return LogFile::open(path_, clock_).value(); }
    std::string line(const std::string& text) const {
        return human_time(clock_.now(), false) + " " + text + "\n";
    }
    /// As if so much had been written.
    void fill(std::uint64_t bytes) const { std::filesystem::resize_file(path_, bytes); }

    testing::TemporaryHome home_;
    std::string path_ = home_.path("logs/here/watch.log");
    FixedClock clock_;
};

TEST_F(LogFileTest, LinesHaveTheTimeBeforeThem) {
    const LogFile log = open();
    ASSERT_TRUE(log.write("one"));
    ASSERT_TRUE(open().write("two"));
    EXPECT_EQ(home_.read("logs/here/watch.log"), line("one") + line("two"));
    EXPECT_EQ((*file_info(path_))->mode, 0600U);
}

TEST_F(LogFileTest, RotatesAtItsSizeAndKeepsOneOldFile) {
    const LogFile log = open();
    const std::uint64_t bytes = line("new").size();
    fill(kLogBytesMax - bytes);
    ASSERT_TRUE(log.write("new"));
    EXPECT_FALSE(home_.has("logs/here/watch.log.1"));
    EXPECT_EQ(std::filesystem::file_size(path_), kLogBytesMax);
    ASSERT_TRUE(log.write("newer"));
    EXPECT_EQ(home_.read("logs/here/watch.log"), line("newer"));
    EXPECT_EQ(std::filesystem::file_size(path_ + ".1"), kLogBytesMax);
    fill(kLogBytesMax - 1);
    ASSERT_TRUE(log.write("newest"));
    EXPECT_EQ(std::filesystem::file_size(path_ + ".1"), kLogBytesMax - 1);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(home_.path("logs/here")), {}), 2);
}

TEST_F(LogFileTest, WhatIsMovedAwayIsMadeAnew) {
    const LogFile log = open();
    ASSERT_TRUE(log.write("one"));
    std::filesystem::rename(path_, path_ + ".old");
    ASSERT_TRUE(log.write("two"));
    EXPECT_EQ(home_.read("logs/here/watch.log"), line("two"));
}

TEST_F(LogFileTest, APlaceThatCannotBeWrittenIsNamed) {
    home_.write("file", "");
    const auto log = LogFile::open(home_.path("file/watch.log"), clock_);
    ASSERT_FALSE(log.has_value());
    EXPECT_THAT(log.error().message, ::testing::HasSubstr("/file"));
    EXPECT_TRUE(LogFile::open("/dev/null", clock_)->write("x"));
}

TEST_F(LogFileTest, AFaultInTheRotationLosesNoLineThatWasThere) {
    for (int visit = 1; visit <= 2; ++visit) {
        const LogFile log = open();
        ASSERT_TRUE(log.write("one"));
        fill(kLogBytesMax);
        fault::arm(fault::Action::Fail, visit);
        EXPECT_FALSE(log.write("two"));
        EXPECT_EQ(fault::visits(), visit);
        fault::arm(fault::Action::None, 0);
        ASSERT_TRUE(log.write("three"));
        EXPECT_EQ(home_.read("logs/here/watch.log"), line("three"));
        EXPECT_EQ(std::filesystem::file_size(path_ + ".1"), kLogBytesMax);
    }
}

}  // namespace
}  // namespace trueup::codex
