#include "extract/run/quality.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "extract/run/run_fixture.h"

namespace trueup::extract {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAllRules =
    "    quality:\n      row_count_min: 5000\n      row_count_max: 5000\n"
    "      null_ratio_max: {note: 0.1428, TOTAL: 0}\n      unique_columns: [id, note]\n";

class QualityTest : public RunTest {
  protected:
    /// What the journal says last about the rules.
    std::string told() {
        const Ledger ledger = Ledger::open(folder_.path(".trueup/ledger.db")).value();
        const auto events = ledger.events({}).value();
        for (const EventRecord& event : events) {
            if (event.kind.starts_with("quality_")) return event.kind + " " + event.detail_json;
        }
        return "nothing";
    }
};

// 714 of 5,000 notes are NULL: 0.1428 exactly, and what is as much as allowed is allowed.
TEST_F(QualityTest, RulesThatAreKeptAreTold) {
    for (const std::string& keys : {std::string("    mode: full\n"), std::string(kChunked),
                                    std::string("    format: csv\n")}) {
        SCOPED_TRACE(keys);
        const bool is_csv = keys.find("csv") != std::string::npos;
        const auto summary =
            is_csv
                ? run("    chunk_size: 1000\n  - name: lines\n    table: orders\n" + keys +
                          "    destination: {type: local, path: lines}\n" + std::string(kAllRules),
                      /*is_fresh=*/true, /*index=*/1)
                : run(keys + std::string(kAllRules), /*is_fresh=*/true);
        ASSERT_TRUE(summary.has_value()) << summary.error().message;
        EXPECT_EQ(
            json::write(to_json(summary->quality)),
            R"([{"rule":"row_count_min","column":"","measured":5000,"allowed":5000,"outcome":"kept"},)"
            R"({"rule":"row_count_max","column":"","measured":5000,"allowed":5000,"outcome":"kept"},)"
            R"({"rule":"null_ratio_max","column":"note","measured":0.1428,"allowed":0.1428,"outcome":"kept"},)"
            R"({"rule":"null_ratio_max","column":"total","measured":0,"allowed":0,"outcome":"kept"},)"
            R"({"rule":"unique_columns","column":"id","measured":0,"allowed":0,"outcome":"kept"},)"
            R"({"rule":"unique_columns","column":"note","measured":0,"allowed":0,"outcome":"kept"}])");
        EXPECT_THAT(told(), testing::StartsWith("quality_kept "));
    }
}

TEST_F(QualityTest, ABrokenRuleIsNamedAndLeavesNoMarker) {
    struct Row {
        std::string_view rule;
        std::string_view sentence;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"{row_count_min: 5001}", "there are 5,000 rows, but row_count_min is 5,001"},
        Row{"{row_count_max: 4999}", "there are 5,000 rows, but row_count_max is 4,999"},
        Row{"{null_ratio_max: {note: 0.1427}}",
            "0.1428 of the values of note are NULL, but null_ratio_max allows 0.1427"},
        Row{"{unique_columns: [id, total]}",
            "1 value of total is a repetition, but unique_columns allows none"},
    };
    run_sql("UPDATE orders SET total = 1250 WHERE id = 3");  // As that of id 15000.
    for (const std::string_view mode : {std::string_view("    mode: full\n"), kChunked}) {
        for (const Row& row : rows) {
            const testing::ScopedTrace trace(__FILE__, row.line, std::string(row.rule));
            const auto refused = run(fmt::format("{}    quality: {}\n", mode, row.rule), true);
            ASSERT_FALSE(refused.has_value());
            EXPECT_EQ(refused.error().kind, ErrorClass::Integrity);
            EXPECT_EQ(refused.error().message, fmt::format("quality of orders: {}", row.sentence));
            EXPECT_EQ(check_marker(prefix()).value(), Marker::Missing);
            EXPECT_FALSE(read_manifest(prefix()).value().has_value());
            EXPECT_THAT(told(), testing::StartsWith("quality_broken "));
            EXPECT_THAT(told(), HasSubstr("\"broken\""));
        }
    }
}

// All that is wrong is said at once, and a rule that was changed needs no row read again.
TEST_F(QualityTest, ARefusedRunIsFinishedUnderOtherRules) {
    const std::string chunked(kChunked);
    age_source();
    const auto refused =
        run(chunked + "    quality: {row_count_min: 6000, null_ratio_max: {note: 0}}\n");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("row_count_min is 6,000; 0.1428 of"));
    const auto again = run(chunked + "    quality: {row_count_min: 6000}\n");
    ASSERT_FALSE(again.has_value()) << "the rule stands, and so does the refusal";
    const auto finished = run(chunked + "    quality: {row_count_min: 4000}\n");
    ASSERT_TRUE(finished.has_value()) << finished.error().message;
    EXPECT_TRUE(finished->is_resumed);
    EXPECT_EQ(finished->load.statements, 0) << "nothing is read twice";
    EXPECT_EQ(contents(), kWanted);
    EXPECT_EQ(check_marker(prefix()).value(), Marker::Valid);
}

TEST_F(QualityTest, AMendedSourceIsReadAnew) {
    const std::string keys = std::string(kChunked) + "    quality: {null_ratio_max: {note: 0}}\n";
    age_source();
    ASSERT_FALSE(run(keys).has_value());
    run_sql("UPDATE orders SET note = 'none' WHERE note IS NULL");
    const auto mended = run(keys);
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_FALSE(mended->is_resumed);
    EXPECT_EQ(facts("count(note)"), "5000 ");
    const Ledger ledger = Ledger::open(folder_.path(".trueup/ledger.db")).value();
    const auto runs = ledger.runs({}).value();
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[1].status, RunStatus::Abandoned);
}

TEST_F(QualityTest, ACopyThatStandsIsHeldAgainstNewRules) {
    age_source();
    ASSERT_TRUE(run("    quality: {row_count_min: 1}\n").has_value());
    const auto same = run("    quality: {row_count_min: 2, unique_columns: [id]}\n");
    ASSERT_TRUE(same.has_value()) << same.error().message;
    EXPECT_EQ(same->outcome, RunOutcome::Unchanged);
    EXPECT_EQ(same->quality.size(), 2U);
    const auto refused = run("    quality: {row_count_min: 6000}\n");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Integrity);
    EXPECT_EQ(check_marker(prefix()).value(), Marker::Missing);
}

TEST_F(QualityTest, TooManyValuesAreNotLookedAtAndThatIsSaid) {
    const auto summary = run("    quality: {unique_columns: [note], unique_max_entries: 4285}\n");
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    ASSERT_EQ(summary->quality.size(), 1U);
    EXPECT_EQ(summary->quality[0].outcome, RuleOutcome::Skipped);
    ASSERT_EQ(summary->warnings.size(), 1U);
    EXPECT_EQ(summary->warnings[0],
              "orders: note has 4,286 values, more than unique_max_entries 4,285: whether they are "
              "unique was not looked at");
    const auto looked =
        run("    quality: {unique_columns: [note], unique_max_entries: 4286}\n", true);
    ASSERT_TRUE(looked.has_value());
    EXPECT_EQ(looked->quality[0].outcome, RuleOutcome::Kept);
}

TEST_F(QualityTest, AColumnThatIsNotThereIsRefusedBeforeARowIsRead) {
    for (const std::string_view rules :
         {"{null_ratio_max: {notes: 0.5}}", "{unique_columns: [nte]}"}) {
        const auto refused = run(fmt::format("    quality: {}\n", rules));
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().kind, ErrorClass::Config);
        EXPECT_THAT(refused.error().message, HasSubstr("did you mean \"note\"?"));
        EXPECT_FALSE(file_info(prefix()).value().has_value());
    }
}

// A meta column is a column of the parts, too: no two rows alike.
TEST_F(QualityTest, TheHashOfRowsCanBeARule) {
    const std::string keys =
        "    meta_columns: {row_hash: [note]}\n    quality: {unique_columns: [_rivet_row_hash]}\n";
    const auto refused = run(keys);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("713 values of _rivet_row_hash"));
}

TEST_F(QualityTest, AnEmptyTableHasNoNulls) {
    run_sql("DELETE FROM orders");
    const auto summary =
        run("    quality: {null_ratio_max: {note: 0}, unique_columns: [note], row_count_min: 0}\n");
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_FALSE(run("    quality: {row_count_min: 1}\n").has_value());
}

// More different values than the memory holds: they go to the disk.
TEST_F(QualityTest, UniquenessNeedsNoMoreMemoryThanThereIs) {
    run_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) "
        "INSERT INTO orders SELECT 20000 + i, 'a note that is long enough to fill memory ' || i, 1 "
        "FROM n");
    const auto summary =
        run("    tuning: {memory_limit_mb: 64, parallel: 1}\n"
            "    quality: {unique_columns: [note]}\n");
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_EQ(summary->quality[0].outcome, RuleOutcome::Kept);
    run_sql("UPDATE orders SET note = 'a note that is long enough to fill memory 7' WHERE id = 3");
    const auto refused =
        run("    tuning: {memory_limit_mb: 64, parallel: 1}\n"
            "    quality: {unique_columns: [note]}\n");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("1 value of note is a repetition"));
}

}  // namespace
}  // namespace trueup::extract
