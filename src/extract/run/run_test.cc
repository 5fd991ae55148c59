#include "extract/run/run.h"

#include "extract/run/run_fixture.h"
#include "extract/run/run_test_support.h"

namespace trueup::extract {
namespace {

TEST_F(RunTest, EveryRowOnceWholeOrInChunks) {
    for (const std::string& chunking :
         {std::string(), std::string(kChunked),
          std::string("    mode: chunked\n    chunk_count: 3\n"),
          std::string("    mode: chunked\n    chunk_dense: true\n    chunk_column: id\n"
                      "    chunk_size: 700\n")}) {
        SCOPED_TRACE(chunking);
        const auto summary = run(chunking, /*is_fresh=*/true);
        ASSERT_TRUE(summary.has_value()) << summary.error().message;
        EXPECT_EQ(summary->rows, 5000);
        EXPECT_EQ(contents(), kWanted);
        EXPECT_EQ(check_marker(prefix()).value(), Marker::Valid);
    }
}

TEST_F(RunTest, AnUnchangedSourceIsNoWork) {
    age_source();
    const auto first = run("");
    ASSERT_TRUE(first.has_value());
    const auto second = run("");
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->outcome, RunOutcome::Unchanged);
    EXPECT_EQ(second->run_id, first->run_id);
    run_sql("INSERT INTO orders VALUES (-1, NULL, 0)");
    age_source();
    const auto third = run("");
    ASSERT_TRUE(third.has_value());
    EXPECT_EQ(third->outcome, RunOutcome::Done);
    EXPECT_EQ(third->rows, 5001);
}

TEST_F(RunTest, AMissingPartIsNoReasonToDoNothing) {
    age_source();
    ASSERT_TRUE(run("").has_value());
    const Manifest manifest = read_manifest(prefix()).value().value();
    ASSERT_TRUE(remove_file(join_path(prefix(), manifest.parts.at(0).path)).has_value());
    const auto again = run("");
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->outcome, RunOutcome::Done);
    EXPECT_EQ(contents(), kWanted);
}

TEST_F(RunTest, AFailedRunHasNoMarkerAndIsResumedUnderItsPlanOnly) {
    run_sql("INSERT INTO orders VALUES (7501, CAST(x'ff' AS TEXT), 1)");
    const auto failed = run(std::string(kChunked));
    ASSERT_FALSE(failed.has_value());
    EXPECT_NE(failed.error().message.find("orders.note, id 7501"), std::string::npos)
        << failed.error().message;
    EXPECT_EQ(check_marker(prefix()).value(), Marker::Missing);
    run_sql("DELETE FROM orders WHERE id = 7501");
    const auto refused = run("    mode: chunked\n    chunk_size: 999\n");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Config);
    EXPECT_NE(refused.error().message.find("chunks.rows"), std::string::npos);
    const auto resumed = run(std::string(kChunked));
    ASSERT_TRUE(resumed.has_value()) << resumed.error().message;
    EXPECT_TRUE(resumed->is_resumed);
    EXPECT_EQ(contents(), kWanted);
    EXPECT_EQ(resumed->warnings.size(), 1U) << "the source changed between the two";
}

TEST_F(RunTest, ALostLeaseEndsTheRunAtTheNextBatch) {
    const std::string chunked = std::string(kChunked) + "    tuning:\n      parallel: 1\n";
    const std::string ledger_file = folder_.path(".trueup/ledger.db");
    const ThievingClock thief(ledger_file, "SELECT count(*) FROM chunk WHERE status = 'done'");
    clock_ = &thief;
    const auto lost = run(chunked);
    ASSERT_TRUE(thief.has_stolen());
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().kind, ErrorClass::Retryable);
    EXPECT_NE(lost.error().message.find("was lost to run orders-9"), std::string::npos)
        << lost.error().message;
    EXPECT_EQ(check_marker(prefix()).value(), Marker::Missing);
    {
        // What may be the thief's by now stands as it stood.
        const Ledger ledger = Ledger::open(ledger_file).value();
        const RunRecord left = ledger.runs({}).value().at(0);
        EXPECT_EQ(left.status, RunStatus::Running);
        const auto chunks = ledger.chunks(left.run_id).value();
        EXPECT_EQ(chunks.at(0).status, ChunkStatus::Done);
        EXPECT_EQ(chunks.at(1).status, ChunkStatus::Running);
        EXPECT_EQ(chunks.at(2).status, ChunkStatus::Pending);
    }
    thief.repent();
    clock_ = &system_clock();
    const auto resumed = run(chunked);
    ASSERT_TRUE(resumed.has_value()) << resumed.error().message;
    EXPECT_TRUE(resumed->is_resumed);
    EXPECT_EQ(contents(), kWanted);
}

TEST_F(RunTest, AnExportMayHaveAnyName) {
    const auto summary =
        run("    chunk_size: 1000\n  - name: Bestellungen für alle\n    table: orders\n"
            "    format: csv\n    destination: {type: local, path: out2}\n",
            /*is_fresh=*/false, /*index=*/1);
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_EQ(summary->rows, 5000);
    EXPECT_TRUE(summary->run_id.starts_with("Bestellungen_f__r_alle-")) << summary->run_id;
}

TEST_F(RunTest, AnEmptyTableIsOneEmptyPart) {
    run_sql("DELETE FROM orders");
    const auto summary = run("");
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_EQ(summary->rows, 0);
    EXPECT_EQ(summary->parts, 1);
    EXPECT_EQ(contents(), "0 0 NULL 0 NULL ");
}

TEST_F(RunTest, FilesAreSplitBySize) {
    const auto summary =
        run("    mode: full\n    compression: none\n    max_file_size: 20KB\n    parquet:\n"
            "      row_group_strategy: fixed_rows\n      row_group_rows: 2048\n");
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_GT(summary->parts, summary->chunks);
    EXPECT_EQ(contents(), kWanted);
}

}  // namespace
}  // namespace trueup::extract
