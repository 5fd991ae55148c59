#include "extract/run/worker_limit.h"

#include <gtest/gtest.h>

#include <random>

namespace trueup::extract {
namespace {

using Kind = PressureSignal::Kind;

PressureSignal level(std::int64_t value) {
    return {.name = "waiting", .value = value, .strain = 10, .calm = 4};
}
PressureSignal count(std::int64_t value, std::int64_t strain = 1) {
    return {.kind = Kind::Count, .name = "stalls", .value = value, .strain = strain};
}

/// What is seen, one look after another, and how many may work after each of them.
struct Row {
    std::vector<Pressure> looks;
    std::vector<int> want;
    int line = __builtin_LINE();
};

std::vector<Row> rows_seen() {
    return {
        // Calm from the start: there is nothing to gain.
        Row{{{level(0)}, {level(0)}, {level(4)}}, {4, 4, 4}},
        // Down at once, to one at the lowest; up after two calm looks and with each further one.
        Row{{{level(10)}, {level(99)}, {level(99)}, {level(0)}, {level(0)}, {level(0)}, {level(0)}},
            {2, 1, 1, 1, 2, 3, 4}},
        // Between calm and strain nothing moves, and calm has to be had anew.
        Row{{{level(10)}, {level(9)}, {level(5)}, {level(0)}, {level(5)}, {level(0)}, {level(0)}},
            {2, 2, 2, 2, 2, 2, 3}},
        // A count strains by its growth: the first look only learns.
        Row{{{count(1000)}, {count(1000)}, {count(1001)}, {count(1001)}, {count(1001)}},
            {4, 4, 2, 2, 3}},
        Row{{{count(0, 100)}, {count(99, 100)}, {count(199, 100)}}, {4, 4, 2}},
        // A server that counts anew has not gone up.
        Row{{{count(1000)}, {count(3)}, {count(4)}}, {4, 4, 2}},
        Row{{{count(std::numeric_limits<std::int64_t>::min())},
             {count(std::numeric_limits<std::int64_t>::max())}},
            {4, 4}},
        // One of several is enough.
        Row{{{level(0), count(5)}, {level(0), count(6)}, {level(10), count(6)}}, {4, 2, 1}},
        // A signal that comes and goes is no growth.
        Row{{{count(5)}, {}, {count(9)}}, {4, 4, 4}},
    };
}

/// Of each look; a change is told when there is one, and only then.
int see(WorkerLimit& limit, const Pressure& look) {
    const int before = limit.now();
    const auto change = limit.see(look);
    const WorkerLimit::Change told = change.value_or(WorkerLimit::Change{before, before, {}, {}});
    EXPECT_EQ(change.has_value(), limit.now() != before);
    EXPECT_EQ(std::pair(told.from, told.to), std::pair(before, limit.now()));
    return limit.now();
}

TEST(WorkerLimit, HalvesUnderStrainAndGrowsByOneWhenCalm) {
    for (const Row& row : rows_seen()) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        WorkerLimit limit({.least = 1, .most = 4});
        std::vector<int> got;
        got.reserve(row.looks.size());
        for (const Pressure& look : row.looks) got.push_back(see(limit, look));
        EXPECT_EQ(got, row.want);
    }
}

TEST(WorkerLimit, SaysWhy) {
    WorkerLimit limit({.least = 1, .most = 4});
    EXPECT_FALSE(limit.see({count(7, 2), level(0)}));
    const auto less = limit.see({count(10, 2), level(0)});
    ASSERT_TRUE(less);
    EXPECT_EQ(less->why, "stalls: 3 more, which is strain from 2 on");
    EXPECT_EQ(less->signal, "stalls");
    EXPECT_FALSE(limit.see({level(0)}));
    const auto more = limit.see({level(0)});
    ASSERT_TRUE(more);
    EXPECT_EQ(more->why, "the source is calm");
    EXPECT_EQ(more->signal, "");
    const auto open = limit.open("it cannot be seen");
    ASSERT_TRUE(open);
    EXPECT_EQ(open->to, 4);
    EXPECT_FALSE(limit.open("still"));
}

/// Random looks at one limit, and what has to hold after each.
class RandomWalk {
  public:
    RandomWalk(std::mt19937_64& random, WorkerLimit::Range range)
        : random_(&random), range_(range), limit_(range) {}

    void look() {
        const bool has_stalled = looks_++ > 0 && (*random_)() % 8 == 0;
        if (has_stalled) stalls_ += 1 + static_cast<std::int64_t>((*random_)() % 5);
        const auto value = static_cast<std::int64_t>((*random_)() % 14);
        const bool is_strain = has_stalled || value >= 10;
        since_strain_ = is_strain ? 0 : since_strain_ + 1;
        const int before = limit_.now();
        const int now = see(limit_, {level(value), count(stalls_)});
        EXPECT_GE(now, range_.least);
        EXPECT_LE(now, range_.most);
        const int highest = since_strain_ < WorkerLimit::kCalmLooks ? before : before + 1;
        EXPECT_LE(now, is_strain ? std::max(before / 2, range_.least) : highest);
        EXPECT_GE(now, is_strain ? std::max(before / 2, range_.least) : before);
    }
    void calm_down() {
        const int looks = range_.most + WorkerLimit::kCalmLooks;
        for (int look = 0; look < looks; ++look) see(limit_, {level(0), count(stalls_)});
        EXPECT_EQ(limit_.now(), range_.most);
    }

  private:
    std::mt19937_64* random_;
    WorkerLimit::Range range_;
    WorkerLimit limit_;
    std::int64_t stalls_ = 0;
    int looks_ = 0;
    int since_strain_ = WorkerLimit::kCalmLooks;
};

// Whatever is seen: the limit stays in its range, never grows under strain or within two looks of
// it, and comes back to all workers once the source is calm.
TEST(WorkerLimit, KeepsItsPromisesOnRandomLooks) {
    std::mt19937_64 random(20'261'127);
    for (int round = 0; round < 2'000; ++round) {
        SCOPED_TRACE(round);
        const int most = 1 + static_cast<int>(random() % 16);
        const int least = 1 + static_cast<int>(random() % static_cast<unsigned>(most));
        RandomWalk walk(random, {.least = least, .most = most});
        for (int look = 0; look < 50; ++look) walk.look();
        walk.calm_down();
    }
}

}  // namespace
}  // namespace trueup::extract
