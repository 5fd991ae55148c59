#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "columnar/engine.h"
#include "extract/config/config.h"
#include "extract/manifest/manifest_store.h"
#include "extract/proof/gc.h"
#include "extract/proof/reconcile.h"
#include "extract/proof/repair.h"
#include "extract/proof/validate.h"
#include "extract/run/run.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"

namespace trueup::extract {

/// A folder with a source of 1,000 orders (every seventh note NULL) and a configuration that copies
/// it to out/ in four chunks.
class CopyFolder {
  public:
    explicit CopyFolder(const std::string& export_yaml = std::string(kChunked)) {
        sql("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, total DECIMAL(12,2));"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
            "INSERT INTO orders SELECT i, CASE WHEN i % 7 THEN 'note ' || i END, i / 4.0 FROM n");
        configure(export_yaml);
    }

    void configure(const std::string& export_yaml) {
        const std::string text =
            "source:\n  type: sqlite\n  path: shop.db\n  tuning:\n    parallel: 2\n"
            "exports:\n  - name: orders\n    table: orders\n    format: parquet\n"
            "    destination:\n      type: local\n      path: out\n" +
            export_yaml;
        const std::string file = path("trueup.yaml");
        ASSERT_TRUE(replace_file(file, text, "test").has_value());
        auto loaded = load_config(file, {});
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        config_ = *std::move(loaded);
    }

    /// Puts everything back to where it stood at save(); nothing may be open.
    void save() const {
        std::filesystem::copy(folder_.path(), saved_.path(),
                              std::filesystem::copy_options::recursive);
    }
    void restore() const {
        std::filesystem::remove_all(folder_.path());
        std::filesystem::copy(saved_.path(), folder_.path(),
                              std::filesystem::copy_options::recursive);
    }

    std::string path(std::string_view name) const { return folder_.path(name); }
    std::string out(std::string_view name) const { return join_path(path("out"), name); }
    JobContext job() {
        return {&config_, &config_.exports[0], &system_clock(), &system_random(), &progress_};
    }

    void sql(const std::string& text) const {
        auto connection =
            sqlite::Connection::open(path("shop.db"), {.mode = sqlite::OpenMode::ReadWriteCreate});
        ASSERT_TRUE(connection.has_value());
        const auto outcome = connection->exec(text);
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
    }

    RunSummary run(bool is_fresh = false) {
        auto summary = run_export(job(), {.is_fresh = is_fresh});
        EXPECT_TRUE(summary.has_value()) << (summary ? "" : summary.error().message);
        return summary.value_or(RunSummary{});
    }
    core::Report compare(std::optional<Evidence> evidence = std::nullopt) {
        ReconcileOptions options;
        options.evidence = evidence;
        auto report = reconcile(job(), options);
        EXPECT_TRUE(report.has_value()) << (report ? "" : report.error().message);
        return report.value_or(core::Report{});
    }
    /// Reconciles, plans by the report, repairs.
    Result<RepairResult> mend(bool purges = false) {
        const core::Report report = TRY(reconcile(job(), {}));
        const RepairPlan plan = TRY(plan_repair(job(), report));
        return execute_repair(job(), plan, {.compare = {}, .purges = purges});
    }
    Validation look(ValidateDepth depth = ValidateDepth::Full) {
        auto validation = validate(job(), {.depth = depth});
        EXPECT_TRUE(validation.has_value()) << (validation ? "" : validation.error().message);
        return validation.value_or(Validation{});
    }

    Manifest manifest() const { return read_manifest(path("out")).value().value(); }
    std::vector<std::string> committed() const {
        std::vector<std::string> files;
        for (const ManifestPart& part : manifest().parts) {
            if (part.is_committed) files.push_back(part.path);
        }
        return files;
    }

    /// Both sides by SQL that shares nothing with the code under test: the committed files of the
    /// manifest through DuckDB, the source through SQLite.
    std::string copy_facts() const {
        std::string files;
        for (const std::string& file : committed()) {
            files += (files.empty() ? "" : ", ") + columnar::quote_text(out(file));
        }
        const auto engine = columnar::Engine::open({}).value();
        const auto session = engine->connect().value();
        const auto rows = session->texts(fmt::format(
            "SELECT count(*), count(DISTINCT id), sum(id), count(note), sum(length(note)), "
            "sum(CAST(total * 100 AS BIGINT)), sum(CAST(total * 100 AS BIGINT) * id) FROM "
            "read_parquet([{}])",
            files));
        EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().message);
        std::string text;
        if (!rows) return text;
        for (const auto& cell : rows->at(0)) text += cell.value_or("NULL") + " ";
        return text;
    }
    std::string source_facts() const {
        auto connection =
            sqlite::Connection::open(path("shop.db"), {.mode = sqlite::OpenMode::ReadOnly});
        auto statement = sqlite::Statement::prepare(
            *connection,
            "SELECT count(*), count(DISTINCT id), sum(id), count(note), sum(length(note)), "
            "sum(CAST(total * 100 AS INTEGER)), sum(CAST(total * 100 AS INTEGER) * id) FROM "
            "orders");
        EXPECT_TRUE(statement->step().value());
        std::string text;
        for (int i = 0; i < statement->column_count(); ++i) {
            text += statement->column_optional_text(i).value_or("NULL") + " ";
        }
        return text;
    }
    void expect_exact() {
        EXPECT_EQ(copy_facts(), source_facts());
        EXPECT_EQ(compare(Evidence::Digest).verdict(), core::Verdict::Clean);
        const Validation validation = look();
        EXPECT_EQ(validation.report.verdict(), core::Verdict::Clean)
            << core::to_json(validation.report);
    }

    void flip_byte(const std::string& file, std::streamoff at) const {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(at);
        const int byte = stream.get();
        stream.seekp(at);
        stream.put(static_cast<char>(byte ^ 0x10));
        ASSERT_TRUE(stream.good());
    }
    void edit(const std::string& file, const std::string& from, const std::string& to) const {
        std::string text = read_file(file, 1 << 24).value();
        const auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        std::ofstream(file, std::ios::binary) << text;
    }

    static constexpr std::string_view kChunked = "    mode: chunked\n    chunk_size: 250\n";

  private:
    TemporaryFolder folder_;
    TemporaryFolder saved_;
    Config config_;
    core::Progress progress_;
};

/// "chunk 2 mismatch 250 249: …", one for each partition that is no match.
inline std::vector<std::string> troubles(const core::Report& report) {
    std::vector<std::string> lines;
    for (const core::Partition& partition : report.partitions) {
        if (partition.verdict == core::PartitionVerdict::Match) continue;
        const auto count = [](const std::optional<std::int64_t>& value) {
            return value ? fmt::format("{}", *value) : std::string("?");
        };
        lines.push_back(fmt::format("{} {} {} {} {}: {}", partition.kind, partition.id,
                                    core::name_of(partition.verdict), count(partition.truth),
                                    count(partition.copy), partition.note));
    }
    return lines;
}

/// The codes of the findings that are no advice, joined.
inline std::string codes(const Validation& validation) {
    std::string text;
    for (const Finding& finding : validation.findings) {
        if (finding.is_advice()) continue;
        constexpr std::string_view kPrefix = "TRUEUP_VERIFY_";
        text += (text.empty() ? "" : " ") + std::string(finding.code().substr(kPrefix.size()));
    }
    return text;
}

}  // namespace trueup::extract
