#include "extract/plan/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "extract/source/fake_session.h"

namespace trueup::extract {
namespace {

constexpr std::int64_t kIntegerMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kIntegerMax = std::numeric_limits<std::int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

ChunkKey key_named(std::vector<std::string> columns) {
    return {.columns = std::move(columns), .is_ordered = true};
}

Relation relation_of(const ChunkKey& key) {
    return {.name = "orders", .from_sql = "orders", .keys = {key}};
}

Export export_by(ChunkBy by, std::vector<std::string> columns = {}) {
    Export wanted;
    wanted.name = "orders";
    wanted.chunking.mode = Mode::Chunked;
    wanted.chunking.by = by;
    wanted.chunking.columns = std::move(columns);
    return wanted;
}

/// Small enough that some hundred rows go every way the planner knows.
PlanOptions small_options() {
    return {.whole_rows_max = 10,
            .chunks_max = 100,
            .walked_rows_max = 5,
            .probe_rows = 4,
            .probes = 8};
}

std::vector<Key> integer_rows(std::int64_t count, std::int64_t step = 1) {
    std::vector<Key> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (std::int64_t row = 0; row < count; ++row) rows.push_back({row * step});
    return rows;
}

/// The rows of each chunk; nothing when a row is in no chunk, or in two.
std::optional<std::vector<std::int64_t>> rows_per_chunk(const ChunkPlan& plan,
                                                        const FakeSession& session,
                                                        const std::vector<Key>& rows) {
    std::vector<std::int64_t> counts(plan.chunks.size(), 0);
    for (const Key& row : rows) {
        int owners = 0;
        for (std::size_t at = 0; at < plan.chunks.size(); ++at) {
            const Bounds& bounds = plan.chunks[at].bounds;
            const bool is_whole = !plan.key.has_value() && plan.chunks.size() == 1;
            if (!is_whole && !session.contains(bounds, row)) continue;
            ++owners;
            ++counts[at];
        }
        if (owners != 1) return std::nullopt;
    }
    return counts;
}

// ---- random relations ----

enum class Values : std::uint8_t {
    Integers,
    FewIntegers,
    Reals,
    Texts,
    Blobs,
    Mixed,
    Dates,
    Seconds
};

KeyValue value_of(Values values) {
    switch (values) {
        case Values::Integers:
            return *rc::gen::weightedOneOf<std::int64_t>(
                {{8, rc::gen::arbitrary<std::int64_t>()},
                 {4, rc::gen::inRange<std::int64_t>(-100, 1000)},
                 {2, rc::gen::inRange<std::int64_t>(kIntegerMin, kIntegerMax)},
                 {1, rc::gen::element(kIntegerMin, kIntegerMax, std::int64_t{0})}});
        case Values::FewIntegers: return *rc::gen::inRange<std::int64_t>(-3, 4);
        case Values::Reals: {
            const auto bits =
                *rc::gen::inRange<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max());
            const double real = std::bit_cast<double>(bits);
            return *rc::gen::weightedElement<double>({{8, std::isnan(real) ? 1.5 : real},
                                                      {4, static_cast<double>(bits % 1000) / 8},
                                                      {1, kInfinity},
                                                      {1, -kInfinity},
                                                      {1, -0.0}});
        }
        case Values::Texts: {
            static const std::vector<std::string> pieces = {
                "a", "A", "b", "B", "z",  "Z", "",     " ",    "0", "9",      "~",
                "Ä", "ä", "ж", "Я", "漢", "😀", "\x7F", "\xFF", "_", "http://"};
            std::string text = *rc::gen::element(std::string(), std::string("user-"));
            const int parts = *rc::gen::inRange(0, 6);
            for (int part = 0; part < parts; ++part) text += *rc::gen::elementOf(pieces);
            return text;
        }
        case Values::Blobs: return Blob{*rc::gen::arbitrary<std::string>()};
        case Values::Mixed:
            return value_of(*rc::gen::element(Values::FewIntegers, Values::Reals, Values::Texts,
                                              Values::Blobs));
        case Values::Dates: {
            const int day = *rc::gen::inRange(1, 29);
            const int month = *rc::gen::inRange(1, 13);
            const int year = *rc::gen::weightedOneOf<int>(
                {{9, rc::gen::inRange(2020, 2023)}, {1, rc::gen::inRange(1, 10'000)}});
            std::string text(10, '\0');
            std::snprintf(text.data(), text.size() + 1, "%04d-%02d-%02d", year, month, day);
            return text + *rc::gen::element<std::string>("", " 23:59:59", "T00:00:00Z");
        }
        case Values::Seconds:
            return *rc::gen::weightedOneOf<std::int64_t>(
                {{9, rc::gen::inRange<std::int64_t>(-1'000'000, 10'000'000)},
                 {1, rc::gen::inRange<std::int64_t>(-62'167'219'200, 253'402'300'800)}});
    }
    std::unreachable();
}

struct Scene {
    std::vector<Key> rows;
    ChunkKey key;
    FakeSession::Order order = FakeSession::Order::Binary;
};

Scene scene_of(const std::vector<Values>& columns) {
    Scene scene;
    scene.key.is_ordered = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
    scene.key.may_be_null = *rc::gen::arbitrary<bool>();
    scene.order = *rc::gen::element(FakeSession::Order::Binary, FakeSession::Order::NoCase);
    for (std::size_t at = 0; at < columns.size(); ++at) {
        scene.key.columns.push_back("k" + std::to_string(at));
    }
    const int rows = *rc::gen::weightedOneOf<int>({{1, rc::gen::inRange(0, 3)},
                                                   {3, rc::gen::inRange(0, 40)},
                                                   {6, rc::gen::inRange(40, 400)}});
    for (int row = 0; row < rows; ++row) {
        const bool is_again = !scene.rows.empty() && *rc::gen::inRange(0, 8) == 0;
        if (is_again) {
            scene.rows.push_back(*rc::gen::elementOf(scene.rows));
            continue;
        }
        Key key;
        for (const Values values : columns) key.push_back(value_of(values));
        if (scene.key.may_be_null && *rc::gen::inRange(0, 6) == 0) {
            key[*rc::gen::inRange<std::size_t>(0, key.size())] = KeyValue();
        }
        scene.rows.push_back(std::move(key));
    }
    return scene;
}

/// Statistics of these rows, or of others, or of none.
std::vector<Quantile> quantiles_of(const std::vector<Key>& rows, Values values) {
    const bool is_true = *rc::gen::arbitrary<bool>();
    std::vector<Quantile> quantiles;
    for (int bound = *rc::gen::inRange(0, 50); bound > 0; --bound) {
        const bool is_row = !rows.empty() && (is_true || *rc::gen::arbitrary<bool>());
        quantiles.push_back({is_row ? (*rc::gen::elementOf(rows)).front() : value_of(values), 0});
    }
    if (is_true) std::ranges::sort(quantiles, {}, &Quantile::value);
    double share = 0;
    for (Quantile& quantile : quantiles) quantile.share_below = share += 0.02;
    if (*rc::gen::inRange(0, 8) == 0 && !quantiles.empty()) {
        quantiles.back().share_below = *rc::gen::element(std::nan(""), -1.0, 2.0, kInfinity);
    }
    return quantiles;
}

/// Plans the scene; every row must be in exactly one chunk, and the chunks must not be too many.
void expect_tiling(const Scene& scene, Values values, Export wanted) {
    const FakeSession::Order order = scene.order;
    FakeSession session(scene.rows, scene.key, order);
    if (*rc::gen::arbitrary<bool>()) session.know(quantiles_of(scene.rows, values));
    Relation relation = relation_of(scene.key);
    const auto rows = std::ssize(scene.rows);
    if (*rc::gen::arbitrary<bool>()) {
        relation.rows_estimate = *rc::gen::weightedElement<std::int64_t>(
            {{3, rows}, {1, rows * 10}, {1, rows / 10}, {1, 0}});
    }
    wanted.chunking.rows = *rc::gen::inRange(1, 60);
    wanted.chunking.count = *rc::gen::inRange(1, 300);
    wanted.chunking.days = *rc::gen::inRange(1, 40);
    PlanOptions options = small_options();
    options.chunks_max = *rc::gen::element(1, 2, 20, 100);
    options.probes = *rc::gen::element(1, 2, 8, 64);
    options.probe_rows = *rc::gen::element(1, 4, 16);

    const auto plan = plan_chunks(session, relation, wanted, options);
    if (!plan.has_value()) RC_FAIL(plan.error().message);
    const auto counts = rows_per_chunk(*plan, session, scene.rows);
    RC_ASSERT(counts.has_value());
    const auto& chunks = plan->chunks;
    RC_ASSERT(!chunks.empty());
    RC_ASSERT(std::ssize(chunks) <= options.chunks_max + 1);
    RC_ASSERT(plan->rows_target >= 1);
    RC_ASSERT(!plan->reason.empty());
    RC_ASSERT(chunks.back().bounds.is_null_keys == (plan->key && scene.key.may_be_null));
    if (wanted.chunking.by != ChunkBy::Dense) return;
    // Rows with equal keys stay together, so only a chunk that is no multiple shows an error.
    for (std::size_t at = 0; at + 1 < counts->size() && std::ssize(scene.rows) == rows; ++at) {
        if (scene.key.is_unique) RC_ASSERT(counts->at(at) == plan->rows_target);
    }
}

TEST(PlanTiling, EveryRowOfEveryKindOfKeyIsInExactlyOneChunk) {
    EXPECT_TRUE(rc::check([] {
        const auto columns = *rc::gen::resize(
            3, rc::gen::nonEmpty(rc::gen::container<std::vector<Values>>(
                   rc::gen::element(Values::Integers, Values::FewIntegers, Values::Reals,
                                    Values::Texts, Values::Blobs, Values::Mixed))));
        const Scene scene = scene_of(columns);
        const ChunkBy by = *rc::gen::element(ChunkBy::Auto, ChunkBy::Key, ChunkBy::Count,
                                             ChunkBy::Dense, ChunkBy::Range);
        const bool is_named = by == ChunkBy::Key || by == ChunkBy::Range;
        Export wanted = export_by(by, is_named ? scene.key.columns : std::vector<std::string>{});
        if (by == ChunkBy::Auto)
            wanted.chunking.mode = *rc::gen::element(Mode::Auto, Mode::Chunked);
        expect_tiling(scene, columns.front(), wanted);
    }));
}

TEST(PlanTiling, EveryDateIsInExactlyOneChunk) {
    EXPECT_TRUE(rc::check([] {
        const Values values = *rc::gen::element(Values::Dates, Values::Seconds);
        const Scene scene = scene_of({values});
        expect_tiling(scene, values, export_by(ChunkBy::Days, scene.key.columns));
    }));
}

// ---- what is decided ----

TEST(Plan, FullAndWholeAreOneChunkWithoutAKey) {
    const ChunkKey key = key_named({"id"});
    FakeSession session(integer_rows(500), key);
    Export full = export_by(ChunkBy::Auto);
    full.chunking.mode = Mode::Full;
    for (const Export& wanted : {full, export_by(ChunkBy::Whole)}) {
        const auto plan = plan_chunks(session, relation_of(key), wanted, small_options());
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_EQ(plan->kind, ChunkKind::Whole);
        EXPECT_FALSE(plan->key.has_value());
        ASSERT_EQ(plan->chunks.size(), 1);
        EXPECT_EQ(plan->chunks[0].bounds, Bounds());
    }
    EXPECT_EQ(session.probes() + session.keys_walked(), 0);
}

TEST(Plan, AutoLeavesSmallRelationsWholeWhateverStatisticsSay) {
    const ChunkKey key = key_named({"id"});
    for (const auto estimate : {std::optional<std::int64_t>(), std::optional<std::int64_t>(3)}) {
        for (const std::int64_t rows : {0, 1, 10, 11, 500}) {
            FakeSession session(integer_rows(rows), key);
            Relation relation = relation_of(key);
            relation.rows_estimate = estimate;
            Export wanted = export_by(ChunkBy::Auto);
            wanted.chunking.mode = Mode::Auto;
            wanted.chunking.rows = 5;
            const auto plan = plan_chunks(session, relation, wanted, small_options());
            ASSERT_TRUE(plan.has_value()) << plan.error().message;
            EXPECT_EQ(plan->kind, rows <= 10 ? ChunkKind::Whole : ChunkKind::Range) << rows;
            EXPECT_EQ(plan->chunks.size() == 1, rows <= 10) << rows;
        }
    }
}

TEST(Plan, WithoutAKeyAutoIsWholeAndChunkedIsRefused) {
    FakeSession session({}, {});
    Relation relation = relation_of({});
    relation.keys.clear();
    relation.rows_estimate = 500'0000;
    Export wanted = export_by(ChunkBy::Auto);
    wanted.chunking.mode = Mode::Auto;
    const auto plan = plan_chunks(session, relation, wanted, {});
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->kind, ChunkKind::Whole);
    EXPECT_EQ(plan->reason, "about 5,000,000 rows, but no key to cut by: one chunk");

    wanted.chunking.mode = Mode::Chunked;
    const auto refused = plan_chunks(session, relation, wanted, {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Config);
    EXPECT_EQ(refused.error().message, "export orders: orders has no key to cut it by");
}

struct KindRow {
    ChunkKey key;
    Key row;
    std::string_view want;
    ChunkBy by;
    int line = __builtin_LINE();
};

TEST(Plan, KindsAreNamedByKeyAndWish) {
    ChunkKey rowid = key_named({"rowid"});
    rowid.is_physical = true;
    const Key date = {"2024-02-29"};
    const KindRow rows[] = {
        KindRow{key_named({"id"}), {std::int64_t{1}}, "range", ChunkBy::Auto},
        KindRow{rowid, {std::int64_t{1}}, "physical", ChunkBy::Auto},
        KindRow{rowid, {std::int64_t{1}}, "physical", ChunkBy::Range},
        KindRow{key_named({"a", "b"}), {std::int64_t{1}, "x"}, "keyset", ChunkBy::Auto},
        KindRow{key_named({"name"}), {"x"}, "range", ChunkBy::Range},
        KindRow{key_named({"name"}), {"x"}, "keyset", ChunkBy::Key},
        KindRow{key_named({"id"}), {std::int64_t{1}}, "count", ChunkBy::Count},
        KindRow{key_named({"id"}), {std::int64_t{1}}, "dense", ChunkBy::Dense},
        KindRow{key_named({"day"}), date, "days", ChunkBy::Days},
    };
    for (const KindRow& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.want);
        FakeSession session({row.row}, row.key);
        const bool is_named = row.by == ChunkBy::Range || row.by == ChunkBy::Days;
        const Export wanted =
            export_by(row.by, is_named ? row.key.columns : std::vector<std::string>{});
        const auto plan = plan_chunks(session, relation_of(row.key), wanted, small_options());
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_EQ(name_of(plan->kind), row.want);
        EXPECT_EQ(plan->key, row.key);
    }
}

TEST(Plan, ATextKeyFoundByItselfIsAKeyset) {
    const ChunkKey key = key_named({"name"});
    FakeSession session({{"a"}, {"b"}, {"c"}, {"d"}}, key);
    Export wanted = export_by(ChunkBy::Auto);
    wanted.chunking.rows = 2;
    const auto plan = plan_chunks(session, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->kind, ChunkKind::Keyset);
    EXPECT_EQ(plan->chunks.size(), 2);
}

TEST(Plan, DenseChunksHaveExactlyTheRowsWanted) {
    const ChunkKey key = key_named({"id"});
    const auto rows = integer_rows(103, 7);
    FakeSession session(rows, key);
    Export wanted = export_by(ChunkBy::Dense);
    wanted.chunking.rows = 25;
    const auto plan = plan_chunks(session, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(rows_per_chunk(*plan, session, rows), (std::vector<std::int64_t>{25, 25, 25, 25, 3}));
    EXPECT_EQ(plan->chunks[1].bounds.lower, Key{std::int64_t{175}});
    EXPECT_EQ(plan->chunks[0].rows_estimate, 25);
}

TEST(Plan, CountMakesThatManyChunksOrOnePerRow) {
    const ChunkKey key = key_named({"id"});
    for (const std::int64_t walked_rows_max : {0, 1'000'000}) {
        for (const std::int64_t rows : {1, 3, 70, 1000}) {
            FakeSession session(integer_rows(rows, 3), key);
            Export wanted = export_by(ChunkBy::Count);
            wanted.chunking.count = 7;
            PlanOptions options = small_options();
            options.walked_rows_max = walked_rows_max;
            const auto plan = plan_chunks(session, relation_of(key), wanted, options);
            ASSERT_TRUE(plan.has_value()) << plan.error().message;
            EXPECT_EQ(std::ssize(plan->chunks), std::min<std::int64_t>(rows, 7))
                << rows << " of " << walked_rows_max;
        }
    }
}

TEST(Plan, NullKeysHaveAChunkBeforeThereAreAny) {
    ChunkKey key = key_named({"email"});
    key.may_be_null = true;
    FakeSession session({{"a"}, {"b"}}, key);
    const Export wanted = export_by(ChunkBy::Key, {"email"});
    const auto plan = plan_chunks(session, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->chunks.size(), 2);
    EXPECT_EQ(text_of(plan->chunks[0].bounds), "everything");
    EXPECT_EQ(text_of(plan->chunks[1].bounds), "NULL keys");
    EXPECT_EQ(plan->chunks[1].rows_estimate, 0);
    EXPECT_TRUE(plan->reason.ends_with("1 chunk, and one for NULL keys")) << plan->reason;
}

TEST(Plan, TheReasonTellsTheKeyAndTheSizes) {
    ChunkKey key = key_named({"id"});
    key.is_primary = key.is_unique = true;
    FakeSession session(integer_rows(500'000), key);
    Relation relation = relation_of(key);
    relation.rows_estimate = 500'000;
    relation.row_bytes_estimate = 1240;
    const auto plan = plan_chunks(session, relation, export_by(ChunkBy::Auto), {});
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->reason,
              "primary key id, about 500,000 rows of 1,240 bytes: 10 chunks of about 62.0 MB");
    EXPECT_EQ(plan->rows_target, 51'612);
    EXPECT_TRUE(plan->warnings.empty());
    EXPECT_LT(session.keys_walked(), 400'000) << "probes, not a walk";
}

TEST(Plan, LimitsAndMissingIndexesAreWarnedOf) {
    ChunkKey key = key_named({"status"});
    FakeSession session(integer_rows(1000), key);
    Export wanted = export_by(ChunkBy::Dense);
    wanted.chunking.rows = 1;
    auto plan = plan_chunks(session, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->warnings.size(), 1);
    EXPECT_EQ(plan->warnings[0],
              "export orders: a plan has at most 100 chunks, so each has about 64 rows instead of "
              "1");

    wanted = export_by(ChunkBy::Count);
    wanted.chunking.count = 300;
    plan = plan_chunks(session, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    ASSERT_EQ(plan->warnings.size(), 1);
    EXPECT_EQ(plan->warnings[0],
              "export orders: a plan has at most 100 chunks, not the 300 wanted");

    key.is_ordered = false;
    FakeSession unordered(integer_rows(1000), key);
    wanted = export_by(ChunkBy::Range, {"status"});
    wanted.chunking.rows = 500;
    plan = plan_chunks(unordered, relation_of(key), wanted, small_options());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(unordered.probes(), 0) << "each would read everything";
    ASSERT_EQ(plan->warnings.size(), 1);
    EXPECT_EQ(plan->warnings[0],
              "export orders: no index has status in order, so each of the 2 chunks reads all of "
              "orders");
}

TEST(Plan, AKeyThatDoesNotExistIsTheSourcesError) {
    const ChunkKey key = key_named({"id"});
    FakeSession session({}, key);
    const auto plan = plan_chunks(session, relation_of(key), export_by(ChunkBy::Range, {"ix"}), {});
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ(plan.error().message, "orders: no such column ix");
}

}  // namespace
}  // namespace trueup::extract
