#include "base/short_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace trueup {
namespace {

TEST(ShortList, IsWhatAVectorIs) {
    ShortList<std::uint32_t> list;
    std::vector<std::uint32_t> model;
    for (std::uint32_t i = 0; i < 100; ++i) {
        EXPECT_EQ(list.size(), model.size());
        EXPECT_TRUE(std::ranges::equal(list, model)) << i;
        const ShortList<std::uint32_t> copy = list;
        EXPECT_EQ(copy, list);
        list.push_back(i * 7);
        model.push_back(i * 7);
        EXPECT_NE(copy, list);
    }
    EXPECT_EQ(list[99], 99U * 7);
    EXPECT_EQ(list.front(), 0U);
}

TEST(ShortList, TakesWhatStandsInItself) {
    ShortList<std::uint32_t> list = {5};
    for (int i = 0; i < 9; ++i) list.push_back(list.front());
    EXPECT_EQ(std::ranges::count(list, 5U), 10);
}

TEST(ShortList, MovesAndAssigns) {
    ShortList<std::uint32_t> one = {1, 2, 3};
    ShortList<std::uint32_t> other = std::move(one);
    EXPECT_EQ(other, (ShortList<std::uint32_t>{1, 2, 3}));
    one = {9};
    EXPECT_EQ(one.front(), 9U);
    other = one;
    EXPECT_EQ(other.size(), 1U);
    other = {};
    EXPECT_TRUE(other.empty());
}

}  // namespace
}  // namespace trueup
