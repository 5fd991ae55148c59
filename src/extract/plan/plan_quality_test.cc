#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "extract/plan/plan.h"
#include "extract/source/fake_session.h"

// How even chunks are, on data that are not: fixed seeds, unique keys, no statistics.
namespace trueup::extract {
namespace {

constexpr std::int64_t kRows = 80'000;
constexpr std::int64_t kRowsWanted = 2'000;

using Random = std::mt19937_64;
using Draw = std::function<KeyValue(Random&, std::int64_t row)>;

std::int64_t scaled(double number) { return static_cast<std::int64_t>(number); }

double uniform(Random& random) { return static_cast<double>(random() >> 11U) * 0x1p-53; }

double normal(Random& random) {
    return std::sqrt(-2 * std::log(1 - uniform(random))) * std::cos(6.283185307 * uniform(random));
}

std::string hex(std::uint64_t number, std::size_t size) {
    std::string text;
    while (text.size() < size) {
        text += "0123456789abcdef"[number & 15U];
        number >>= 4U;
    }
    return text;
}

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

struct QualityRow {
    std::string_view name;
    Draw draw;
    int line = __builtin_LINE();
};

std::vector<QualityRow> quality_rows() {
    return {
        {"dense", [](Random&, std::int64_t row) { return row; }},
        {"any integer",
         [](Random& random, std::int64_t) { return static_cast<std::int64_t>(random()); }},
        {"one outlier",
         [](Random&, std::int64_t row) { return row == 0 ? std::int64_t{1} << 62U : row; }},
        {"three dense islands far apart",
         [](Random&, std::int64_t row) { return row + (row * 3 / kRows) * 1'000'000'000'000; }},
        {"nine of ten rows in a thousandth of the span",
         [](Random& random, std::int64_t row) {
             return scaled(uniform(random) * (row % 10 == 0 ? 1e12 : 1e9));
         }},
        {"normal", [](Random& random, std::int64_t) { return scaled(normal(random) * 1e12); }},
        {"log-normal",
         [](Random& random, std::int64_t) { return scaled(std::exp(normal(random) * 3) * 1e9); }},
        {"growing ever faster",
         [](Random& random, std::int64_t) {
             return scaled(1e15 * std::pow(uniform(random), 0.1));
         }},
        {"blocks of a thousand with gaps",
         [](Random&, std::int64_t row) { return row % 1000 + row / 1000 * 1'000'000; }},
        {"reals", [](Random& random, std::int64_t) { return normal(random); }},
        {"hexadecimal texts", [](Random& random, std::int64_t) { return hex(random(), 16); }},
        {"numbered names",
         [](Random&, std::int64_t row) {
             const std::string digits = std::to_string(1'000'000 + row);
             return "customer-" + digits.substr(1);
         }},
        {"timestamps as texts",
         [](Random&, std::int64_t row) {
             return "2024-" + two_digits(1 + row / 28'000) + "-" + two_digits(1 + row / 1000 % 28) +
                    " " + two_digits(row / 60 % 17) + ":" + two_digits(row % 60) + ":" +
                    std::to_string(row);
         }},
        {"Cyrillic words",
         [](Random& random, std::int64_t) {
             std::string text;
             for (int letter = 0; letter < 10; ++letter) {
                 text += '\xD0';
                 text += static_cast<char>(0x90 + random() % 48);
             }
             return text;
         }},
        {"blobs", [](Random& random, std::int64_t) { return Blob{hex(random(), 16)}; }},
        {"long equal beginnings",
         [](Random& random, std::int64_t row) {
             return (row % 2 == 0 ? "http://example.com/a/long/path/" : "ftp://") +
                    hex(random(), 16);
         }},
    };
}

std::int64_t rows_of_largest(const std::vector<PlannedChunk>& chunks, const FakeSession& session) {
    std::int64_t largest = 0;
    std::size_t chunk = 0;
    std::int64_t in_chunk = 0;
    for (const Key& at : session.rows()) {
        while (!session.contains(chunks.at(chunk).bounds, at)) {
            ++chunk;
            in_chunk = 0;
        }
        largest = std::max(largest, ++in_chunk);
    }
    return largest;
}

std::vector<Key> rows_of(const QualityRow& row) {
    Random random(20'240'229);
    std::vector<Key> rows;
    rows.reserve(kRows);
    for (std::int64_t at = 0; at < kRows; ++at) rows.push_back({row.draw(random, at)});
    std::ranges::sort(rows);
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

/// As a server would: bounds of even shares of a sample of the rows.
std::vector<Quantile> histogram_of(const std::vector<Key>& rows) {
    constexpr std::size_t kSample = 30'000;
    constexpr std::size_t kBounds = 101;
    Random random(7);
    std::vector<Key> sample;
    sample.reserve(kSample);
    for (std::size_t i = 0; i < kSample; ++i) sample.push_back(rows[random() % rows.size()]);
    std::ranges::sort(sample);
    std::vector<Quantile> bounds;
    for (std::size_t bound = 0; bound < kBounds; ++bound) {
        const Key& key = sample[bound * (kSample - 1) / (kBounds - 1)];
        bounds.push_back({key.front(), static_cast<double>(bound) / (kBounds - 1)});
    }
    return bounds;
}

TEST(PlanQuality, AHistogramSavesTheProbes) {
    const ChunkKey key{.columns = {"id"}, .is_unique = true, .is_ordered = true};
    Relation relation{.name = "t", .from_sql = "t", .keys = {key}};
    Export wanted;
    wanted.name = "t";
    wanted.chunking = {.mode = Mode::Chunked, .by = ChunkBy::Auto, .rows = kRowsWanted};
    for (const QualityRow& row : quality_rows()) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.name);
        const std::vector<Key> rows = rows_of(row);
        FakeSession session(rows, key);
        session.know(histogram_of(rows));
        relation.rows_estimate = std::ssize(rows);

        const auto plan = plan_chunks(session, relation, wanted, {});
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_EQ(plan->cut_by, CutBy::Histogram);
        EXPECT_EQ(session.probes(), 0);
        EXPECT_EQ(session.keys_walked(), 0);
        EXPECT_LE(rows_of_largest(plan->chunks, session), kRowsWanted * 3 / 2);
        EXPECT_EQ(std::ssize(plan->chunks), (std::ssize(rows) + kRowsWanted - 1) / kRowsWanted);
    }
}

TEST(PlanQuality, NoChunkIsFarLargerThanWanted) {
    const ChunkKey key{.columns = {"id"}, .is_unique = true, .is_ordered = true};
    const Relation relation{.name = "t", .from_sql = "t", .keys = {key}};
    Export wanted;
    wanted.name = "t";
    wanted.chunking = {.mode = Mode::Chunked, .by = ChunkBy::Auto, .rows = kRowsWanted};
    for (const QualityRow& row : quality_rows()) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.name);
        const std::vector<Key> rows = rows_of(row);
        FakeSession session(rows, key);

        const auto plan = plan_chunks(session, relation, wanted, {});
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        const std::int64_t chunks_wanted = (std::ssize(rows) + kRowsWanted - 1) / kRowsWanted;
        EXPECT_LE(rows_of_largest(plan->chunks, session), 4 * kRowsWanted);
        EXPECT_LE(std::ssize(plan->chunks), 2 * chunks_wanted);
        EXPECT_GE(std::ssize(plan->chunks), chunks_wanted / 2);
    }
}

}  // namespace
}  // namespace trueup::extract
