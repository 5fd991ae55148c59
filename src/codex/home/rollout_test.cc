#include "codex/home/rollout.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "codex/testing/sample_rollout.h"
#include "codex/testing/temporary_home.h"
#include "zstd/compressor.h"

namespace trueup::codex {
namespace {

using codex::testing::meta_line_text;
using codex::testing::rollout_text;
using codex::testing::SampleRollout;
using codex::testing::TemporaryHome;

constexpr std::string_view kPlain = "sessions/rollout-a.jsonl";
constexpr std::string_view kZstd = "sessions/rollout-a.jsonl.zst";

class RolloutTest : public ::testing::Test {
  protected:
    Rollout read(std::string_view name, MetaScan scan = MetaScan::WholeFile) {
        return reader_.read(home_.path(name), scan);
    }
    Rollout read_text(std::string_view text, MetaScan scan = MetaScan::WholeFile) {
        home_.write(kPlain, text);
        return read(kPlain, scan);
    }
    void write_zstd(std::string_view text) {
        home_.write(kZstd, "");
        File file = File::open_edit(home_.path(kZstd)).value();
        ASSERT_TRUE(file.truncate(0).has_value());
        zstd::Compressor compressor(file);
        ASSERT_TRUE(compressor.write(as_bytes(text)).has_value());
        ASSERT_TRUE(compressor.finish().has_value());
    }
    void make_folder(std::string_view name) {
        ASSERT_TRUE(make_directories(home_.path(name)).has_value());
    }

    TemporaryHome home_;
    RolloutReader reader_;
};

TEST_F(RolloutTest, SampleIsRead) {
    const SampleRollout sample{.id = "t", .provider = "vm", .padding = 8};
    const Rollout rollout = read_text(rollout_text(sample));
    EXPECT_EQ(rollout.problem, RolloutProblem::None) << rollout.detail;
    EXPECT_EQ(rollout.path, home_.path(kPlain));
    EXPECT_EQ(rollout.format, RolloutFormat::Plain);
    EXPECT_EQ(rollout.info, file_info(home_.path(kPlain)).value());
    EXPECT_EQ(rollout.thread_id, "t");
    ASSERT_EQ(rollout.metas.size(), 1u);
    EXPECT_EQ(rollout.metas[0].offset, 0u);
    EXPECT_EQ(rollout.metas[0].meta.length, meta_line_text(sample).size() + 8);
    EXPECT_EQ(rollout.metas[0].meta.blanks_at_end, 8u);
    EXPECT_EQ(rollout.provider(), "vm");
    EXPECT_TRUE(rollout.is_under("vm"));
    EXPECT_FALSE(rollout.is_under("openai"));
    EXPECT_FALSE(rollout.is_paginated());
    EXPECT_FALSE(rollout.has_encrypted);
}

TEST_F(RolloutTest, ReadingLeavesTheAccessTimeAlone) {
    home_.write(kPlain, rollout_text({.id = "t"}));
    {
        // Older than the modification: what relatime would renew.
        File file = File::open_edit(home_.path(kPlain)).value();
        ASSERT_TRUE(file.set_times(1'000'000'001, 2'000'000'002).has_value());
    }
    EXPECT_EQ(read(kPlain).problem, RolloutProblem::None);
    EXPECT_EQ(file_info(home_.path(kPlain)).value()->atime_ns, 1'000'000'001);
}

struct TextRow {  // NOLINT(clang-analyzer-optin.performance.Padding)
    std::string text;
    RolloutProblem want;
    std::string_view detail;
    int line = __builtin_LINE();
};

TEST_F(RolloutTest, ProblemsOfContent) {
    const std::string meta = meta_line_text({.id = "t"});
    const TextRow rows[] = {
        TextRow{meta + "\n", RolloutProblem::None},
        TextRow{meta, RolloutProblem::None},
        TextRow{meta + "\r\n", RolloutProblem::None},
        TextRow{meta + "\n\n\n", RolloutProblem::None},
        TextRow{meta + "\nno JSON at all\n", RolloutProblem::None},
        TextRow{meta + "\n\xff\xfe\n", RolloutProblem::None},
        TextRow{"{\"type\":\"event_msg\"}\n" + meta + "\n", RolloutProblem::None},
        TextRow{"[]\r\n" + meta, RolloutProblem::None},

        TextRow{"", RolloutProblem::Empty, "it is empty"},
        TextRow{"\n", RolloutProblem::NotJson, "line 1 is no JSON from byte 1 on"},
        TextRow{"\n" + meta, RolloutProblem::NotJson},
        TextRow{"\r\n", RolloutProblem::NotJson},
        TextRow{"{\"a\":x}\n" + meta, RolloutProblem::NotJson, "line 1 is no JSON from byte 6 on"},
        TextRow{meta.substr(0, 100), RolloutProblem::NotJson, "line 1 is no JSON from byte 101 on"},
        TextRow{meta + meta, RolloutProblem::NotJson},
        TextRow{meta + "\r\r\n", RolloutProblem::None},
        TextRow{"\xEF\xBB\xBF" + meta, RolloutProblem::NotJson},
        TextRow{"{}\n{}\n", RolloutProblem::NoMeta, "it holds no session_meta record with an id"},
        TextRow{R"({"type":"session_meta","payload":{}})"
                "\n",
                RolloutProblem::NoMeta},
        TextRow{R"({"type":"session_meta","payload":{"id":4}})"
                "\n",
                RolloutProblem::NoMeta},
        TextRow{"{}\n" + meta.substr(0, meta.size() - 1), RolloutProblem::NoMeta},
        TextRow{"{}\n" + meta + "x\n", RolloutProblem::NoMeta},
    };
    for (const TextRow& row : rows) {
        ::testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const Rollout rollout = read_text(row.text);
        EXPECT_EQ(name_of(rollout.problem), name_of(row.want));
        EXPECT_EQ(rollout.metas.size(), row.want == RolloutProblem::None ? 1u : 0u);
        EXPECT_EQ(rollout.detail.empty(), row.want == RolloutProblem::None);
        if (!row.detail.empty()) {
            EXPECT_EQ(rollout.detail, row.detail);
        }
    }
}

TEST_F(RolloutTest, AllRecordsOfTheThreadCount) {
    const std::string first = meta_line_text({.id = "t", .provider = "a"});
    const std::string parent = meta_line_text({.id = "parent", .provider = "p"});
    const std::string last = meta_line_text({.id = "t", .provider = "b", .is_paginated = true});
    const std::string event = R"({"type":"event_msg","payload":{"message":"session_meta"}})";
    const std::string text =
        first + "\n" + event + "\n" + parent + "\r\n" + last + "  \r\n" + event + "\n" + last;
    const Rollout rollout = read_text(text);
    EXPECT_EQ(rollout.thread_id, "t");
    ASSERT_EQ(rollout.metas.size(), 3u);
    EXPECT_EQ(rollout.metas[0].offset, 0u);
    EXPECT_EQ(rollout.metas[1].offset, first.size() + event.size() + parent.size() + 4);
    EXPECT_EQ(rollout.metas[1].meta.length, last.size() + 2);
    EXPECT_EQ(rollout.metas[2].offset, text.size() - last.size());
    EXPECT_EQ(rollout.provider(), std::nullopt);
    EXPECT_FALSE(rollout.is_under("a"));
    EXPECT_FALSE(rollout.is_under("b"));
    EXPECT_TRUE(rollout.is_paginated());

    const Rollout head = read_text(text, MetaScan::FirstLine);
    ASSERT_EQ(head.metas.size(), 1u);
    EXPECT_EQ(head.provider(), "a");
    EXPECT_FALSE(head.is_paginated());
}

TEST_F(RolloutTest, TheFirstRecordNamesTheThreadWhereverItStands) {
    const std::string text = "{\"type\":\"event_msg\"}\n" + meta_line_text({.id = "fork"}) + "\n" +
                             meta_line_text({.id = "parent"}) + "\n";
    const Rollout rollout = read_text(text);
    EXPECT_EQ(rollout.thread_id, "fork");
    EXPECT_EQ(rollout.metas.size(), 1u);
    const Rollout head = read_text(text, MetaScan::FirstLine);
    EXPECT_EQ(head.problem, RolloutProblem::NoMeta);
    EXPECT_EQ(head.detail, "its first line is no session_meta record with an id");
}

TEST_F(RolloutTest, ProvidersMustAllBeThere) {
    const auto provider_of = [&](std::string_view members) {
        const Rollout rollout = read_text(R"({"type":"session_meta","payload":{"id":"t")" +
                                          std::string(members) + "}}\n");
        const auto provider = rollout.provider();
        return provider ? std::string(*provider) : "(none)";
    };
    EXPECT_EQ(provider_of(R"(,"model_provider":"a")"), "a");
    EXPECT_EQ(provider_of(R"(,"model_provider":"")"), "");
    EXPECT_EQ(provider_of(""), "(none)");
    EXPECT_EQ(provider_of(R"(,"model_provider":null)"), "(none)");
    EXPECT_EQ(provider_of(R"(,"model_provider":"a","model_provider":"b")"), "(none)");
    EXPECT_EQ(Rollout{}.provider(), std::nullopt);
    EXPECT_FALSE(Rollout{}.is_under(""));
}

TEST_F(RolloutTest, EncryptedReasoningIsSeen) {
    const std::string head = meta_line_text({.id = "t"}) + "\n";
    const struct {
        std::string rest;
        bool want;
    } rows[] = {
        {R"({"type":"response_item","payload":{"encrypted_content":"gAAA"}})", true},
        {R"({"type":"response_item","payload":{"encrypted_content":null}})", false},
        {R"({"type":"response_item","payload":{"text":"\"encrypted_content\":\"x\""}})", false},
        {R"({"type":"x","session_meta":"session_meta","p":{"encrypted_content":"g"}})", true},
        {"", false},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(read_text(head + row.rest + "\n").has_encrypted, row.want) << row.rest;
        EXPECT_EQ(read_text(row.rest + "\n" + head).has_encrypted, row.want) << row.rest;
        EXPECT_FALSE(read_text(head + row.rest, MetaScan::FirstLine).has_encrypted);
        EXPECT_FALSE(read_text(row.rest + "\n" + head, MetaScan::FirstLine).has_encrypted);
    }
}

TEST_F(RolloutTest, FirstLineMayBeLong) {
    for (const std::size_t length : {16'000u, 17'000u, 260'000u, 300'000u, 3'000'000u}) {
        SampleRollout sample{.id = "t", .cwd = std::string(length, 'd')};
        for (const MetaScan scan : {MetaScan::FirstLine, MetaScan::WholeFile}) {
            const Rollout rollout = read_text(rollout_text(sample), scan);
            ASSERT_EQ(rollout.metas.size(), 1u) << length << rollout.detail;
            EXPECT_EQ(rollout.metas[0].meta.cwd.view().size(), length);
        }
    }
}

TEST_F(RolloutTest, LinesHaveALimit) {
    const std::string meta = meta_line_text({.id = "t"});
    const std::string blanks(kMetaLineBytesMax - meta.size(), ' ');
    EXPECT_EQ(read_text(meta + blanks + "\n").problem, RolloutProblem::None);
    const Rollout first = read_text(meta + blanks + " ", MetaScan::FirstLine);
    EXPECT_EQ(first.problem, RolloutProblem::TooLong);
    EXPECT_EQ(first.detail, "line 1 has more than 67108864 bytes");
    const Rollout later = read_text(meta + "\n" + meta + blanks + " \n");
    EXPECT_EQ(later.problem, RolloutProblem::TooLong);
    EXPECT_EQ(later.thread_id, "t");
    // A line that is no record may be as long as it likes.
    const std::string other = "\"" + blanks + std::string(meta.size(), ' ') + "\"\n";
    EXPECT_EQ(read_text(meta + "\n" + other + meta).metas.size(), 2u);
}

TEST_F(RolloutTest, CompressedOnesAreReadAlike) {
    const SampleRollout sample{.id = "t", .provider = "vm"};
    const std::string text = rollout_text(sample) + std::string(400'000, '\n') +
                             R"({"encrypted_content":"x"})"
                             "\n" +
                             meta_line_text(sample);
    write_zstd(text);
    const Rollout rollout = read(kZstd);
    EXPECT_EQ(rollout.problem, RolloutProblem::None) << rollout.detail;
    EXPECT_EQ(rollout.format, RolloutFormat::Zstd);
    EXPECT_EQ(rollout.path, home_.path(kZstd));
    ASSERT_EQ(rollout.metas.size(), 2u);
    EXPECT_EQ(rollout.metas[1].offset, text.size() - meta_line_text(sample).size());
    EXPECT_TRUE(rollout.has_encrypted);
    const Rollout head = read(kZstd, MetaScan::FirstLine);
    EXPECT_EQ(head.problem, RolloutProblem::None);
    EXPECT_EQ(head.metas.size(), 1u);

    write_zstd("");
    EXPECT_EQ(read(kZstd).problem, RolloutProblem::Empty);
    home_.write(kZstd, "");
    EXPECT_EQ(read(kZstd).problem, RolloutProblem::Empty);
    home_.write(kZstd, text);
    EXPECT_EQ(read(kZstd).problem, RolloutProblem::Damaged);
}

TEST_F(RolloutTest, CompressedOnesMayHaveLongLines) {
    SampleRollout sample{.id = "t", .cwd = std::string(700'000, 'd')};
    const std::string meta = meta_line_text(sample) + "\n";
    write_zstd(meta + meta);
    EXPECT_EQ(read(kZstd, MetaScan::FirstLine).metas.size(), 1u);
    EXPECT_EQ(read(kZstd).metas.size(), 2u);
    std::string many;
    for (int i = 0; i < 30; ++i) many += meta;
    write_zstd(many);
    const Rollout rollout = read(kZstd);
    EXPECT_EQ(rollout.problem, RolloutProblem::Unreadable);
    EXPECT_EQ(rollout.detail, home_.path(kZstd) + " has too many long lines to be looked at");
    EXPECT_EQ(read_text(many).metas.size(), 30u);
}

TEST_F(RolloutTest, EveryTruncationOfACompressedOneIsDamaged) {
    write_zstd(rollout_text({.id = "t"}));
    const std::string whole = home_.read(kZstd);
    for (std::size_t length = 1; length < whole.size(); ++length) {
        home_.write(kZstd, whole.substr(0, length));
        EXPECT_EQ(name_of(read(kZstd).problem), "damaged") << length;
    }
}

TEST_F(RolloutTest, SiblingTakesThePlaceOfAMissingOne) {
    EXPECT_EQ(read(kPlain).problem, RolloutProblem::Missing);
    EXPECT_EQ(read(kPlain).path, home_.path(kPlain));
    EXPECT_EQ(read(kPlain).info, FileInfo{});
    EXPECT_FALSE(read(kPlain).detail.empty());
    write_zstd(rollout_text({.id = "compressed"}));
    EXPECT_EQ(read(kPlain).thread_id, "compressed");
    EXPECT_EQ(read(kPlain).path, home_.path(kZstd));
    home_.write(kPlain, rollout_text({.id = "plain"}));
    EXPECT_EQ(read(kPlain).thread_id, "plain");
    EXPECT_EQ(read(kZstd).thread_id, "compressed");
    ASSERT_TRUE(remove_file(home_.path(kZstd)).has_value());
    EXPECT_EQ(read(kZstd).thread_id, "plain");
    EXPECT_EQ(read(kZstd).path, home_.path(kPlain));
    // What stands there counts, be it no file.
    make_folder(kZstd);
    EXPECT_EQ(read(kZstd).problem, RolloutProblem::NotAFile);
}

TEST_F(RolloutTest, WhatIsNoFileIsSaidToBeNone) {
    home_.write("sessions/x", "");
    make_folder("sessions/folder.jsonl");
    ASSERT_EQ(::mkfifo(home_.path("sessions/fifo.jsonl").c_str(), 0600), 0);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_GE(fd, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string socket_path = home_.path("socket");
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
    for (const std::string_view name : {"sessions/folder.jsonl", "sessions/fifo.jsonl", "socket"}) {
        const Rollout rollout = read(name);
        EXPECT_EQ(name_of(rollout.problem), "not-a-file") << name;
        EXPECT_FALSE(rollout.detail.empty());
    }
    EXPECT_EQ(reader_.read("/dev/zero", MetaScan::WholeFile).problem, RolloutProblem::NotAFile);
}

TEST_F(RolloutTest, LinksAreFollowed) {
    home_.write("elsewhere/a.jsonl", rollout_text({.id = "t"}));
    make_folder("sessions");
    std::filesystem::create_symlink("../elsewhere/a.jsonl", home_.path(kPlain));
    EXPECT_EQ(read(kPlain).thread_id, "t");
    EXPECT_EQ(read(kPlain).path, home_.path(kPlain));
    std::filesystem::create_symlink("nowhere", home_.path("sessions/dangling.jsonl"));
    EXPECT_EQ(read("sessions/dangling.jsonl").problem, RolloutProblem::Missing);
    std::filesystem::create_symlink("loop.jsonl", home_.path("sessions/loop.jsonl"));
    EXPECT_EQ(read("sessions/loop.jsonl").problem, RolloutProblem::Unreadable);
    EXPECT_EQ(read("sessions/rollout-a.jsonl/below").problem, RolloutProblem::Missing);
}

TEST(RolloutNames, SiblingsAndFormats) {
    EXPECT_EQ(sibling_path("/a/x.jsonl"), "/a/x.jsonl.zst");
    EXPECT_EQ(sibling_path("/a/x.jsonl.zst"), "/a/x.jsonl");
    EXPECT_EQ(format_of("/a/x.jsonl"), RolloutFormat::Plain);
    EXPECT_EQ(format_of("/a/x.jsonl.zst"), RolloutFormat::Zstd);
    EXPECT_EQ(name_of(RolloutProblem::NotAFile), "not-a-file");
}

}  // namespace
}  // namespace trueup::codex
