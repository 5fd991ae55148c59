#include "extract/run/meta_columns.h"

#include <fmt/format.h>

#include "base/fault.h"
#include "base/testing/child.h"
#include "extract/run/run_fixture.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kBoth = "    meta_columns: {exported_at: true, row_hash: true}\n";

Relation orders() {
    Relation relation;
    relation.name = "orders";
    relation.columns = {
        {.name = "id", .source_type = "INTEGER", .type = {columnar::TypeId::BigInt}},
        {.name = "Note", .source_type = "TEXT", .type = {}}};
    return relation;
}

Export with(MetaColumns meta) {
    Export wanted;
    wanted.meta_columns = std::move(meta);
    return wanted;
}

TEST(AddedColumns, StandBehindTheOthersInTheirOrder) {
    const Relation relation = orders();
    const AddedColumns both = added_columns(with({true, true, {}}), relation).value();
    EXPECT_EQ(both.hashed, (std::vector<std::size_t>{0, 1}));
    std::string names;
    for (const auto& column : part_columns(relation, both)) {
        names += column.name + " " + columnar::name_of(column.type) + ", ";
    }
    EXPECT_EQ(names,
              "id BIGINT, Note VARCHAR, _rivet_exported_at TIMESTAMP WITH TIME ZONE, "
              "_rivet_row_hash BIGINT, ");
    EXPECT_EQ(added_columns(with({false, true, {"note", "ID"}}), relation).value().hashed,
              (std::vector<std::size_t>{1, 0}));
    EXPECT_TRUE(added_columns(with({}), relation).value().is_empty());
}

TEST(AddedColumns, WhatCannotBeAddedIsRefused) {
    Relation relation = orders();
    const auto missing = added_columns(with({false, true, {"note", "notes"}}), relation);
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().kind, ErrorClass::Config);
    EXPECT_EQ(missing.error().message,
              "meta_columns.row_hash: orders has no column \"notes\" (did you mean \"Note\"?)");
    const auto twice = added_columns(with({false, true, {"id", "ID"}}), relation);
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().message, "meta_columns.row_hash names the column id of orders twice");
    relation.columns[1].name = "_RIVET_ROW_HASH";
    EXPECT_TRUE(added_columns(with({true, false, {}}), relation).has_value());
    const auto clash = added_columns(with({false, true, {}}), relation);
    ASSERT_FALSE(clash.has_value());
    EXPECT_EQ(clash.error().kind, ErrorClass::Config);
    EXPECT_NE(clash.error().message.find("_RIVET_ROW_HASH"), std::string::npos);
}

TEST_F(RunTest, MetaColumnsAreInEveryPartAndTheManifestSaysHow) {
    for (const std::string& chunking : {std::string("    mode: full\n"), std::string(kChunked)}) {
        SCOPED_TRACE(chunking);
        const auto summary = run(chunking + std::string(kBoth), /*is_fresh=*/true);
        ASSERT_TRUE(summary.has_value()) << summary.error().message;
        EXPECT_EQ(contents(), kWanted);
        EXPECT_EQ(facts("count(DISTINCT _rivet_row_hash), count(DISTINCT _rivet_exported_at)"),
                  "5000 1 ");
        const Manifest manifest = read_manifest(prefix()).value().value();
        ASSERT_TRUE(manifest.row_hash.has_value());
        EXPECT_EQ(
            *manifest.row_hash,
            (RowHashContract{"_rivet_row_hash", {"id", "note", "total"}, "trueup.row_hash/1"}));
        EXPECT_FALSE(manifest.columns.back().is_nullable);
    }
    const auto plain = run("", /*is_fresh=*/true);
    ASSERT_TRUE(plain.has_value());
    EXPECT_FALSE(read_manifest(prefix()).value().value().row_hash.has_value());
}

// A row's hash says whether it changed: from one run to the next, whatever the columns beside it.
TEST_F(RunTest, TheHashOfARowIsThatOfItsCoveredValues) {
    const std::string hashes = "string_agg(CAST(_rivet_row_hash AS VARCHAR), ' ' ORDER BY id)";
    ASSERT_TRUE(run("    meta_columns: {row_hash: [id, note]}\n").has_value());
    const std::string before = facts(hashes);
    run_sql("UPDATE orders SET total = total + 1");
    ASSERT_TRUE(run("    meta_columns: {exported_at: true, row_hash: [id, note]}\n").has_value());
    EXPECT_EQ(facts(hashes), before);
    run_sql("UPDATE orders SET note = 'another' WHERE id = 3");
    ASSERT_TRUE(run("    meta_columns: {row_hash: [id, note]}\n").has_value());
    EXPECT_NE(facts(hashes), before);
    ASSERT_TRUE(run("    meta_columns: {row_hash: [note, id]}\n").has_value());
    EXPECT_EQ(facts("count(DISTINCT _rivet_row_hash)"), "5000 ");
}

// Fault model: SIGKILL at a fault point of a run. Going on ends with every row once, all of them
// under the time at which the run began.
TEST_F(RunTest, AResumedRunKeepsItsTime) {
    const std::string keys =
        std::string(kChunked) + std::string(kBoth) + "    tuning: {parallel: 1}\n";
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(run(keys).has_value());
    const int visits = fault::visits();
    ASSERT_GT(visits, 30) << "too few fault points were reached: this test proves little";
    int struck = 0;
    int resumed = 0;
    for (int visit = 5; visit <= visits; visit += 9) {
        SCOPED_TRACE(visit);
        // Heartbeats visit points, too: a run may end before that number.
        const bool is_struck = is_killed_in_child([&] {
            fault::arm(fault::Action::Crash, visit);
            discard(run(keys, /*is_fresh=*/true), "it dies before it returns");
        });
        if (is_struck) ++struck;
        fault::arm(fault::Action::None, 0);
        const auto after = run(keys);
        ASSERT_TRUE(after.has_value()) << after.error().message;
        if (after->is_resumed) ++resumed;
        EXPECT_EQ(contents(), kWanted);
        const Ledger ledger = Ledger::open(folder_.path(".trueup/ledger.db")).value();
        const RunRecord record = ledger.find_run(after->run_id).value().value();
        EXPECT_EQ(facts("min(epoch_us(_rivet_exported_at)), max(epoch_us(_rivet_exported_at))"),
                  fmt::format("{0} {0} ", record.started_at));
    }
    EXPECT_GT(struck, 5);
    EXPECT_GT(resumed, 2);
}

}  // namespace
}  // namespace trueup::extract
