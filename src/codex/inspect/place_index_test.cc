#include "codex/inspect/place_index.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace trueup::codex {
namespace {

struct At {
    const std::vector<std::string>* list;
    std::string_view operator()(std::uint32_t place) const { return (*list)[place]; }
};

TEST(PlaceIndex, TheFirstOfTheSameIsFound) {
    const std::vector<std::string> list = {"a", "b", "a", ""};
    PlaceIndex index(At{&list}, list.size());
    EXPECT_EQ(index.add(0), 0u);
    EXPECT_EQ(index.add(1), 1u);
    EXPECT_EQ(index.add(2), 0u);
    EXPECT_EQ(index.find("b"), 1u);
    EXPECT_EQ(index.find(""), std::nullopt);
    EXPECT_EQ(index.add(3), 3u);
    EXPECT_EQ(index.find(""), 3u);
}

TEST(PlaceIndex, HoldsMoreThanWasExpected) {
    std::vector<std::string> list;
    list.reserve(5000);
    for (int i = 0; i < 5000; ++i) list.push_back("key " + std::to_string(i / 2));
    PlaceIndex index(At{&list}, 0);
    for (std::uint32_t i = 0; i < list.size(); ++i) ASSERT_EQ(index.add(i), i / 2 * 2) << i;
    for (std::uint32_t i = 0; i < list.size(); ++i) ASSERT_EQ(index.find(list[i]), i / 2 * 2) << i;
    EXPECT_EQ(index.find("key 2500"), std::nullopt);
}

/// All keys have one hash: only the keys themselves tell them apart.
struct Same {
    int value;
    bool operator==(const Same&) const = default;
};

}  // namespace
}  // namespace trueup::codex

template <>
struct std::hash<trueup::codex::Same> {
    std::size_t operator()(const trueup::codex::Same&) const noexcept { return 7; }
};

namespace trueup::codex {
namespace {

TEST(PlaceIndex, KeysOfOneHashAreToldApart) {
    PlaceIndex index([](std::uint32_t place) { return Same{static_cast<int>(place % 50)}; }, 4);
    for (std::uint32_t i = 0; i < 100; ++i) ASSERT_EQ(index.add(i), i % 50);
    EXPECT_EQ(index.find(Same{49}), 49u);
    EXPECT_EQ(index.find(Same{50}), std::nullopt);
}

}  // namespace
}  // namespace trueup::codex
