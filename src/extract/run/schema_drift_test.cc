#include "extract/run/schema_drift.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "extract/run/run_fixture.h"

namespace trueup::extract {
namespace {

using testing::HasSubstr;

class DriftTest : public RunTest {
  protected:
    Result<RunSummary> run_with(std::string_view policy) {
        return run(fmt::format("    on_schema_drift: {}\n", policy));
    }
    std::int64_t times_told() {
        const Ledger ledger = Ledger::open(folder_.path(".trueup/ledger.db")).value();
        return std::ranges::count(ledger.events({}).value(), "schema_changed", &EventRecord::kind);
    }
};

TEST_F(DriftTest, AMovedSchemaEndsTheRunBeforeAnythingChanges) {
    ASSERT_TRUE(run_with("fail").has_value());
    ASSERT_TRUE(run("    on_schema_drift: fail\n", /*is_fresh=*/true).has_value());
    EXPECT_EQ(times_told(), 0);
    run_sql("ALTER TABLE orders ADD COLUMN tag TEXT; ALTER TABLE orders DROP COLUMN total");
    const auto refused = run_with("fail");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::SchemaChanged);
    EXPECT_THAT(refused.error().message,
                testing::MatchesRegex("the columns of orders are not those of run orders-.*: tag "
                                      "was added, total was removed"));
    EXPECT_THAT(refused.error().hint, HasSubstr("on_schema_drift: warn"));
    EXPECT_EQ(check_marker(prefix()).value(), Marker::Valid) << "the copy stands as it stood";
    EXPECT_EQ(times_told(), 1);
    const auto taken = run_with("warn");
    ASSERT_TRUE(taken.has_value()) << taken.error().message;
    ASSERT_EQ(taken->warnings.size(), 1U);
    EXPECT_THAT(taken->warnings[0], HasSubstr("tag was added, total was removed"));
    EXPECT_TRUE(run_with("fail").has_value()) << "they are the columns now";
}

TEST_F(DriftTest, WhoTakesEverythingIsNotWarned) {
    ASSERT_TRUE(run_with("continue").has_value());
    run_sql("ALTER TABLE orders ADD COLUMN tag TEXT");
    const auto taken = run_with("continue");
    ASSERT_TRUE(taken.has_value());
    EXPECT_TRUE(taken->warnings.empty());
    EXPECT_EQ(times_told(), 1) << "the journal has it all the same";
}

TEST_F(DriftTest, ATypeIsPartOfTheSchemaAndAnOrderIsNot) {
    ASSERT_TRUE(run_with("warn").has_value());
    run_sql(
        "CREATE TABLE other (total DECIMAL(14,2), id INTEGER PRIMARY KEY, note TEXT);"
        "INSERT INTO other SELECT total, id, note FROM orders; DROP TABLE orders;"
        "ALTER TABLE other RENAME TO orders");
    const auto taken = run_with("warn");
    ASSERT_TRUE(taken.has_value());
    ASSERT_EQ(taken->warnings.size(), 1U);
    EXPECT_TRUE(taken->warnings[0].ends_with(": total was DECIMAL(12,2) and is DECIMAL(14,2)"))
        << taken->warnings[0];
}

}  // namespace
}  // namespace trueup::extract
