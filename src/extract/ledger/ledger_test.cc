#include "extract/ledger/ledger.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

#include "extract/ledger/ledger_test_support.h"

namespace trueup::extract {
namespace {

using testing::ElementsAre;

class LedgerTest : public testing::Test {
  protected:
    LedgerTest() : ledger_(Ledger::open(folder_.ledger()).value()) {}
    void TearDown() override { expect_sound(folder_.ledger()); }

    void begin(const std::string& run_id, std::vector<std::string> bounds) {
        std::vector<NewChunk> chunks;
        chunks.reserve(bounds.size());
        for (std::string& each : bounds) chunks.push_back(sample_chunk(std::move(each)));
        ASSERT_TRUE(ledger_.begin_run(sample_run(run_id), chunks).has_value());
    }
    std::int64_t claim(std::string_view run_id) {
        const auto chunk = ledger_.claim_next(run_id, "w").value();
        return chunk ? chunk->chunk_id : 0;
    }
    std::vector<std::string> bounds(std::string_view run_id) {
        std::vector<std::string> all;
        const auto chunks = ledger_.chunks(run_id).value();
        all.reserve(chunks.size());
        for (const ChunkRecord& chunk : chunks) all.push_back(chunk.bounds_json);
        return all;
    }
    RunRecord run(std::string_view run_id) { return ledger_.find_run(run_id).value().value(); }
    /// A done run of one chunk and one part.
    void finished_run(const std::string& run_id) {
        begin(run_id, {"a"});
        ASSERT_EQ(claim(run_id), 1);
        ASSERT_TRUE(
            ledger_.finish_chunk(run_id, 1, {.parts = {sample_part(run_id + ".parquet", 3)}})
                .has_value());
        ASSERT_TRUE(ledger_.finish_run(run_id, {.at = 9}).has_value());
    }

    LedgerFolder folder_;
    Ledger ledger_;
};

TEST_F(LedgerTest, RunGoesThroughItsChunksInOrder) {
    begin("r", {"a", "b", "c"});
    EXPECT_EQ(ledger_.find_unfinished("orders", "/out/orders").value()->run_id, "r");
    EXPECT_EQ(ledger_.find_unfinished("orders", "/elsewhere").value(), std::nullopt);
    for (const std::int64_t want : {1, 2, 3}) {
        const auto chunk = ledger_.claim_next("r", "worker 1").value().value();
        EXPECT_EQ(chunk.chunk_id, want);
        EXPECT_EQ(chunk.status, ChunkStatus::Running);
        EXPECT_EQ(chunk.attempts, 1);
        EXPECT_EQ(chunk.worker, "worker 1");
        ChunkResult result{.parts = {sample_part(fmt::format("{}.parquet", want), want)},
                           .elapsed_us = 5};
        EXPECT_TRUE(ledger_.finish_chunk("r", want, result).has_value());
        EXPECT_TRUE(ledger_.finish_chunk("r", want, result).has_value()) << "not idempotent";
    }
    EXPECT_EQ(claim("r"), 0);
    const RunRecord done =
        ledger_
            .finish_run("r",
                        {.at = 2'000, .cursor = CursorRecord{"orders", "\"2026\"", "r", 2'000}})
            .value();
    EXPECT_EQ(done.status, RunStatus::Done);
    EXPECT_EQ(done.rows, 6);
    EXPECT_EQ(done.bytes, 600);
    EXPECT_EQ(done.parts, 3);
    EXPECT_EQ(done.finished_at, 2'000);
    EXPECT_EQ(ledger_.find_unfinished("orders", "/out/orders").value(), std::nullopt);
    EXPECT_EQ(ledger_.latest_done("orders", "/out/orders").value()->run_id, "r");
    EXPECT_EQ(ledger_.cursor("orders").value()->value_json, "\"2026\"");
}

TEST_F(LedgerTest, SecondUnfinishedRunIsRefusedUntilTheFirstIsGivenUp) {
    begin("one", {"a", "b"});
    const auto refused = ledger_.begin_run(sample_run("two"), {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Failed);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("one"));
    EXPECT_EQ(claim("one"), 1);
    ASSERT_TRUE(ledger_.finish_chunk("one", 1, {.parts = {sample_part("p", 4)}}).has_value());
    ASSERT_TRUE(ledger_.abandon_run("one", 7).has_value());
    ASSERT_TRUE(ledger_.abandon_run("one", 7).has_value());
    EXPECT_EQ(run("one").status, RunStatus::Abandoned);
    EXPECT_EQ(run("one").rows, 0);
    EXPECT_EQ(ledger_.parts("one").value().at(0).status, PartStatus::Superseded);
    begin("two", {"a"});
    EXPECT_EQ(ledger_.claim_next("one", "w").error().kind, ErrorClass::Bug);
    EXPECT_EQ(ledger_.rearm("one").error().kind, ErrorClass::Bug);
}

TEST_F(LedgerTest, RemaindersFollowTheirOriginHoweverOftenTheyAreCut) {
    begin("r", {"[0,100)", "[100,200)"});
    EXPECT_EQ(claim("r"), 1);
    const auto split = [&](std::int64_t chunk, std::string kept, std::string rest) {
        return ledger_.split_chunk("r", chunk, {std::move(kept), sample_chunk(std::move(rest))})
            .value()
            .chunk_id;
    };
    EXPECT_EQ(split(1, "[0,50)", "[50,100)"), 3);
    EXPECT_EQ(split(1, "[0,20)", "[20,50)"), 4);  // The same chunk again.
    EXPECT_THAT(bounds("r"), ElementsAre("[0,20)", "[20,50)", "[50,100)", "[100,200)"));
    EXPECT_EQ(claim("r"), 4) << "the remainder comes before the next planned chunk";
    EXPECT_EQ(split(4, "[20,30)", "[30,50)"), 5);  // A remainder.
    EXPECT_THAT(bounds("r"), ElementsAre("[0,20)", "[20,30)", "[30,50)", "[50,100)", "[100,200)"));
    EXPECT_EQ(ledger_.split_chunk("r", 2, {"x", sample_chunk("y")}).error().kind, ErrorClass::Bug)
        << "chunk 2 is not running";
}

TEST_F(LedgerTest, AThousandCutsOfOneChunkKeepTheOrder) {
    begin("r", {"0"});
    std::vector<std::string> want = {"0"};
    for (int cut = 1; cut <= 1'000; ++cut) {
        const std::int64_t running = claim("r");
        const auto kept = fmt::format("{}", cut - 1);
        want.push_back(fmt::format("{}", cut));
        ASSERT_TRUE(
            ledger_.split_chunk("r", running, {kept, sample_chunk(want.back())}).has_value());
        ASSERT_TRUE(ledger_.finish_chunk("r", running, {}).has_value());
    }
    EXPECT_EQ(bounds("r"), want);
}

TEST_F(LedgerTest, FailedAndReleasedChunksComeBack) {
    begin("r", {"a", "b"});
    EXPECT_EQ(claim("r"), 1);
    ASSERT_TRUE(ledger_.fail_chunk("r", 1, {"lost", /*may_retry=*/true}).has_value());
    EXPECT_EQ(claim("r"), 1);
    EXPECT_EQ(ledger_.chunks("r").value().at(0).attempts, 2);
    ASSERT_TRUE(ledger_.fail_chunk("r", 1, {"refused", /*may_retry=*/false}).has_value());
    EXPECT_EQ(claim("r"), 2);
    ASSERT_TRUE(ledger_.release_chunk("r", 2).has_value());
    ASSERT_TRUE(ledger_.release_chunk("r", 2).has_value());
    EXPECT_EQ(ledger_.chunks("r").value().at(1).attempts, 0);
    EXPECT_EQ(ledger_.finish_run("r", {.at = 1}).error().kind, ErrorClass::Bug);
    ASSERT_TRUE(ledger_.finish_run("r", {.status = RunStatus::Failed, .at = 1, .error = "refused"})
                    .has_value());
    EXPECT_EQ(run("r").error, "refused");
    EXPECT_EQ(ledger_.rearm("r").value(), 2);
    EXPECT_EQ(run("r").status, RunStatus::Running);
    EXPECT_EQ(run("r").resumes, 1);
    EXPECT_EQ(claim("r"), 1);
}

TEST_F(LedgerTest, DoneChunkRefusesOtherParts) {
    begin("r", {"a"});
    EXPECT_EQ(ledger_.finish_chunk("r", 1, {}).error().kind, ErrorClass::Bug) << "not claimed";
    EXPECT_EQ(ledger_.finish_chunk("r", 2, {}).error().kind, ErrorClass::Bug) << "no such chunk";
    EXPECT_EQ(claim("r"), 1);
    ASSERT_TRUE(ledger_.finish_chunk("r", 1, {.parts = {sample_part("p", 1)}}).has_value());
    EXPECT_EQ(ledger_.finish_chunk("r", 1, {.parts = {sample_part("p", 2)}}).error().kind,
              ErrorClass::Integrity);
    EXPECT_EQ(ledger_.fail_chunk("r", 1, {"x", true}).error().kind, ErrorClass::Bug);
    ASSERT_TRUE(ledger_.reopen_chunk("r", 1, "its part is gone").has_value());
    EXPECT_EQ(run("r").rows, 0);
    EXPECT_EQ(claim("r"), 1);
    EXPECT_EQ(ledger_.chunks("r").value().at(0).last_error, "its part is gone");
}

TEST_F(LedgerTest, RepairReplacesPartsOnce) {
    finished_run("r");
    const ChunkReplacement replacement{.chunk_id = 1,
                                       .parts = {sample_part("n2", 2), sample_part("n1", 5)}};
    const std::vector<ChunkReplacement> all = {replacement};
    EXPECT_EQ(ledger_.supersede("r", all, 3).error().kind, ErrorClass::Integrity);
    ASSERT_TRUE(ledger_.supersede("r", all, 2).has_value());
    ASSERT_TRUE(ledger_.supersede("r", all, 2).has_value()) << "not idempotent";
    const auto parts = ledger_.parts("r").value();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[2].path, "r.parquet");
    EXPECT_EQ(parts[2].status, PartStatus::Superseded);
    EXPECT_THAT(parts[2].replaced_by, ElementsAre("n1", "n2"));
    EXPECT_EQ(parts[0].generation, 2);
    EXPECT_EQ(run("r").rows, 7);
    EXPECT_EQ(run("r").parts, 2);
    EXPECT_EQ(run("r").generation, 2);
    const std::vector<ChunkReplacement> other = {{.chunk_id = 1, .parts = {}}};
    EXPECT_EQ(ledger_.supersede("r", other, 2).error().kind, ErrorClass::Integrity);
    ASSERT_TRUE(ledger_.supersede("r", other, 3).has_value()) << "the chunk is empty now";
    EXPECT_EQ(run("r").rows, 0);
}

TEST_F(LedgerTest, EveryWorkerGetsAnotherChunk) {
    begin("r", std::vector<std::string>(60, "b"));
    std::mutex mutex;
    std::set<std::int64_t> claimed;
    const auto work = [&] {
        while (const auto chunk = ledger_.claim_next("r", "w").value()) {
            EXPECT_TRUE(ledger_.finish_chunk("r", chunk->chunk_id, {}).has_value());
            const std::scoped_lock lock(mutex);
            EXPECT_TRUE(claimed.insert(chunk->chunk_id).second);
        }
    };
    constexpr int kWorkers = 4;
    std::vector<std::jthread> workers;
    workers.reserve(kWorkers);
    for (int worker = 0; worker < kWorkers; ++worker) workers.emplace_back(work);
    workers.clear();
    EXPECT_EQ(claimed.size(), 60U);
}

TEST_F(LedgerTest, ListingsAreNarrowedAndNewestFirst) {
    finished_run("one");
    finished_run("two");
    ASSERT_TRUE(ledger_.record_event({.at = 1, .export_name = "orders", .kind = "a"}).has_value());
    ASSERT_TRUE(
        ledger_.record_event({.at = 1, .export_name = "orders", .run_id = "one", .kind = "b"})
            .has_value());
    ASSERT_TRUE(ledger_.record_event({.at = 2, .export_name = "other", .kind = "c"}).has_value());
    EXPECT_EQ(ledger_.events({}).value().size(), 3U);
    EXPECT_EQ(ledger_.events({.limit = 1}).value().at(0).kind, "c");
    EXPECT_EQ(ledger_.events({.run_id = "one"}).value().at(0).kind, "b");
    const auto runs = ledger_.runs({.export_name = "orders"}).value();
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[0].run_id, "two");
    EXPECT_TRUE(ledger_.runs({.export_name = "none"}).value().empty());
    EXPECT_EQ(ledger_.runs({.prefix = "/out/orders", .limit = 1}).value().size(), 1U);
}

TEST_F(LedgerTest, ProofsMetricsAndBaselinesComeBackAsStored) {
    VerificationRecord proof{.at = 5, .export_name = "orders", .run_id = "r", .prefix = "/out"};
    proof.command = "reconcile";
    proof.evidence = "digest";
    proof.verdict = "clean";
    proof.ranges = {{.chunk_id = 2, .bounds_json = "[0,1)", .rows = 7}};
    ASSERT_TRUE(ledger_.record_verification(proof).has_value());
    const auto found = ledger_.verifications({.prefix = "/out"}).value();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].ranges.at(0).rows, 7);
    EXPECT_EQ(found[0].verdict, "clean");
    proof.verdict = "perhaps";
    EXPECT_FALSE(ledger_.record_verification(proof).has_value());

    MetricRecord metric{.run_id = "r", .export_name = "orders", .at = 5, .rows = 1};
    ASSERT_TRUE(ledger_.record_metric(metric).has_value());
    metric.rows = 2;
    ASSERT_TRUE(ledger_.record_metric(metric).has_value());
    ASSERT_EQ(ledger_.metrics({.export_name = "orders"}).value().size(), 1U);
    EXPECT_EQ(ledger_.metrics({}).value().at(0).rows, 2);

    EXPECT_EQ(ledger_.schema_baseline("orders").value().has_value(), false);
    ASSERT_TRUE(ledger_.set_schema_baseline({"orders", "[1]", "r", 1}).has_value());
    ASSERT_TRUE(ledger_.set_schema_baseline({"orders", "[2]", "r", 2}).has_value());
    EXPECT_EQ(ledger_.schema_baseline("orders").value()->schema_json, "[2]");
}

TEST_F(LedgerTest, ResetForgetsAllButTheJournal) {
    finished_run("r");
    ASSERT_TRUE(ledger_.set_schema_baseline({"orders", "[]", "r", 1}).has_value());
    ASSERT_TRUE(ledger_.record_event({.at = 1, .export_name = "orders", .kind = "a"}).has_value());
    ASSERT_TRUE(ledger_.reset("orders", 1).has_value());
    EXPECT_TRUE(ledger_.runs({}).value().empty());
    EXPECT_TRUE(ledger_.chunks("r").value().empty());
    EXPECT_TRUE(ledger_.parts("r").value().empty());
    EXPECT_FALSE(ledger_.schema_baseline("orders").value().has_value());
    EXPECT_EQ(ledger_.events({}).value().size(), 1U);
}

}  // namespace
}  // namespace trueup::extract
