#include "extract/source/statement_ranges.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "extract/source/fake_session.h"

namespace trueup::extract {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

ChunkKey ordered(std::size_t columns) {
    ChunkKey key;
    for (std::size_t i = 0; i < columns; ++i) key.columns.push_back("k" + std::to_string(i));
    key.is_ordered = true;
    return key;
}

/// `count` keys from `from` on, `step` apart.
std::vector<Key> spaced(std::int64_t from, std::int64_t count, std::int64_t step = 1) {
    std::vector<Key> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) rows.push_back({from + i * step});
    return rows;
}

Relation relation_of(std::uint64_t row_bytes) {
    Relation relation;
    relation.name = "t";
    relation.row_bytes_estimate = row_bytes;
    return relation;
}

std::int64_t rows_in(const FakeSession& session, const Bounds& bounds) {
    return std::ranges::count_if(session.rows(),
                                 [&](const Key& row) { return session.contains(bounds, row); });
}

/// All ranges to the end, read at `row_time` a row.
std::vector<Bounds> all_ranges(const FakeSession& session, StatementRanges ranges,
                               nanoseconds row_time) {
    std::vector<Bounds> found;
    while (auto range = ranges.next(0).value()) {
        const std::int64_t rows = rows_in(session, *range);
        found.push_back(*std::move(range));
        ranges.took(rows, rows * row_time);
    }
    return found;
}

void expect_tiling(const FakeSession& session, const Bounds& bounds,
                   const std::vector<Bounds>& ranges) {
    ASSERT_FALSE(ranges.empty());
    EXPECT_EQ(ranges.front().lower, bounds.lower);
    EXPECT_EQ(ranges.back().upper, bounds.upper);
    std::int64_t rows = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        rows += rows_in(session, ranges[i]);
        if (i == 0) continue;
        ASSERT_TRUE(ranges[i].lower);
        EXPECT_EQ(ranges[i].lower, ranges[i - 1].upper);
    }
    EXPECT_EQ(rows, rows_in(session, bounds));
}

class RandomKeys {
  public:
    explicit RandomKeys(unsigned seed) : chance_(seed) {}
    std::int64_t number(std::int64_t from, std::int64_t to) {
        return std::uniform_int_distribution<std::int64_t>(from, to)(chance_);
    }
    Key integer() {
        switch (number(0, 5)) {
            case 0: return {number(kMin, kMax)};
            case 1: return {kMin + number(0, 3)};
            case 2: return {kMax - number(0, 3)};
            default: return {number(-50, 50)};
        }
    }
    Key text() {
        std::string letters;
        for (std::int64_t i = number(0, 3); i > 0; --i) letters += "aAbB"[number(0, 3)];
        return {letters};
    }
    Key pair() { return {number(-3, 3), text().front()}; }
    Key of_kind(int kind) { return kind == 0 ? integer() : kind == 1 ? text() : pair(); }

  private:
    std::mt19937_64 chance_;
};

TEST(StatementRanges, TileEveryChunkInOrder) {
    for (unsigned seed = 0; seed < 600; ++seed) {
        SCOPED_TRACE(seed);
        RandomKeys random(seed);
        const int kind = static_cast<int>(seed % 3);
        std::vector<Key> rows(static_cast<std::size_t>(random.number(0, 120)));
        for (Key& row : rows) row = random.of_kind(kind);
        const ChunkKey key = ordered(kind == 2 ? 2 : 1);
        FakeSession session(
            rows, key, seed % 2 == 0 ? FakeSession::Order::Binary : FakeSession::Order::NoCase);
        Bounds bounds;
        if (random.number(0, 2) != 0) bounds.lower = random.of_kind(kind);
        if (random.number(0, 2) != 0) bounds.upper = random.of_kind(kind);
        if (bounds.lower && bounds.upper && session.compare(*bounds.upper, *bounds.lower) < 0) {
            std::swap(bounds.lower, bounds.upper);
        }
        const Relation relation =
            relation_of(static_cast<std::uint64_t>(random.number(1 << 17, 8 << 20)));
        ReadPace pace;
        const auto ranges = all_ranges(session, {session, relation, &key, bounds, pace},
                                       microseconds(random.number(100, 50'000)));
        expect_tiling(session, bounds, ranges);
    }
}

TEST(StatementRanges, EachTakesAboutItsTime) {
    const ChunkKey key = ordered(1);
    FakeSession session(spaced(0, 20'000, 10), key);
    ReadPace pace;
    const auto row_time = microseconds(100);
    const auto ranges =
        all_ranges(session, {session, relation_of(100), &key, Bounds(), pace}, row_time);
    expect_tiling(session, {}, ranges);
    // The first one was made for rows of 100 bytes and no gaps, not for what they take.
    for (std::size_t i = 6; i + 1 < ranges.size(); ++i) {
        const auto took = rows_in(session, ranges[i]) * row_time;
        EXPECT_GE(took, StatementRanges::kStatementTime / 2) << i;
        EXPECT_LE(took, StatementRanges::kStatementTime * 2) << i;
    }
    EXPECT_GE(ranges.size(), 15U);
    // What one chunk taught, the next one knows.
    const auto again =
        all_ranges(session, {session, relation_of(100), &key, Bounds(), pace}, row_time);
    const auto first_took = rows_in(session, again.front()) * row_time;
    EXPECT_GE(first_took, StatementRanges::kStatementTime / 2);
    EXPECT_LE(first_took, StatementRanges::kStatementTime * 2);
}

TEST(StatementRanges, AGapCostsAProbeAndNoWalk) {
    std::vector<Key> rows = spaced(0, 1000);
    const std::vector<Key> far = spaced(std::int64_t{1} << 60, 1000);
    rows.insert(rows.end(), far.begin(), far.end());
    const ChunkKey key = ordered(1);
    FakeSession session(rows, key);
    ReadPace pace;
    const auto ranges = all_ranges(session, {session, relation_of(80'000), &key, Bounds(), pace},
                                   microseconds(1000));
    expect_tiling(session, {}, ranges);
    EXPECT_LT(ranges.size(), 60U);
    EXPECT_EQ(session.keys_walked(), 0);
}

TEST(StatementRanges, ManyRowsOfOneKeyStayTogether) {
    std::vector<Key> rows(5000, Key{std::string("same")});
    rows.push_back({std::string("z")});
    const ChunkKey key = ordered(1);
    FakeSession session(rows, key);
    ReadPace pace;
    const auto ranges = all_ranges(session, {session, relation_of(1 << 20), &key, Bounds(), pace},
                                   microseconds(1000));
    expect_tiling(session, {}, ranges);
}

TEST(StatementRanges, WhatCannotBeCutIsOneRange) {
    FakeSession session({{1}, {2}, {3}}, ordered(1));
    ReadPace pace;
    ChunkKey unindexed = ordered(1);
    unindexed.is_ordered = false;
    const Relation relation = relation_of(8 << 20);
    EXPECT_EQ(all_ranges(session, {session, relation, &unindexed, Bounds(), pace}, nanoseconds(0)),
              std::vector{Bounds()});
    const ChunkKey indexed = ordered(1);
    Bounds nulls;
    nulls.is_null_keys = true;
    EXPECT_EQ(all_ranges(session, {session, relation, &indexed, nulls, pace}, nanoseconds(0)),
              std::vector{nulls});
    StatementRanges whole(session, relation, nullptr, {}, pace);
    EXPECT_EQ(whole.next(0).value(), Bounds());
    EXPECT_EQ(whole.next(0).value(), std::nullopt);
    EXPECT_EQ(session.probes(), 0);
}

TEST(StatementRanges, TheCallersLimitIsKept) {
    const ChunkKey key = ordered(1);
    FakeSession session(spaced(0, 100), key);
    ReadPace pace;
    const Relation relation = relation_of(1);
    StatementRanges ranges(session, relation, &key, {}, pace);
    EXPECT_EQ(rows_in(session, *ranges.next(7).value()), 7);
    EXPECT_EQ(ranges.next_lower(), Key{7});
}

}  // namespace
}  // namespace trueup::extract
