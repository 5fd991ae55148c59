#include "core/wire.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace trueup::core {
namespace {

TEST(Wire, WhatIsWrittenIsRead) {
    WireWriter writer;
    writer.u8(200);
    writer.u32(0xdeadbeef);
    writer.i64(-5);
    writer.text("text");
    writer.short_text("");
    writer.optional_text(std::optional<std::string>("here"));
    writer.optional_text(std::optional<std::string>());
    const std::string bytes = writer.take();
    WireReader reader(bytes);
    EXPECT_EQ(reader.u8(), 200);
    EXPECT_EQ(reader.u32(), 0xdeadbeef);
    EXPECT_EQ(reader.i64(), -5);
    EXPECT_EQ(reader.text(), "text");
    EXPECT_EQ(reader.short_text(), "");
    EXPECT_EQ(reader.optional_text(), "here");
    EXPECT_FALSE(reader.is_whole());
    EXPECT_EQ(reader.optional_text(), std::nullopt);
    EXPECT_TRUE(reader.is_whole());
}

TEST(Wire, VarintsTakeSevenBitsAByte) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    const std::pair<std::uint64_t, std::size_t> sizes[] = {
        {0, 1}, {127, 1}, {128, 2}, {16383, 2}, {16384, 3}, {kMost >> 1, 9}, {kMost, 10}};
    for (const auto& [value, size] : sizes) {
        WireWriter writer;
        writer.varint(value);
        const std::string bytes = writer.take();
        EXPECT_EQ(bytes.size(), size) << value;
        WireReader reader(bytes);
        EXPECT_EQ(reader.varint(), value);
        EXPECT_TRUE(reader.is_whole());
    }
}

TEST(Wire, AVarintThatDoesNotFitIsNotThere) {
    for (const std::string& bytes : {std::string(9, '\xff') + '\x02', std::string(11, '\xff'),
                                     std::string(3, '\x80'), std::string()}) {
        WireReader reader(bytes);
        EXPECT_EQ(reader.varint(), 0u);
        EXPECT_TRUE(reader.is_lost());
        EXPECT_EQ(reader.u8(), 0);
        EXPECT_FALSE(reader.is_whole());
    }
}

TEST(Wire, ATextLongerThanTheRestIsNotThere) {
    WireWriter writer;
    writer.varint(1000);
    const std::string bytes = writer.take() + "short";
    WireReader reader(bytes);
    EXPECT_EQ(reader.short_text(), "");
    EXPECT_TRUE(reader.is_lost());
    EXPECT_EQ(reader.bytes_left(), 0u);
}

}  // namespace
}  // namespace trueup::core
