#include <gtest/gtest.h>

#include "base/file.h"
#include "codex/testing/sample_rollout.h"
#include "codex/testing/sample_store.h"
#include "codex/testing/temporary_home.h"
#include "sqlite/connection.h"

namespace trueup::codex::testing {
namespace {

TEST(SampleStore, HasTheTriggersThatFillTheMilliseconds) {
    const TemporaryHome home;
    const std::string path = home.path("sqlite/state_5.sqlite");
    make_store(path, {.rows = {{.id = thread_id(1), .provider = "a"}, {.id = thread_id(2)}}});
    EXPECT_FALSE(home.has("sqlite/state_5.sqlite-wal"));
    run_sql(path, "UPDATE threads SET updated_at = 7");
    auto db = sqlite::Connection::open(path, {}).value();
    EXPECT_EQ(db.query_int64("SELECT sum(created_at_ms = created_at * 1000) FROM threads").value(),
              2);
    EXPECT_EQ(db.query_int64("SELECT sum(updated_at_ms) FROM threads").value(), 14'000);
    EXPECT_EQ(db.query_int64("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND "
                             "sql IS NOT NULL")
                  .value(),
              11);
    EXPECT_EQ(db.query_text("SELECT status FROM backfill_state").value(), "complete");
    EXPECT_EQ(providers_in(path).at(thread_id(1)), "a");
}

TEST(SampleRollout, StandsWhereCodexKeepsIt) {
    const TemporaryHome home;
    const std::string path = make_rollout(home.path(), {.id = thread_id(1), .padding = 3});
    EXPECT_EQ(path, home.path(rollout_name(thread_id(1))));
    const std::string text = home.read(rollout_name(thread_id(1)));
    EXPECT_NE(text.find("\"main\"}}}   \n"), std::string::npos) << text;
    EXPECT_LT(file_info(path).value()->mtime_ns, 1'767'225'601'000'000'000);
}

}  // namespace
}  // namespace trueup::codex::testing
