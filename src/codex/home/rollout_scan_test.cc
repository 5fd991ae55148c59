#include "codex/home/rollout_scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "codex/home/rollout_test_support.h"
#include "codex/testing/sample_rollout.h"
#include "codex/testing/temporary_home.h"
#include "zstd/compressor.h"

namespace trueup::codex {
namespace {

using codex::testing::meta_line_text;
using codex::testing::TemporaryHome;

class Scanned {
  public:
    explicit Scanned(std::size_t window_bytes)
        : buffers_(window_bytes), file_(File::open_or_create(home_.path("x")).value()) {}

    Rollout plain(std::string_view text) {
        // What stands behind it from before counts as appended meanwhile.
        file_.write_at(0, as_bytes(text)).value();
        RolloutSource source(file_, text.size(), nullptr);
        return scan(source);
    }
    Rollout compressed(std::string_view text) {
        discard(remove_file(home_.path("z")), "it may not be there");
        File file = File::create(home_.path("z")).value();
        zstd::Compressor compressor(file);
        compressor.write(as_bytes(text)).value();
        compressor.finish().value();
        const File again = File::open_read(home_.path("z")).value();
        RolloutSource source(again, again.size().value(), &decompressor_);
        return scan(source);
    }

  private:
    Rollout scan(RolloutSource& source) {
        Rollout rollout;
        const Status outcome = RolloutScan(source, buffers_, rollout).run(MetaScan::WholeFile);
        if (!outcome) rollout.problem = RolloutProblem::Unreadable;
        return rollout;
    }

    TemporaryHome home_;
    RolloutBuffers buffers_;
    File file_;
    zstd::Decompressor decompressor_;
};

std::string random_line() {
    return *rc::gen::oneOf(
        rc::gen::element<std::string>(
            "", "{}", "x", "\r", R"({"type":"session_meta","payload":{"id":"t"}})",
            R"({"type":"session_meta","payload":{"id":"u","model_provider":"a"}})",
            R"({"type":"session_meta","payload":{"id":"t","model_provider":"b"}}  )"
            "\r",
            R"({"payload":{"id":"t","x":"0123456789012345678901234567890123456789"},)"
            R"("type":"session_meta"})",
            R"({"type":"session_meta","payload":{"id":"t")", R"(["session_meta"])",
            R"({"encrypted_content":"x"})"),
        rc::gen::map(rc::gen::inRange<std::size_t>(0, 200),
                     [](std::size_t length) { return "\"" + std::string(length, 'x') + "\""; }));
}

std::string random_text() {
    std::string text;
    const int lines = *rc::gen::inRange(0, 12);
    for (int i = 0; i < lines; ++i) text += random_line() + "\n";
    if (*rc::gen::arbitrary<bool>() && !text.empty()) text.pop_back();
    return text;
}

TEST(RolloutScan, WindowsDoNotShow) {
    rc::check([] {
        Scanned scanned(*rc::gen::inRange<std::size_t>(kWindowBytesMin, 400));
        for (int i = 0; i < 10; ++i) {
            const std::string text = random_text();
            RC_ASSERT(is_same(scanned.plain(text), naive(text)));
        }
    });
}

TEST(RolloutScan, CompressionDoesNotShow) {
    rc::check([] {
        Scanned scanned(*rc::gen::inRange<std::size_t>(kWindowBytesMin, 400));
        for (int i = 0; i < 3; ++i) {
            const std::string text = random_text();
            const Rollout got = scanned.compressed(text);
            // Too many lines longer than the window.
            if (got.problem == RolloutProblem::Unreadable) continue;
            RC_ASSERT(is_same(got, naive(text)));
        }
    });
}

// A record at every place relative to the edge of a window, of every remainder of length.
TEST(RolloutScan, RecordsAreFoundAtEveryPlace) {
    constexpr std::size_t kWindow = 128;
    Scanned scanned(kWindow);
    const std::string record = R"({"type":"session_meta","payload":{"id":"t"}})";
    const std::string reversed = R"({"payload":{"id":"t"},"type":"session_meta"})";
    for (std::size_t shift = 0; shift < 3 * kWindow; ++shift) {
        const std::string filler = fmt::format("\"{:x^{}}\"\n", "", shift);
        for (const std::string& one : {record, reversed}) {
            const std::string text = fmt::format("{}{}\n{}{}", filler, one, filler, one);
            EXPECT_TRUE(is_same(scanned.plain(text), naive(text))) << shift;
            EXPECT_EQ(scanned.plain(text).metas.size(), 2u) << shift;
        }
        const std::string text =
            fmt::format("{}\n{}{}", record, filler, R"({"encrypted_content":"x"})");
        EXPECT_TRUE(scanned.plain(text).has_encrypted) << shift;
    }
}

TEST(RolloutScan, EveryTruncationIsReadAsFarAsItGoes) {
    Scanned scanned(kWindowBytesMin);
    const std::string text = meta_line_text({.id = "t"}) + "\r\n" +
                             R"({"encrypted_content":"x"})"
                             "\n" +
                             meta_line_text({.id = "t", .provider = "b"}) + "\n{}\n";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const std::string_view cut = std::string_view(text).substr(0, length);
        EXPECT_TRUE(is_same(scanned.plain(cut), naive(cut))) << length;
    }
}

TEST(RolloutScan, WhatIsAppendedMeanwhileIsLeftOut) {
    Scanned scanned(kWindowBytesMin);
    const std::string record = meta_line_text({.id = "t"}) + "\n";
    EXPECT_EQ(scanned.plain(record + record).metas.size(), 2u);
    EXPECT_EQ(scanned.plain(record).metas.size(), 1u);
}

}  // namespace
}  // namespace trueup::codex
