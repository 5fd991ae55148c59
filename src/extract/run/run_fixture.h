#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest_store.h"
#include "extract/run/run.h"
#include "sqlite/connection.h"

namespace trueup::extract {

/// A folder with a source of 5,000 orders (every seventh note NULL) and, for each run, the
/// configuration that it is given.
class RunTest : public testing::Test {
  protected:
    void SetUp() override {
        run_sql(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, total DECIMAL(12,2));"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "INSERT INTO orders SELECT i * 3, CASE WHEN i % 7 THEN 'note ' || i END, i / 4.0 FROM "
            "n");
    }

    void run_sql(const std::string& sql) {
        auto connection = sqlite::Connection::open(folder_.path("shop.db"),
                                                   {.mode = sqlite::OpenMode::ReadWriteCreate});
        ASSERT_TRUE(connection.has_value());
        const auto outcome = connection->exec(sql);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    }
    void age_source() {
        const std::string file = folder_.path("shop.db");
        std::filesystem::last_write_time(
            file, std::filesystem::last_write_time(file) - std::chrono::hours(1));
    }
    Result<RunSummary> run(const std::string& export_yaml, bool is_fresh = false,
                           std::size_t index = 0) {
        const std::string text =
            "source:\n  type: sqlite\n  path: shop.db\n  tuning:\n    parallel: 2\n"
            "exports:\n  - name: orders\n    table: orders\n    format: parquet\n"
            "    destination:\n      type: local\n      path: out\n" +
            export_yaml;
        const std::string path = folder_.path("trueup.yaml");
        TRY(replace_file(path, text, "test"));
        const Config config = TRY(load_config(path, {}));
        core::Progress progress;
        const JobContext job{&config,   &config.exports[index],      clock_, &system_random(),
                             &progress, std::chrono::milliseconds(1)};
        return run_export(job, {.is_fresh = is_fresh});
    }
    std::string prefix() const { return folder_.path("out"); }
    /// What the committed parts of the manifest hold, by plain SQL.
    std::string contents() {
        return facts("count(*), count(DISTINCT id), sum(id), count(note), sum(total)");
    }
    /// Aggregates over the committed parts, one blank behind each.
    std::string facts(const std::string& aggregates) {
        const Manifest manifest = read_manifest(prefix()).value().value();
        std::string files;
        for (const ManifestPart& part : manifest.parts) {
            if (!part.is_committed) continue;
            files +=
                (files.empty() ? "" : ", ") + columnar::quote_text(join_path(prefix(), part.path));
        }
        const auto engine = columnar::Engine::open({}).value();
        const auto session = engine->connect().value();
        const auto rows =
            session->texts("SELECT " + aggregates + " FROM read_parquet([" + files + "])").value();
        std::string text;
        for (const auto& cell : rows.at(0)) text += cell.value_or("NULL") + " ";
        return text;
    }

    static constexpr std::string_view kWanted = "5000 5000 37507500 4286 3125625.00 ";
    static constexpr std::string_view kChunked = "    mode: chunked\n    chunk_size: 1000\n";
    TemporaryFolder folder_;
    const Clock* clock_ = &system_clock();
};

}  // namespace trueup::extract
