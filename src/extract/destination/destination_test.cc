#include "extract/destination/destination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/fault.h"
#include "base/file.h"
#include "base/testing/child.h"
#include "base/testing/temporary_folder.h"

namespace trueup::extract {
namespace {

using testing::ElementsAre;

class DestinationTest : public testing::Test {
  protected:
    std::string path(std::string_view name) const { return folder_.path(name); }
    Destination open() const { return Destination::open_local(path("out")).value(); }
    static void put(const std::string& path, std::string_view content) {
        std::ofstream(path) << content;
    }
    static std::vector<std::string> names(const Destination& destination) {
        std::vector<std::string> all;
        const auto files = destination.list().value();
        all.reserve(files.size());
        for (const DestinationFile& file : files) all.push_back(file.name);
        return all;
    }
    TemporaryFolder folder_;
};

Status write_part(Destination& destination, const PartName& part, std::string_view content) {
    const std::string path = TRY(destination.begin_part(part));
    std::ofstream(path) << content;
    return destination.commit_part(part);
}

TEST_F(DestinationTest, PartsAreInvisibleUntilTheyAreCommitted) {
    Destination out = Destination::open_local(path("a/b/out")).value();
    const PartName part{.name = "region=eu/x.parquet", .run_id = "r"};
    const std::string temporary = out.begin_part(part).value();
    EXPECT_EQ(temporary, path("a/b/out/region=eu/.x.parquet.tmp-r"));
    put(temporary, "content");
    EXPECT_TRUE(out.list().value().at(0).is_temporary);
    ASSERT_TRUE(out.commit_part(part).has_value());
    const auto files = out.list().value();
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "region=eu/x.parquet");
    EXPECT_EQ(files[0].bytes, 7U);
    EXPECT_FALSE(files[0].is_temporary);
    ASSERT_TRUE(write_part(out, part, "again, longer").has_value());
    EXPECT_EQ(read_file(out.path_of(part.name), 100).value(), "again, longer");
    const auto missing = out.commit_part({.name = "never.parquet", .run_id = "r"});
    ASSERT_FALSE(missing.has_value());
    EXPECT_THAT(missing.error().message, testing::HasSubstr("never.parquet"));
}

TEST_F(DestinationTest, OnlyTemporariesOfTheGivenRunsAreSwept) {
    Destination out = open();
    for (const std::string run : {"r-1", "r-11", "other"}) {
        put(out.begin_part({.name = "x", .run_id = run}).value(), "half");
    }
    put(out.path_of("x.tmp-r-1"), "not hidden, not ours");
    const std::vector<std::string> runs = {"r-1"};
    EXPECT_THAT(out.sweep_temporaries(runs).value(), ElementsAre(".x.tmp-r-1"));
    EXPECT_THAT(names(out), ElementsAre(".x.tmp-other", ".x.tmp-r-11", "x.tmp-r-1"));
    ASSERT_TRUE(out.drop_part({.name = "x", .run_id = "other"}).has_value());
    ASSERT_TRUE(out.drop_part({.name = "x", .run_id = "other"}).has_value());
    EXPECT_EQ(names(out).size(), 2U);
}

TEST_F(DestinationTest, SecondOwnerIsKeptOut) {
    Destination second = open();
    {
        Destination first = open();
        ASSERT_TRUE(first.lock().has_value());
        ASSERT_TRUE(first.lock().has_value());
        const auto refused = second.lock();
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorClass::Retryable);
        EXPECT_THAT(refused.error().message, testing::HasSubstr(path("out")));
        EXPECT_TRUE(names(first).empty()) << "the lock is not a file of the export";
    }
    EXPECT_TRUE(second.lock().has_value());
}

TEST_F(DestinationTest, QuarantineMovesAndNeverOverwrites) {
    Destination out = open();
    ASSERT_TRUE(write_part(out, {.name = "sub/a", .run_id = "r"}, "1").has_value());
    ASSERT_TRUE(write_part(out, {.name = "b", .run_id = "r"}, "2").has_value());
    const std::vector<std::string> victims = {"sub/a", "missing"};
    EXPECT_THAT(out.quarantine(victims, "20261121").value(), ElementsAre("sub/a"));
    EXPECT_THAT(names(out), ElementsAre("b"));
    EXPECT_EQ(read_file(path("out/_quarantine/20261121/sub/a"), 9).value(), "1");
    ASSERT_TRUE(write_part(out, {.name = "sub/a", .run_id = "r"}, "3").has_value());
    EXPECT_FALSE(out.quarantine(victims, "20261121").has_value());
    EXPECT_EQ(read_file(path("out/_quarantine/20261121/sub/a"), 9).value(), "1");
    ASSERT_TRUE(out.remove("b").has_value());
    ASSERT_TRUE(out.remove("b").has_value());
    EXPECT_THAT(names(out), ElementsAre("sub/a"));
}

TEST_F(DestinationTest, NamesCannotLeaveTheFolder) {
    Destination out = open();
    put(path("victim"), "precious");
    for (const std::string bad : {"../victim", "x/../../victim", "/etc/passwd", "", "..", "x/.."}) {
        EXPECT_EQ(out.remove(bad).error().kind, ErrorClass::Bug) << bad;
        EXPECT_EQ(out.begin_part({.name = bad, .run_id = "r"}).error().kind, ErrorClass::Bug);
        const std::vector<std::string> victims = {bad};
        EXPECT_EQ(out.quarantine(victims, "s").error().kind, ErrorClass::Bug) << bad;
    }
    EXPECT_TRUE(file_info(path("victim")).value().has_value());
}

TEST_F(DestinationTest, WhatIsNoFolderIsNamed) {
    put(path("file"), "");
    for (const std::string bad : {"file", "file/below"}) {
        const auto refused = Destination::open_local(path(bad));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorClass::Failed);
        EXPECT_THAT(refused.error().message, testing::HasSubstr(path("file")));
    }
    EXPECT_FALSE(Destination::open_existing(path("file")).has_value());
    const auto missing = Destination::open_existing(path("nowhere"));
    ASSERT_FALSE(missing.has_value());
    EXPECT_THAT(missing.error().message, testing::HasSubstr(path("nowhere")));
    EXPECT_FALSE(file_info(path("nowhere")).value().has_value());
    EXPECT_GT(open().free_space().value(), 0U);
}

TEST_F(DestinationTest, ReadOnlyFolderIsFailedAndNamed) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody without rights";
    static_cast<void>(open());
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    EXPECT_EQ(status_as_nobody([&] {
                  auto out = Destination::open_local(path("out"));
                  if (!out) return 1;
                  const auto refused = out->lock();
                  const bool is_right =
                      !refused && refused.error().kind == ErrorClass::Failed &&
                      refused.error().message.find(path("out")) != std::string::npos;
                  return is_right ? 0 : 2;
              }),
              0);
}

// Fault model: SIGKILL at any fault point. The final name holds nothing, or all of the old or all
// of the new content, and the same run's next attempt succeeds.
TEST_F(DestinationTest, EveryCrashLeavesWholeFilesOnly) {
    const PartName part{.name = "x.parquet", .run_id = "r"};
    Destination out = open();
    ASSERT_TRUE(write_part(out, part, "old").has_value());
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(write_part(out, part, "old").has_value());
    const int visits = fault::visits();
    ASSERT_EQ(visits, 4);
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        ASSERT_TRUE(write_part(out, part, "old").has_value());
        ASSERT_TRUE(is_killed_in_child([&] {
            fault::arm(fault::Action::Crash, visit);
            discard(write_part(out, part, "new"), "it dies before it returns");
        }));
        EXPECT_EQ(read_file(out.path_of(part.name), 100).value(), visit <= 2 ? "old" : "new");
        const std::vector<std::string> runs = {"r"};
        EXPECT_EQ(out.sweep_temporaries(runs).value().size(), visit <= 2 ? 1U : 0U);
        ASSERT_TRUE(write_part(out, part, "new").has_value());
        EXPECT_THAT(names(out), ElementsAre("x.parquet"));
    }
}

}  // namespace
}  // namespace trueup::extract
