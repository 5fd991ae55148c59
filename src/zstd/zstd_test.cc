#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "zstd/compressor.h"
#include "zstd/decompressor.h"

namespace trueup::zstd {
namespace {

class ZstdTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = (std::filesystem::temp_directory_path() / "trueup-zstd-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(root_.data()), nullptr);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string path(std::string_view name) const { return join_path(root_, name); }

    /// A file of these bytes, opened.
    File file_of(std::string_view bytes) const {
        EXPECT_TRUE(remove_file(path("x")).has_value());
        File file = File::create(path("x")).value();
        EXPECT_TRUE(file.write_all(as_bytes(bytes)).has_value());
        return File::open_read(path("x")).value();
    }
    /// All of the content, read in steps of `step` bytes.
    static Result<std::string> read_all(Decompressor& decompressor, const File& file,
                                        std::size_t step) {
        std::string content;
        std::string buffer(step, '\0');
        decompressor.begin(file);
        while (true) {
            const std::size_t got =
                TRY(decompressor.read(std::as_writable_bytes(std::span(buffer))));
            content += std::string_view(buffer).substr(0, got);
            if (got < step) return content;
        }
    }
    Result<std::string> content_of(std::string_view compressed) const {
        Decompressor decompressor;
        const File file = file_of(compressed);
        return read_all(decompressor, file, 1000);
    }
    /// By our own compressor, `step` bytes at a time.
    std::string compressed(std::string_view content, std::size_t step = 1000) const {
        EXPECT_TRUE(remove_file(path("c")).has_value());
        File file = File::create(path("c")).value();
        Compressor compressor(file);
        for (std::size_t at = 0; at < content.size(); at += step) {
            EXPECT_TRUE(compressor.write(as_bytes(content.substr(at, step))).has_value());
        }
        EXPECT_TRUE(compressor.finish().has_value());
        return read_file(path("c"), 1U << 30U).value();
    }
    std::string root_;
};

/// Text that compresses, but not to nothing.
std::string sample(std::size_t bytes) {
    std::string text;
    for (std::uint32_t word = 7; text.size() < bytes; word = word * 1'664'525U + 1'013'904'223U) {
        text += std::to_string(word >> 20U) + (word % 11 == 0 ? "\n" : " ");
    }
    text.resize(bytes);
    return text;
}

/// The library's other interface, as a second opinion.
std::string decompressed_at_once(std::string_view compressed, std::size_t bytes_max) {
    std::string content(bytes_max, '\0');
    const std::size_t got =
        ZSTD_decompress(content.data(), content.size(), compressed.data(), compressed.size());
    EXPECT_EQ(ZSTD_isError(got), 0U) << ZSTD_getErrorName(got);
    content.resize(ZSTD_isError(got) != 0 ? 0 : got);
    return content;
}

TEST_F(ZstdTest, WhatIsCompressedReadsBack) {
    Decompressor decompressor;
    for (const std::size_t bytes : {0U, 1U, 999U, 1000U, 1001U, 131'072U, 3'000'000U}) {
        const std::string content = sample(bytes);
        const std::string packed = compressed(content);
        EXPECT_EQ(decompressed_at_once(packed, bytes + 1), content);
        const File file = file_of(packed);
        for (const std::size_t step : {7U, 1000U, 200'000U, 4'000'000U}) {
            if (bytes / step > 100'000) continue;
            EXPECT_EQ(read_all(decompressor, file, step).value(), content) << bytes << " " << step;
        }
    }
}

TEST_F(ZstdTest, ContentIsCheckedWithAChecksum) {
    const std::string packed = compressed("content");
    ASSERT_GT(packed.size(), 5U);
    EXPECT_NE(static_cast<unsigned char>(packed[4]) & 4U, 0U) << "the frame has no checksum flag";
}

TEST_F(ZstdTest, FramesInSequenceAreOneContent) {
    const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
    const std::string packed =
        compressed("one ") + skippable + compressed("") + compressed("two") + skippable;
    EXPECT_EQ(content_of(packed).value(), "one two");
}

TEST_F(ZstdTest, OnlyTheStartIsReadWhenNoMoreIsWanted) {
    const std::string packed = compressed(sample(8'000'000));
    ASSERT_GT(packed.size(), 1'000'000U);
    const File file = file_of(packed);
    Decompressor decompressor;
    decompressor.begin(file);
    std::byte start[500];
    ASSERT_EQ(decompressor.read(start).value(), 500U);
    EXPECT_EQ(as_text(start), sample(500));
    EXPECT_LE(decompressor.input_bytes(), 150'000U);
}

TEST_F(ZstdTest, EveryTruncationIsAnIntegrityError) {
    const std::string one = compressed(sample(3000));
    const std::string packed = one + compressed("the second frame");
    for (std::size_t size = 0; size < packed.size(); ++size) {
        const auto got = content_of(std::string_view(packed).substr(0, size));
        if (size == one.size()) {  // One whole frame: nothing tells that there was another.
            EXPECT_EQ(got.value(), sample(3000));
            continue;
        }
        ASSERT_FALSE(got.has_value()) << size;
        EXPECT_EQ(got.error().kind, ErrorClass::Integrity) << got.error().message;
        EXPECT_NE(got.error().message.find(path("x") + " is cut off"), std::string::npos)
            << got.error().message;
    }
}

TEST_F(ZstdTest, TruncationsOfManyBlocksAreIntegrityErrors) {
    const std::string packed = compressed(sample(1'000'000));
    for (std::size_t size = 0; size < packed.size(); size += 9973) {
        const auto got = content_of(std::string_view(packed).substr(0, size));
        ASSERT_FALSE(got.has_value()) << size;
        EXPECT_EQ(got.error().kind, ErrorClass::Integrity) << got.error().message;
    }
}

TEST_F(ZstdTest, NoDamagedBitGivesOtherContent) {
    const std::string content = sample(400);
    const std::string packed = compressed(content);
    for (std::size_t bit = 0; bit < packed.size() * 8; ++bit) {
        std::string damaged = packed;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto got = content_of(damaged);
        if (got) {
            EXPECT_EQ(*got, content) << bit;
        } else {
            EXPECT_NE(got.error().message.find(path("x")), std::string::npos);
        }
    }
}

TEST_F(ZstdTest, ForeignBytesAreNotZstd) {
    for (const std::string foreign : {"{\"type\":\"session_meta\"}\n", "x", "PK\3\4zip"}) {
        EXPECT_EQ(content_of(foreign).error().kind, ErrorClass::Integrity) << foreign;
        EXPECT_EQ(content_of(compressed("ok") + foreign).error().kind, ErrorClass::Integrity);
    }
}

TEST_F(ZstdTest, WindowIsLimited) {
    // A frame of one raw block "abc" that asks for a window of 2 to the power of `log`.
    const auto frame = [](int log) {
        std::string bytes("\x28\xB5\x2F\xFD\0?\x19\0\0abc", 12);
        bytes[5] = static_cast<char>((log - 10) << 3);
        return bytes;
    };
    EXPECT_EQ(content_of(frame(27)).value(), "abc");
    const Error refused = content_of(frame(28)).error();
    EXPECT_EQ(refused.kind, ErrorClass::Failed);
    EXPECT_NE(refused.message.find("a window of more than 128 MiB"), std::string::npos)
        << refused.message;
}

TEST_F(ZstdTest, ReaderGoesOnAfterABadFile) {
    Decompressor decompressor;
    const File bad = file_of(compressed(sample(9000)).substr(0, 200));
    EXPECT_FALSE(read_all(decompressor, bad, 100).has_value());
    const File good = file_of(compressed("good"));
    EXPECT_EQ(read_all(decompressor, good, 100).value(), "good");
}

TEST_F(ZstdTest, AnyContentInAnyStepsReadsBack) {
    const bool holds = rc::check("round trip", [this] {
        const auto content = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
        const auto in_step = *rc::gen::inRange<std::size_t>(1, 50);
        const auto out_step = *rc::gen::inRange<std::size_t>(1, 50);
        Decompressor decompressor;
        const File file = file_of(compressed(content, in_step));
        RC_ASSERT(read_all(decompressor, file, out_step).value() == content);
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace trueup::zstd
