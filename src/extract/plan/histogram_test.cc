#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "extract/plan/plan.h"
#include "extract/source/fake_session.h"

namespace trueup::extract {
namespace {

constexpr std::int64_t kRows = 10'000;

/// A table of the numbers below kRows, cut into `count` chunks; its statistics say `quantiles`.
ChunkPlan plan_of(std::vector<Quantile> quantiles, std::int64_t count,
                  std::vector<std::string> columns = {"id"}) {
    const ChunkKey key{.columns = std::move(columns), .is_ordered = true};
    std::vector<Key> rows;
    for (std::int64_t row = 0; row < kRows; ++row) {
        rows.emplace_back(key.columns.size(), std::int64_t{row % 10}).front() = row;
    }
    FakeSession session(std::move(rows), key);
    session.know(std::move(quantiles));
    const Relation relation{.name = "t", .from_sql = "t", .keys = {key}, .rows_estimate = kRows};
    Export wanted;
    wanted.name = "t";
    wanted.chunking = {.mode = Mode::Chunked, .by = ChunkBy::Count, .count = count};
    auto plan = plan_chunks(session, relation, wanted, {.walked_rows_max = 100});
    EXPECT_TRUE(plan.has_value()) << plan.error().message;
    return plan.value_or(ChunkPlan());
}

std::vector<std::string> bounds_of(const ChunkPlan& plan) {
    std::vector<std::string> bounds;
    bounds.reserve(plan.chunks.size());
    for (const PlannedChunk& chunk : plan.chunks) bounds.push_back(text_of(chunk.bounds));
    return bounds;
}

using Texts = std::vector<std::string>;

TEST(Histogram, NumbersAreCutBetweenItsBounds) {
    const std::vector<Quantile> numbers = {{0, 0.0}, {100, 0.4}, {200, 0.6}, {10'000, 1.0}};
    const ChunkPlan plan = plan_of(numbers, 2);
    EXPECT_EQ(plan.cut_by, CutBy::Histogram);
    EXPECT_EQ(bounds_of(plan), (Texts{"below 150", "from 150"}));
    EXPECT_EQ(plan.chunks[0].rows_estimate, kRows / 2);
    EXPECT_TRUE(plan.reason.ends_with(", cut by the histogram of the statistics")) << plan.reason;
    EXPECT_EQ(plan_of(numbers, 3).cut_by, CutBy::Histogram);
    EXPECT_NE(plan_of(numbers, 4).cut_by, CutBy::Histogram) << "there are three steps";
}

TEST(Histogram, NumbersThatFarApartHaveADistance) {
    constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    const ChunkPlan plan = plan_of({{kMin, 0.0}, {kMax, 1.0}, {kMax, 1.0}}, 2);
    EXPECT_EQ(bounds_of(plan), (Texts{"below 0", "from 0"}));
}

TEST(Histogram, OtherValuesAreCutAtItsBounds) {
    const std::vector<Quantile> dates = {{"2026-01-01", 0.0},
                                         {"2026-02-01", 0.2},
                                         {"2026-03-01", 0.45},
                                         {"2026-04-01", 0.7},
                                         {"2026-05-01", 1.0}};
    EXPECT_EQ(bounds_of(plan_of(dates, 2)), (Texts{"below '2026-03-01'", "from '2026-03-01'"}));
    EXPECT_EQ(plan_of(dates, 4).cut_by, CutBy::Histogram);
    EXPECT_NE(plan_of(dates, 5).cut_by, CutBy::Histogram) << "there are four steps";
}

TEST(Histogram, AKeyOfSeveralColumnsIsLookedUp) {
    const ChunkPlan plan = plan_of({{0, 0.0}, {5001, 0.5}, {9999, 1.0}}, 2, {"id", "line"});
    EXPECT_EQ(plan.cut_by, CutBy::Histogram);
    EXPECT_EQ(bounds_of(plan), (Texts{"below (5001, 1)", "from (5001, 1)"}));
}

TEST(Histogram, WhatMakesNoSenseIsNotFollowed) {
    const std::vector<Quantile> rows[] = {
        {},
        {{7, 0.0}},
        {{0, 0.9}, {5000, 0.1}, {9999, 0.5}},                  // Shares that fall.
        {{0, 0.0}, {KeyValue(), 0.5}, {9999, 1.0}},            // NULL.
        {{0, 0.0}, {5000, std::nan("")}, {9999, 1.0}},         //
        {{0, -1.0}, {5000, 0.5}, {9999, 2.0}},                 //
        {{9, 0.0}, {9, 0.25}, {9, 0.5}, {9, 0.75}, {9, 1.0}},  // One value everywhere.
    };
    for (const auto& quantiles : rows) {
        const ChunkPlan plan = plan_of(quantiles, 4);
        EXPECT_NE(plan.cut_by, CutBy::Histogram) << quantiles.size();
        EXPECT_EQ(plan.chunks.size(), 4);
    }
}

}  // namespace
}  // namespace trueup::extract
