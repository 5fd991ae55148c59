#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "extract/ledger/ledger.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"

namespace trueup::extract {

/// Where a ledger of the test's own stands.
class LedgerFolder {
  public:
    std::string path(std::string_view name) const { return folder_.path(name); }
    std::string ledger() const { return path(".trueup/ledger.db"); }

  private:
    TemporaryFolder folder_;
};

inline RunRecord sample_run(std::string run_id = "orders-1") {
    RunRecord run;
    run.run_id = std::move(run_id);
    run.export_name = "orders";
    run.prefix = "/out/orders";
    run.plan_hash = "hash";
    run.plan_json = R"({"kind":"range"})";
    run.source_state = "{}";
    run.started_at = 1'000;
    return run;
}

inline NewChunk sample_chunk(std::string bounds) {
    return {.kind = "range", .bounds_json = std::move(bounds), .rows_expected = 10};
}

inline PartRecord sample_part(std::string path, std::int64_t rows) {
    PartRecord part;
    part.path = std::move(path);
    part.rows = rows;
    part.bytes = rows * 100;
    part.sha256 = std::string(64, 'a');
    part.column_digests_json = R"([{"column":"id","digest":"00","nulls":0}])";
    part.row_digest = std::string(32, 'b');
    return part;
}

/// What every ledger must be at every instant, asked in SQL that shares nothing with the ledger.
inline void expect_sound(const std::string& path) {
    auto opened = sqlite::Connection::open(path, {.mode = sqlite::OpenMode::ReadWrite});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->query_text("PRAGMA integrity_check").value(), "ok");
    const std::pair<std::string_view, std::string_view> rules[] = {
        {"rows point nowhere", "SELECT count(*) FROM pragma_foreign_key_check"},
        {"a run's totals are not those of its committed parts",
         "SELECT count(*) FROM run AS r WHERE (rows, bytes, parts) IS NOT (SELECT "
         "coalesce(sum(p.rows), 0), coalesce(sum(p.bytes), 0), count(*) FROM part AS p WHERE "
         "p.run_id = r.run_id AND p.status = 'committed')"},
        {"a chunk's totals are not those of its committed parts",
         "SELECT count(*) FROM chunk AS c JOIN run USING (run_id) WHERE run.status <> 'abandoned' "
         "AND (c.rows, c.bytes) IS NOT (SELECT coalesce(sum(p.rows), 0), coalesce(sum(p.bytes), 0) "
         "FROM part AS p WHERE p.run_id = c.run_id AND p.chunk_id = c.chunk_id AND "
         "p.status = 'committed')"},
        {"a chunk that is not done has parts",
         "SELECT count(*) FROM part JOIN chunk USING (run_id, chunk_id) WHERE chunk.status <> "
         "'done'"},
        {"two chunks share a place",
         "SELECT count(*) FROM (SELECT 1 FROM chunk GROUP BY run_id, ordinal, cut HAVING "
         "count(*) > 1)"},
        {"a done run has an unfinished chunk",
         "SELECT count(*) FROM run JOIN chunk USING (run_id) WHERE run.status = 'done' AND "
         "chunk.status <> 'done'"},
        {"a part is newer than its run's generation",
         "SELECT count(*) FROM run JOIN part USING (run_id) WHERE part.generation > "
         "run.generation"},
    };
    for (const auto& [rule, sql] : rules) EXPECT_EQ(opened->query_int64(sql).value(), 0) << rule;
}

}  // namespace trueup::extract
