#include "extract/plan/rating.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trueup::extract {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMillion = 1'000'000;

struct Case {
    std::string name;
    std::optional<std::int64_t> rows;
    ChunkKind kind = ChunkKind::Whole;
    std::uint16_t chunks = 1;
    bool is_ordered = false;
    bool is_table = true;
    Grade want = Grade::Efficient;
    std::string_view says;
    int line = __builtin_LINE();
};

Rating rating_of(const Case& one) {
    Relation relation{.name = "orders", .is_table = one.is_table};
    relation.rows_estimate = one.rows;
    ChunkPlan plan;
    plan.kind = one.kind;
    plan.chunks.resize(one.chunks);
    if (one.kind != ChunkKind::Whole) {
        plan.key = ChunkKey{.columns = {"day"}, .is_ordered = one.is_ordered};
    }
    return rate(relation, plan, {});
}

TEST(Rating, FollowsWhatHasToBeRead) {
    const Case cases[] = {
        Case{"small", 100'000, ChunkKind::Whole, 1, false, true, Grade::Efficient, "small enough"},
        Case{"whole", kMillion, ChunkKind::Whole, 1, false, true, Grade::Acceptable,
             "1,000,000 rows"},
        Case{"larger", 50 * kMillion, ChunkKind::Whole, 1, false, true, Grade::Degraded, "again"},
        Case{"huge", 50 * kMillion + 1, ChunkKind::Whole, 1, false, true, Grade::Unsafe, "again"},
        Case{"unknown", {}, ChunkKind::Whole, 1, false, false, Grade::Degraded, "however much"},
        Case{"index", 900 * kMillion, ChunkKind::Range, 900, true, true, Grade::Efficient,
             "index on day"},
        Case{"scans", 250'000, ChunkKind::Range, 4, false, true, Grade::Acceptable,
             "no index has day"},
        Case{"more", 250'001, ChunkKind::Range, 4, false, true, Grade::Degraded, "1,000,004 rows"},
        Case{"quadratic", 20 * kMillion, ChunkKind::Range, 20, false, true, Grade::Unsafe,
             "400,000,000"},
        Case{"view", {}, ChunkKind::Range, 4, false, false, Grade::Degraded, "up to its query"},
        Case{"one", 20 * kMillion, ChunkKind::Range, 1, false, true, Grade::Efficient, "one chunk"},
    };
    for (const Case& one : cases) {
        const testing::ScopedTrace trace(__FILE__, one.line, one.name);
        const Rating rating = rating_of(one);
        EXPECT_EQ(rating.grade, one.want);
        EXPECT_THAT(rating.reasons.front().sentence, HasSubstr(one.says));
        const bool needs_hint = one.want != Grade::Efficient;
        EXPECT_EQ(!rating.reasons.front().hint.empty(), needs_hint);
    }
}

TEST(Rating, ATableThatWasFoundSmallIsSmall) {
    ChunkPlan plan;
    plan.chunks.resize(1);
    plan.is_small = true;
    EXPECT_EQ(rate({.is_table = true}, plan, {}).grade, Grade::Efficient);
}

ChunkPlan days(const std::vector<std::int64_t>& rows) {
    ChunkPlan plan;
    plan.kind = ChunkKind::Days;
    plan.key = ChunkKey{.columns = {"day"}, .is_ordered = true};
    for (const std::int64_t count : rows) plan.chunks.push_back({{}, count});
    return plan;
}

TEST(Rating, UnevenAndSparseChunksThatNobodyCutsAreTold) {
    EXPECT_EQ(rate({}, days({10, 10, 10, 10, 40}), {}).grade, Grade::Efficient);
    const Rating skewed = rate({}, days({10, 10, 10, 10, 10, 1000}), {});
    EXPECT_EQ(skewed.grade, Grade::Acceptable);
    EXPECT_THAT(skewed.reasons.front().sentence, HasSubstr("1,000 of 1,050 rows"));
    EXPECT_THAT(rate({}, days({10, 0, 0, 0}), {}).reasons.front().sentence,
                HasSubstr("3 of 4 chunks hold no row"));
    ChunkPlan ranges = days({10, 10, 10, 10, 10, 1000});
    ranges.kind = ChunkKind::Range;
    EXPECT_EQ(rate({}, ranges, {}).grade, Grade::Efficient);
}

TEST(Rating, FidelityIsToldAndChangesNothing) {
    Relation relation;
    relation.columns = {{.name = "id"}, {.name = "price", .fidelity = Fidelity::Text}};
    ChunkPlan plan;
    plan.chunks.resize(1);
    plan.is_small = true;
    const Rating rating = rate(relation, plan, {});
    EXPECT_EQ(rating.grade, Grade::Efficient);
    ASSERT_EQ(rating.reasons.size(), 2U);
    EXPECT_THAT(rating.reasons[1].sentence, HasSubstr("price (text)"));
}

}  // namespace
}  // namespace trueup::extract
