#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "extract/ledger/ledger.h"
#include "extract/proof/copy.h"
#include "extract/proof/proof_test_support.h"
#include "extract/proof/workers.h"
#include "extract/run/run_test_support.h"

namespace trueup::extract {
namespace {

using core::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Reconcile, AFreshCopyIsCleanByEveryEvidenceAndIsRecorded) {
    CopyFolder folder;
    folder.run();
    for (const Evidence evidence : {Evidence::Count, Evidence::Digest, Evidence::Rows}) {
        const core::Report report = folder.compare(evidence);
        EXPECT_THAT(troubles(report), IsEmpty());
        EXPECT_EQ(report.evidence, name_of(evidence));
        EXPECT_EQ(report.summary().truth_total, 1000);
        EXPECT_EQ(report.summary().copy_total, 1000);
        EXPECT_GE(report.partitions.size(), 5U);
        EXPECT_EQ(core::parse_report(core::to_json(report), "it").value(), report);
    }
    const Ledger ledger = Ledger::open(ledger_path(folder.path("trueup.yaml"))).value();
    const auto proofs = ledger.verifications({.export_name = "orders"}).value();
    ASSERT_THAT(proofs, SizeIs(3));
    std::int64_t rows = 0;
    for (const VerifiedRange& range : proofs[0].ranges) rows += range.rows;
    EXPECT_EQ(rows, 1000);
    folder.expect_exact();
}

struct Damage {
    std::string name;
    std::function<void(CopyFolder&)> inflict;
    std::string counted;    // What `count` sees: a partition that begins like this, or "".
    std::string digested;   // The same for digests.
    std::string validated;  // Codes of `validate --depth full`.
};

std::vector<Damage> damages_to_parts() {
    const auto second = [](CopyFolder& folder) { return folder.out(folder.committed().at(1)); };
    return {
        {"part deleted",
         [=](CopyFolder& folder) { ASSERT_TRUE(remove_file(second(folder)).has_value()); },
         "chunk 2 mismatch 250 0: ", "chunk 2 mismatch 250 0: ", "PART_MISSING"},
        {"part truncated",
         [=](CopyFolder& folder) { std::filesystem::resize_file(second(folder), 100); },
         "chunk 2 mismatch 250 0: ", "chunk 2 mismatch 250 0: ", "PART_SIZE_MISMATCH"},
        {"part flipped in a value",
         [=](CopyFolder& folder) { folder.flip_byte(second(folder), 60); }, "",
         "chunk 2 mismatch 250 250: the SHA-256 of ", "PART_CHECKSUM_MISMATCH"},
        {"part flipped in its end",
         [=](CopyFolder& folder) {
             const std::string file = second(folder);
             folder.flip_byte(file,
                              static_cast<std::streamoff>(std::filesystem::file_size(file)) - 6);
         },
         "chunk 2 mismatch 250 0: ", "chunk 2 mismatch 250 0: ", "PART_CHECKSUM_MISMATCH"},
        {"part replaced by another",
         [=](CopyFolder& folder) {
             std::filesystem::copy_file(folder.out(folder.committed().at(3)), second(folder),
                                        std::filesystem::copy_options::overwrite_existing);
         },
         "?", "chunk 2 mismatch 250 250: ", "?"},
    };
}

std::vector<Damage> changes_of_the_source() {
    return {
        {"row updated",
         [](CopyFolder& folder) { folder.sql("UPDATE orders SET note = 'x' WHERE id = 300"); }, "",
         "chunk 2 mismatch 250 250: the values of note differ", ""},
        {"row inserted at the end",
         [](CopyFolder& folder) { folder.sql("INSERT INTO orders VALUES (5000, 'new', 1)"); },
         "chunk 4 mismatch 251 250: 1 row fewer", "chunk 4 mismatch 251 250: 1 row fewer", ""},
        {"row inserted before the start",
         [](CopyFolder& folder) { folder.sql("INSERT INTO orders VALUES (-7, 'new', 1)"); },
         "chunk 1 mismatch 251 250: ", "chunk 1 mismatch 251 250: ", ""},
        {"row deleted", [](CopyFolder& folder) { folder.sql("DELETE FROM orders WHERE id = 300"); },
         "chunk 2 mismatch 249 250: 1 row more", "chunk 2 mismatch 249 250: 1 row more", ""},
        {"one row in, one out",
         [](CopyFolder& folder) {
             folder.sql(
                 "DELETE FROM orders WHERE id = 800; INSERT INTO orders VALUES (5000, 'x', 1)");
         },
         "", "chunk 4 mismatch 250 250: the values of id, note, total differ", ""},
        {"values swapped between rows",
         [](CopyFolder& folder) {
             folder.sql(
                 "UPDATE orders SET total = CASE id WHEN 300 THEN 301 ELSE 300 END / 4.0 WHERE id "
                 "IN (300, 301)");
         },
         "", "chunk 2 mismatch 250 250: the same values stand in other rows", ""},
        {"all rows of a chunk deleted",
         [](CopyFolder& folder) { folder.sql("DELETE FROM orders WHERE id BETWEEN 251 AND 500"); },
         "chunk 2 mismatch 0 250: ", "chunk 2 mismatch 0 250: ", ""},
    };
}

std::vector<Damage> damages_to_the_manifest() {
    return {
        {"manifest edited",
         [](CopyFolder& folder) {
             folder.edit(folder.out("manifest.json"), "\"rows\": 250", "\"rows\": 249");
         },
         "manifest manifest.json mismatch", "manifest manifest.json mismatch",
         "MANIFEST_INCONSISTENT SUCCESS_STALE"},
        {"manifest deleted",
         [](CopyFolder& folder) {
             ASSERT_TRUE(remove_file(folder.out("manifest.json")).has_value());
         },
         "manifest manifest.json mismatch ? ?: manifest.json is missing",
         "manifest manifest.json mismatch", "MANIFEST_MISSING SUCCESS_STALE"},
        {"history edited",
         [](CopyFolder& folder) {
             folder.edit(folder.out("manifests/" + folder.manifest().run_id + ".json"), "sqlite",
                         "sqlitf");
         },
         "manifest manifest.json mismatch", "manifest manifest.json mismatch",
         "MANIFEST_INCONSISTENT"},
        {"marker of another copy",
         [](CopyFolder& folder) {
             std::ofstream(folder.out("_SUCCESS")) << "sha256:" << std::string(64, 'a') << "\n";
         },
         "manifest manifest.json mismatch ? ?: _SUCCESS is stale",
         "manifest manifest.json mismatch", "SUCCESS_STALE"},
        {"marker overwritten",
         [](CopyFolder& folder) { std::ofstream(folder.out("_SUCCESS")) << "yes"; },
         "manifest manifest.json mismatch", "manifest manifest.json mismatch", "SUCCESS_MALFORMED"},
        {"marker deleted",
         [](CopyFolder& folder) { ASSERT_TRUE(remove_file(folder.out("_SUCCESS")).has_value()); },
         "manifest manifest.json mismatch", "manifest manifest.json mismatch", "SUCCESS_MISSING"},
    };
}

std::vector<Damage> damages() {
    std::vector<Damage> all = damages_to_parts();
    std::ranges::move(changes_of_the_source(), std::back_inserter(all));
    std::ranges::move(damages_to_the_manifest(), std::back_inserter(all));
    return all;
}

TEST(Proof, EveryDamageIsFoundByWhoCanSeeItAndMended) {
    for (const Damage& damage : damages()) {
        SCOPED_TRACE(damage.name);
        CopyFolder folder;
        folder.run();
        damage.inflict(folder);
        const auto counted = troubles(folder.compare(Evidence::Count));
        if (damage.counted.empty()) {
            EXPECT_THAT(counted, IsEmpty());
        } else if (damage.counted != "?") {
            EXPECT_THAT(counted, ElementsAre(StartsWith(damage.counted)));
        }
        const core::Report report = folder.compare();
        EXPECT_EQ(report.verdict(), Verdict::Differs);
        EXPECT_THAT(troubles(report), ElementsAre(StartsWith(damage.digested)));
        const Validation validation = folder.look();
        if (damage.validated != "?") {
            EXPECT_EQ(codes(validation), damage.validated);
        }
        EXPECT_EQ(validation.report.verdict() == Verdict::Clean, damage.validated.empty());

        const auto mended = folder.mend();
        ASSERT_TRUE(mended.has_value()) << mended.error().message;
        EXPECT_TRUE(mended->is_clean) << core::to_json(mended->after);
        folder.expect_exact();
        // Nothing is left to do.
        const auto again = plan_repair(folder.job(), folder.compare());
        ASSERT_TRUE(again.has_value());
        EXPECT_TRUE(again->is_empty()) << to_text(*again);
    }
}

TEST(Proof, NullKeysAreAChunkLikeAnyOther) {
    CopyFolder folder("    mode: chunked\n    chunk_size: 250\n    chunk_by_key: code\n");
    folder.sql("ALTER TABLE orders ADD COLUMN code TEXT");
    folder.sql("UPDATE orders SET code = printf('%05d', id) WHERE id % 10");
    folder.sql("CREATE INDEX by_code ON orders (code)");
    folder.run();
    EXPECT_EQ(folder.compare().verdict(), Verdict::Clean);
    folder.sql("UPDATE orders SET note = 'late' WHERE id = 500");
    folder.sql("INSERT INTO orders VALUES (2000, 'late', 1, NULL)");
    for (const Evidence evidence : {Evidence::Count, Evidence::Digest}) {
        const auto found = troubles(folder.compare(evidence));
        ASSERT_THAT(found, SizeIs(1));
        EXPECT_THAT(found[0], HasSubstr("mismatch 101 100: 1 row fewer"));
    }
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_TRUE(mended->is_clean);
    folder.expect_exact();
}

TEST(Proof, EveryModeAndFormat) {
    for (const std::string yaml :
         {"", "    mode: full\n", "    mode: chunked\n    chunk_count: 3\n",
          "    mode: chunked\n    chunk_size: 250\n    max_file_size: 1MB\n"}) {
        SCOPED_TRACE(yaml);
        CopyFolder folder(yaml);
        folder.run();
        folder.expect_exact();
        folder.sql("DELETE FROM orders WHERE id = 1; UPDATE orders SET total = 0 WHERE id = 999");
        EXPECT_EQ(folder.compare(Evidence::Digest).verdict(), Verdict::Differs);
        const auto mended = folder.mend(/*purges=*/true);
        ASSERT_TRUE(mended.has_value()) << mended.error().message;
        EXPECT_TRUE(mended->is_clean);
        EXPECT_THAT(mended->purged, testing::Not(IsEmpty()));
        folder.expect_exact();
    }
}

TEST(Reconcile, CsvIsProvedToo) {
    CopyFolder folder;
    folder.edit(folder.path("trueup.yaml"), "format: parquet", "format: csv");
    auto config = load_config(folder.path("trueup.yaml"), {});
    ASSERT_TRUE(config.has_value()) << config.error().message;
    JobContext job = folder.job();
    job.config = &*config;
    job.wanted = &config->exports[0];
    ASSERT_TRUE(run_export(job, {}).has_value());
    for (const Evidence evidence : {Evidence::Count, Evidence::Digest, Evidence::Rows}) {
        const auto report = reconcile(job, {.evidence = evidence});
        ASSERT_TRUE(report.has_value()) << report.error().message;
        EXPECT_THAT(troubles(*report), IsEmpty());
    }
    EXPECT_EQ(codes(validate(job, {}).value()), "");
    folder.sql("UPDATE orders SET note = '' WHERE id = 7");  // NULL before.
    const auto report = reconcile(job, {.evidence = Evidence::Rows});
    EXPECT_THAT(troubles(*report),
                ElementsAre(HasSubstr("the values of note differ; 0 missing, 0 extra, 1 changed")));
}

TEST(Reconcile, RowsAreNamed) {
    CopyFolder folder;
    folder.run();
    folder.sql(
        "DELETE FROM orders WHERE id = 300; INSERT INTO orders VALUES (1001, 'new', 2);"
        "UPDATE orders SET note = NULL, total = 1 WHERE id = 2");
    ReconcileOptions options;
    options.evidence = Evidence::Rows;
    options.rows_out = folder.path("rows.jsonl");
    const auto report = reconcile(folder.job(), options);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_THAT(troubles(*report), ElementsAre(HasSubstr("0 missing, 0 extra, 1 changed"),
                                               HasSubstr("0 missing, 1 extra, 0 changed"),
                                               HasSubstr("1 missing, 0 extra, 0 changed")));
    EXPECT_EQ(
        read_file(options.rows_out, 1 << 20).value(),
        R"({"chunk":1,"row":"changed","key":{"id":"2"},"columns":["note","total"],"source":{"note":null,"total":"1.00"},"copy":{"note":"note 2","total":"0.50"}})"
        "\n"
        R"({"chunk":2,"row":"extra","key":{"id":"300"},"copy":{"id":"300","note":"note 300","total":"75.00"}})"
        "\n"
        R"({"chunk":4,"row":"missing","key":{"id":"1001"},"source":{"id":"1001","note":"new","total":"2.00"}})"
        "\n");
}

TEST(Reconcile, AChangedConfigurationIsReportedNotCompared) {
    CopyFolder folder;
    folder.run();
    folder.configure("    mode: chunked\n    chunk_size: 100\n");
    const auto refused = reconcile(folder.job(), {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Config);
    EXPECT_THAT(refused.error().message, HasSubstr("chunks.rows"));
}

TEST(Reconcile, WithoutACopyThereIsNothingToProve) {
    CopyFolder folder;
    EXPECT_EQ(reconcile(folder.job(), {}).error().kind, ErrorClass::Failed);
    EXPECT_EQ(validate(folder.job(), {}).error().kind, ErrorClass::Failed);
    folder.run();
    ReconcileOptions options;
    options.run_id = "orders-20000101T000000Z-0000";
    EXPECT_THAT(reconcile(folder.job(), options).error().message, HasSubstr("has no run"));
}

TEST(Reconcile, WhatCannotBeReadIsUnknownAndStopsNothing) {
    CopyFolder folder;
    folder.run();
    // A value that fits no column any more: chunk 2 cannot be read.
    folder.sql("UPDATE orders SET note = CAST(x'ff' AS TEXT) WHERE id = 300");
    folder.sql("DELETE FROM orders WHERE id = 999");
    const core::Report report = folder.compare();
    EXPECT_THAT(troubles(report), ElementsAre(StartsWith("chunk 2 unknown ? 250: the source"),
                                              StartsWith("chunk 4 mismatch 249 250: ")));
    EXPECT_EQ(report.verdict(), Verdict::Differs);
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_FALSE(mended->is_clean) << "chunk 2 is as unknown as before";
    EXPECT_THAT(troubles(folder.compare()), ElementsAre(StartsWith("chunk 2 unknown")));
}

TEST(Reconcile, AMismatchMaySettle) {
    CopyFolder folder;
    folder.run();
    folder.sql("INSERT INTO orders VALUES (3000, 'passing', 1)");
    int waits = 0;
    ReconcileOptions options;
    options.settle = 3;
    options.wait = [&](std::chrono::milliseconds) -> Status {
        if (++waits == 2) folder.sql("DELETE FROM orders WHERE id = 3000");
        return {};
    };
    const auto report = reconcile(folder.job(), options);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_THAT(troubles(*report), IsEmpty());
    EXPECT_EQ(waits, 2);
}

TEST(Reconcile, TheLedgerAloneProvesNothingOfTheFiles) {
    CopyFolder folder;
    folder.run();
    ASSERT_TRUE(remove_file(folder.out(folder.committed().at(0))).has_value());
    ReconcileOptions options;
    options.copy_side = CopySide::Ledger;
    EXPECT_THAT(troubles(reconcile(folder.job(), options).value()), IsEmpty());
    EXPECT_THAT(troubles(folder.compare()), SizeIs(1));
    const Ledger ledger = Ledger::open(ledger_path(folder.path("trueup.yaml"))).value();
    const auto proofs = ledger.verifications({}).value();
    ASSERT_THAT(proofs, SizeIs(2));
    for (const VerificationRecord& proof : proofs) EXPECT_THAT(proof.ranges, IsEmpty());
}

TEST(Copy, GapsBetweenChunksAreSeen) {
    const auto chunk = [](std::optional<std::int64_t> lower, std::optional<std::int64_t> upper) {
        CopyChunk made;
        if (lower) made.bounds.lower = Key{*lower};
        if (upper) made.bounds.upper = Key{*upper};
        return made;
    };
    CopyChunk null_keys;
    null_keys.bounds.is_null_keys = true;
    Copy copy;
    copy.chunks = {chunk({}, 10), chunk(10, 20), chunk(20, {}), null_keys};
    EXPECT_THAT(gaps_of(copy, true), IsEmpty());
    copy.chunks.pop_back();
    EXPECT_THAT(gaps_of(copy, false), IsEmpty());
    ASSERT_THAT(gaps_of(copy, true), SizeIs(1));
    EXPECT_TRUE(gaps_of(copy, true)[0].bounds.is_null_keys);
    copy.chunks = {chunk(5, 10), chunk(12, 20)};
    const auto gaps = gaps_of(copy, false);
    ASSERT_THAT(gaps, SizeIs(3));
    EXPECT_EQ(gaps[0].bounds, (Bounds{.lower = {}, .upper = Key{std::int64_t{5}}}));
    EXPECT_EQ(gaps[1].bounds,
              (Bounds{.lower = Key{std::int64_t{10}}, .upper = Key{std::int64_t{12}}}));
    EXPECT_EQ(gaps[2].bounds, (Bounds{.lower = Key{std::int64_t{20}}, .upper = {}}));
    copy.chunks = {};
    EXPECT_THAT(gaps_of(copy, false), SizeIs(1)) << "a plan without chunks holds nothing";
}

// A ledger that lost a chunk: its rows are outside, and no repair pretends to have mended them.
TEST(Proof, RowsThatNoChunkHoldsAreSeen) {
    CopyFolder folder;
    folder.run();
    auto ledger = sqlite::Connection::open(ledger_path(folder.path("trueup.yaml")),
                                           {.mode = sqlite::OpenMode::ReadWrite});
    ASSERT_TRUE(ledger.has_value());
    ASSERT_TRUE(ledger
                    ->exec("DELETE FROM part WHERE chunk_id = 2; DELETE FROM chunk WHERE "
                           "chunk_id = 2")
                    .has_value());
    const core::Report report = folder.compare(Evidence::Count);
    EXPECT_THAT(troubles(report),
                ElementsAre(StartsWith("outside after chunk 1 mismatch 250 0: 250 rows that no"),
                            HasSubstr("which the ledger does not know")));
    const RepairPlan plan = plan_repair(folder.job(), report).value();
    EXPECT_THAT(plan.actions, IsEmpty());
    EXPECT_THAT(plan.skipped, SizeIs(1));
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_FALSE(mended->is_clean);
}

TEST(Repair, AReportOfAnotherCopyIsRefused) {
    CopyFolder folder;
    folder.run();
    folder.sql("DELETE FROM orders WHERE id = 5");
    const core::Report report = folder.compare();
    core::Report other = report;
    other.subject = "customers";
    EXPECT_EQ(plan_repair(folder.job(), other).error().kind, ErrorClass::Integrity);
    other = report;
    other.partitions.pop_back();
    EXPECT_THAT(plan_repair(folder.job(), other).error().message, HasSubstr("does not say which"));
    other = report;
    other.partitions[0].id = "77";
    EXPECT_THAT(plan_repair(folder.job(), other).error().message, HasSubstr("does not have"));
    other = report;
    other.partitions[0].fields[0].second = std::string(R"({"lower":null,"upper":null})");
    EXPECT_THAT(plan_repair(folder.job(), other).error().message, HasSubstr("other bounds"));

    const RepairPlan plan = plan_repair(folder.job(), report).value();
    EXPECT_THAT(plan.actions, SizeIs(1));
    EXPECT_THAT(to_text(plan), HasSubstr("read chunk 1 again"));
    ASSERT_TRUE(execute_repair(folder.job(), plan, {}).has_value());
    // The generation moved on: neither the report nor the plan fits any more.
    EXPECT_THAT(plan_repair(folder.job(), report).error().message, HasSubstr("generation 1"));
    EXPECT_EQ(execute_repair(folder.job(), plan, {}).error().kind, ErrorClass::Integrity);
    folder.run(/*is_fresh=*/true);
    EXPECT_FALSE(plan_repair(folder.job(), report).has_value());
    folder.expect_exact();
}

TEST(Repair, APlanChangesNothing) {
    CopyFolder folder;
    folder.run();
    ASSERT_TRUE(remove_file(folder.out(folder.committed().at(1))).has_value());
    const std::string before = read_file(folder.out("manifest.json"), 1 << 20).value();
    ASSERT_TRUE(plan_repair(folder.job(), folder.compare()).has_value());
    EXPECT_EQ(read_file(folder.out("manifest.json"), 1 << 20).value(), before);
    EXPECT_EQ(check_marker(folder.path("out")).value(), Marker::Valid);
}

TEST(Repair, OldPartsLeaveTheCommittedSet) {
    CopyFolder folder;
    folder.run();
    const std::string old = folder.committed().at(1);
    folder.sql("UPDATE orders SET total = 7 WHERE id = 300");
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    const Manifest manifest = folder.manifest();
    EXPECT_EQ(manifest.generation, 2);
    EXPECT_EQ(manifest.totals().rows, 1000);
    const auto part = std::ranges::find(manifest.parts, old, &ManifestPart::path);
    ASSERT_NE(part, manifest.parts.end());
    EXPECT_FALSE(part->is_committed);
    EXPECT_EQ(part->replaced_by, mended->parts_written);
    EXPECT_TRUE(std::filesystem::exists(folder.out(old)));
    // Damage to what is superseded is nobody's concern.
    ASSERT_TRUE(remove_file(folder.out(old)).has_value());
    folder.expect_exact();
}

// While a repair is at work, and when it fails, nobody may take the copy for complete.
TEST(Repair, AFailedOneLeavesNoMarker) {
    CopyFolder folder;
    folder.run();
    folder.sql("UPDATE orders SET total = 7 WHERE id = 300");
    const RepairPlan plan = plan_repair(folder.job(), folder.compare()).value();
    folder.sql("UPDATE orders SET note = CAST(x'ff' AS TEXT) WHERE id = 301");
    ASSERT_FALSE(execute_repair(folder.job(), plan, {}).has_value());
    EXPECT_EQ(check_marker(folder.path("out")).value(), Marker::Missing);
    EXPECT_EQ(folder.manifest().generation, 1);
    folder.sql("UPDATE orders SET note = 'fine' WHERE id = 301");
    ASSERT_TRUE(folder.mend().has_value());
    folder.expect_exact();
}

TEST(Repair, ALeaseKeepsItOut) {
    CopyFolder folder;
    folder.run();
    folder.sql("DELETE FROM orders WHERE id = 5");
    const RepairPlan plan = plan_repair(folder.job(), folder.compare()).value();
    Ledger ledger = Ledger::open(ledger_path(folder.path("trueup.yaml"))).value();
    const auto lease = ledger.acquire_lease({.export_name = "orders",
                                             .prefix = plan.prefix,
                                             .owner = "somebody",
                                             .process = system_processes().self(),
                                             .now = system_clock().now()});
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(execute_repair(folder.job(), plan, {}).error().kind, ErrorClass::Retryable);
    EXPECT_EQ(execute_gc(folder.job(), {}).error().kind, ErrorClass::Retryable);
    ASSERT_TRUE(ledger.release_lease(*lease).has_value());
    EXPECT_TRUE(execute_repair(folder.job(), plan, {}).has_value());
}

// Somebody takes the lease as soon as the command holds it: nothing may change any more.
TEST(Repair, ALostLeaseEndsItBeforeAnythingChanges) {
    CopyFolder folder;
    folder.run();
    folder.sql("DELETE FROM orders WHERE id = 5");
    const RepairPlan plan = plan_repair(folder.job(), folder.compare()).value();
    const ThievingClock thief(ledger_path(folder.path("trueup.yaml")),
                              "SELECT count(*) FROM lease");
    JobContext job = folder.job();
    job.clock = &thief;
    job.heartbeat_interval = std::chrono::milliseconds(1);
    const auto lost = execute_repair(job, plan, {});
    ASSERT_TRUE(thief.has_stolen());
    ASSERT_FALSE(lost.has_value());
    EXPECT_EQ(lost.error().kind, ErrorClass::Retryable);
    EXPECT_THAT(lost.error().message, HasSubstr("was lost to run orders-9"));
    EXPECT_EQ(folder.manifest().generation, 1);
    EXPECT_EQ(check_marker(folder.path("out")).value(), Marker::Valid);
    thief.repent();
    EXPECT_TRUE(execute_repair(folder.job(), plan, {}).value().is_clean);
    folder.expect_exact();
}

TEST(Gc, ALostLeaseEndsItBeforeAnythingMoves) {
    CopyFolder folder;
    folder.run();
    const std::string orphan = folder.out("orders-20200101T000000Z-abcd-000001.parquet");
    std::ofstream(orphan) << "orphan";
    const ThievingClock thief(ledger_path(folder.path("trueup.yaml")),
                              "SELECT count(*) FROM lease");
    JobContext job = folder.job();
    job.clock = &thief;
    job.heartbeat_interval = std::chrono::milliseconds(1);
    const auto lost = execute_gc(job, {});
    ASSERT_TRUE(thief.has_stolen());
    ASSERT_FALSE(lost.has_value());
    EXPECT_THAT(lost.error().message, HasSubstr("was lost to run orders-9"));
    EXPECT_TRUE(std::filesystem::exists(orphan));
}

TEST(Workers, StopWhenSomebodyElseSaysSo) {
    StopReason stop;
    int done = 0;
    const Status outcome = for_each_item(
        1, 10,
        [&](std::size_t, std::size_t item) -> Status {
            if (item == 3) stop.set({ErrorClass::Retryable, "the lease was lost", {}});
            ++done;
            return {};
        },
        stop);
    EXPECT_EQ(done, 4);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().message, "the lease was lost");
}

TEST(Validate, EarlierRunsOfThePrefixAreCheckedToo) {
    CopyFolder folder;
    folder.run();
    const std::string earlier = folder.committed().at(2);
    folder.run(/*is_fresh=*/true);
    EXPECT_EQ(codes(folder.look()), "");
    ASSERT_TRUE(remove_file(folder.out(earlier)).has_value());
    EXPECT_EQ(codes(folder.look(ValidateDepth::Light)), "");
    const Validation found = folder.look(ValidateDepth::Sample);
    EXPECT_EQ(codes(found), "PART_MISSING");
    EXPECT_EQ(found.findings.at(0).file, earlier);
}

TEST(Validate, RecordedDigestsAreTakenAgainFromTheValues) {
    CopyFolder folder;
    folder.run();
    // A manifest that lies about a value, consistently in all three files.
    Manifest manifest = folder.manifest();
    manifest.parts[1].column_digests[1].digest = std::string(16, '0');
    ASSERT_TRUE(write_manifest(folder.path("out"), manifest).has_value());
    EXPECT_EQ(codes(folder.look(ValidateDepth::Sample)), "");
    EXPECT_EQ(codes(folder.look()), "VALUE_CHECKSUM");
    manifest = folder.manifest();
    manifest.parts[1].rows = 249;
    ASSERT_TRUE(write_manifest(folder.path("out"), manifest).has_value());
    EXPECT_EQ(codes(folder.look()), "PART_ROW_COUNT");
    // Reconcile knows better than this manifest.
    EXPECT_THAT(troubles(folder.compare()), ElementsAre(HasSubstr("disagree about the rows of")));
    ASSERT_TRUE(folder.mend().has_value());
    folder.expect_exact();
}

TEST(Validate, FilesOfNobodyAreAdvice) {
    CopyFolder folder;
    folder.run();
    std::ofstream(folder.out("notes.txt")) << "mine";
    const Validation validation = folder.look(ValidateDepth::Sample);
    EXPECT_EQ(validation.report.verdict(), Verdict::Clean);
    ASSERT_THAT(validation.findings, SizeIs(1));
    EXPECT_EQ(validation.findings[0].code(), "TRUEUP_VERIFY_UNTRACKED_OBJECT");
}

TEST(Gc, ExplainsEverythingAndMovesOnlyGarbage) {
    CopyFolder folder;
    folder.run();
    const std::string second = folder.run(/*is_fresh=*/true).run_id;
    folder.sql("UPDATE orders SET total = 7 WHERE id = 300");
    ASSERT_TRUE(folder.mend().has_value());
    std::ofstream(folder.out("notes.txt")) << "mine";
    std::ofstream(folder.out(second + "-000009.parquet")) << "orphan";
    std::ofstream(folder.out("orders-20200101T000000Z-abcd-000001.parquet")) << "orphan";
    std::ofstream(folder.out(fmt::format(".{0}-000001.parquet.tmp-{0}", second))) << "half";
    const GcPlan plan = plan_gc(folder.job(), {}).value();
    std::map<std::string, int> kinds;
    for (const GcItem& item : plan.items) ++kinds[std::string(name_of(item.kind))];
    const std::map<std::string, int> wanted = {{"temporary", 1},  {"orphan", 2},
                                               {"superseded", 1}, {"earlier_run", 4},
                                               {"foreign", 1},    {"earlier_run_manifest", 1}};
    EXPECT_EQ(kinds, wanted) << to_json(plan);
    EXPECT_EQ(plan.files_moved, 3);

    const auto done = execute_gc(folder.job(), {});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_THAT(done->moved, SizeIs(3));
    folder.expect_exact();
    const auto all = execute_gc(folder.job(), {.prefix = {}, .superseded = true});
    ASSERT_TRUE(all.has_value()) << all.error().message;
    EXPECT_THAT(all->moved, SizeIs(6));
    folder.expect_exact();
    EXPECT_THAT(plan_gc(folder.job(), {}).value().items, SizeIs(1)) << "notes.txt stays";
    EXPECT_TRUE(std::filesystem::exists(folder.out("notes.txt")));
}

TEST(Gc, AnUnfinishedRunKeepsItsFiles) {
    CopyFolder folder;
    folder.run();
    folder.sql("UPDATE orders SET note = CAST(x'ff' AS TEXT) WHERE id = 999");
    ASSERT_FALSE(run_export(folder.job(), {.is_fresh = true}).has_value());
    const GcPlan plan = plan_gc(folder.job(), {.prefix = {}, .superseded = true}).value();
    for (const GcItem& item : plan.items) {
        EXPECT_FALSE(item.is_moved) << item.file << ": " << item.sentence;
    }
    EXPECT_THAT(plan_repair(folder.job(), folder.compare()).error().message,
                HasSubstr("is not finished"));
    folder.sql("UPDATE orders SET note = 'fine' WHERE id = 999");
    folder.run();
    folder.expect_exact();
}

// A ledger that was reset knows no parts: those of the manifest are the export all the same.
TEST(Gc, TheManifestOwnsWhatTheLedgerForgot) {
    CopyFolder folder;
    folder.run();
    {
        Ledger ledger = Ledger::open(ledger_path(folder.path("trueup.yaml"))).value();
        ASSERT_TRUE(ledger.reset("orders", system_clock().now()).has_value());
    }
    const GcOptions all{.prefix = folder.path("out"), .superseded = true};
    EXPECT_THAT(plan_gc(folder.job(), all).value().items, IsEmpty());
    const auto done = execute_gc(folder.job(), all);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_THAT(done->moved, IsEmpty());
    EXPECT_EQ(folder.copy_facts(), folder.source_facts());
}

TEST(Gc, WithoutAManifestNothingIsGarbage) {
    CopyFolder folder;
    folder.run();
    ASSERT_TRUE(remove_file(folder.out("manifest.json")).has_value());
    EXPECT_EQ(plan_gc(folder.job(), {}).error().kind, ErrorClass::Integrity);
}

}  // namespace
}  // namespace trueup::extract
