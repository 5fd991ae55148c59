#include "extract/plan/days.h"

#include <gtest/gtest.h>

#include "extract/plan/plan.h"
#include "extract/source/fake_session.h"

namespace trueup::extract {
namespace {

struct DayRow {
    KeyValue value;
    std::optional<std::int64_t> want;
    int line = __builtin_LINE();
};

TEST(Days, KnowDatesAndNothingElse) {
    const DayRow rows[] = {
        DayRow{"1970-01-01", 0},
        DayRow{"1970-01-02 00:00:00", 1},
        DayRow{"1969-12-31T23:59:59Z", -1},
        DayRow{"2024-02-29", 19'782},
        DayRow{"0000-01-01", -719'528},
        DayRow{"9999-12-31", 2'932'896},
        DayRow{std::int64_t{0}, 0},
        DayRow{std::int64_t{86'399}, 0},
        DayRow{std::int64_t{-1}, -1},
        DayRow{std::int64_t{-86'400}, -1},
        DayRow{std::int64_t{-86'401}, -2},
        DayRow{std::int64_t{253'402'300'799}, 2'932'896},
        DayRow{std::int64_t{253'402'300'800}, std::nullopt},
        DayRow{std::numeric_limits<std::int64_t>::min(), std::nullopt},
        DayRow{"2023-02-29", std::nullopt},
        DayRow{"2024-13-01", std::nullopt},
        DayRow{"2024-1-1", std::nullopt},
        DayRow{"2024-01-01x", std::nullopt},
        DayRow{"-024-01-01", std::nullopt},
        DayRow{"", std::nullopt},
        DayRow{"today", std::nullopt},
        DayRow{1.5, std::nullopt},
        DayRow{Blob{"2024-01-01"}, std::nullopt},
        DayRow{KeyValue(), std::nullopt},
    };
    for (const DayRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, text_of(row.value));
        EXPECT_EQ(plan::day_of(row.value), row.want);
        if (!row.want) continue;
        EXPECT_EQ(plan::day_of(plan::midnight_of(*row.want, row.value)), row.want);
    }
    EXPECT_EQ(plan::midnight_of(19'782, "x"), KeyValue("2024-02-29"));
    EXPECT_EQ(plan::midnight_of(-1, std::int64_t{0}), KeyValue(std::int64_t{-86'400}));
}

Result<ChunkPlan> plan_days(std::vector<Key> rows, std::int64_t days) {
    const ChunkKey key{.columns = {"day"}, .is_ordered = true};
    FakeSession session(std::move(rows), key);
    const Relation relation{.name = "orders", .from_sql = "orders", .keys = {key}};
    Export wanted;
    wanted.name = "orders";
    wanted.chunking = {
        .mode = Mode::Chunked, .by = ChunkBy::Days, .columns = {"day"}, .days = days};
    return plan_chunks(session, relation, wanted, {.chunks_max = 20});
}

TEST(Days, BeginAtMidnightOfTheFirstDay) {
    const auto plan = plan_days({{"2024-02-27 13:00:00"}, {"2024-03-02"}}, 2);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->chunks.size(), 3);
    EXPECT_EQ(text_of(plan->chunks[0].bounds), "below '2024-02-29'");
    EXPECT_EQ(text_of(plan->chunks[1].bounds), "['2024-02-29', '2024-03-02')");
    EXPECT_EQ(text_of(plan->chunks[2].bounds), "from '2024-03-02'");
    EXPECT_EQ(plan->reason, "column day: 3 chunks of 2 days");
}

TEST(Days, JoinEmptyWindowsWhenThereAreTooMany) {
    const auto plan = plan_days({{"1970-01-01"}, {"2024-02-29"}, {"2024-03-01"}}, 1);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->chunks.size(), 3);
    EXPECT_EQ(text_of(plan->chunks[1].bounds), "['2024-02-29', '2024-03-01')");
    ASSERT_EQ(plan->warnings.size(), 1);
    EXPECT_EQ(plan->warnings[0],
              "export orders: column day spans 19,784 windows of 1 day, more than the 20 chunks of "
              "a plan: windows without rows were joined to the ones before");
}

TEST(Days, GrowWhenTooManyHoldRows) {
    constexpr std::int64_t kDays = 100;
    std::vector<Key> rows;
    rows.reserve(kDays);
    for (std::int64_t day = 0; day < kDays; ++day) rows.push_back({day * 86'400});
    const auto plan = plan_days(rows, 1);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->chunks.size(), 20);
    ASSERT_EQ(plan->warnings.size(), 1);
    EXPECT_TRUE(plan->warnings[0].ends_with("windows are 5 days long")) << plan->warnings[0];
}

TEST(Days, RefuseColumnsThatHoldNoDates) {
    const auto plan = plan_days({{"2024-02-29"}, {"tomorrow"}}, 1);
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().kind, ErrorClass::Config);
    EXPECT_EQ(plan.error().message, "export orders: column day holds 'tomorrow', which is no date");
    const auto mixed = plan_days({{"2024-02-29"}, {std::int64_t{5}}}, 1);
    ASSERT_FALSE(mixed.has_value());
    EXPECT_EQ(mixed.error().kind, ErrorClass::Config);
}

}  // namespace
}  // namespace trueup::extract
