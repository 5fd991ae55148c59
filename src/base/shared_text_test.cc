#include "base/shared_text.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

namespace trueup {
namespace {

TEST(SharedText, HoldsWhatItWasMadeOf) {
    EXPECT_TRUE(SharedText().empty());
    EXPECT_TRUE(SharedText("").empty());
    const std::string with_zero("a\0b", 3);
    EXPECT_EQ(SharedText(with_zero).str(), with_zero);
    EXPECT_EQ(SharedText("long enough not to fit into a pointer").view().size(), 37U);
    EXPECT_EQ(fmt::format("<{}>", SharedText("text")), "<text>");
}

TEST(SharedText, CopiesAreTheSameBytes) {
    SharedText one("azure");
    const SharedText copy = one;
    EXPECT_EQ(copy.view().data(), one.view().data());
    one = "openai";
    EXPECT_EQ(copy, "azure");
    EXPECT_EQ(one, std::string("openai"));
    const SharedText moved = std::move(one);
    EXPECT_EQ(moved, "openai");
    SharedText self = moved;
    self = *&self;
    EXPECT_EQ(self, "openai");
}

TEST(SharedText, ComparesByItsBytes) {
    EXPECT_EQ(SharedText("a"), SharedText(std::string("a")));
    EXPECT_NE(SharedText("a"), "b");
    EXPECT_LT(SharedText("a"), SharedText("b"));
    EXPECT_LT(SharedText(), "a");
    const std::optional<SharedText> some("a");
    EXPECT_EQ(some, std::string_view("a"));
    EXPECT_NE(std::optional<SharedText>(), std::string_view());
    const std::unordered_set<SharedText> set = {"a", "b", SharedText("a")};
    EXPECT_EQ(set.size(), 2U);
}

TEST(TextPool, GivesTheSameTextAgain) {
    TextPool pool;
    const SharedText one = pool.of("azure");
    EXPECT_EQ(pool.of("azure").view().data(), one.view().data());
    EXPECT_NE(pool.of("azur").view().data(), one.view().data());
    EXPECT_TRUE(pool.of("").empty());
}

TEST(SharedText, ManyThreadsMayCopyIt) {
    const SharedText text("a text that all of them hold");
    const auto copy_often = [copy = text] {
        for (int round = 0; round < 1000; ++round) {
            SharedText another = copy;
            ASSERT_FALSE(another.empty());
            another = {};
        }
    };
    constexpr int kThreads = 4;
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) threads.emplace_back(copy_often);
}

}  // namespace
}  // namespace trueup
