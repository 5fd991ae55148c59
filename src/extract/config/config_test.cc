#include "extract/config/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/file.h"

namespace trueup::extract {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20U;
constexpr const char* kFile = "/data/shop/trueup.yaml";

struct World {
    Parameters parameters;
    std::map<std::string, std::string> environment;
    std::map<std::string, std::string> files;
};

Result<Config> parse(std::string_view text, const World& world = {}) {
    Surroundings surroundings;
    surroundings.environment = [&world](const std::string& name) -> std::optional<std::string> {
        const auto found = world.environment.find(name);
        if (found == world.environment.end()) return std::nullopt;
        return found->second;
    };
    surroundings.read_file = [&world](const std::string& path) -> Result<std::string> {
        const auto found = world.files.find(path);
        if (found == world.files.end()) return fail(ErrorClass::Failed, "no such file");
        return found->second;
    };
    surroundings.cores = 8;
    return parse_config(text, kFile, world.parameters, surroundings);
}

/// A valid file with `more` at the end of its only export, and `source` lines in its source.
std::string with(std::string_view more, std::string_view source = "") {
    return fmt::format(
        "source:\n  type: sqlite\n  path: shop.db\n{}exports:\n  - name: orders\n"
        "    table: orders\n    format: parquet\n"
        "    destination: {{type: local, path: \"out/{{export}}\"}}\n{}",
        source, more);
}

Config accepted(std::string_view text, const World& world = {}) {
    auto config = parse(text, world);
    EXPECT_TRUE(config.has_value()) << config.error().message << "\nhint: " << config.error().hint;
    return config.value_or(Config{.exports = {Export{}}});
}

Export accepted_export(std::string_view more, std::string_view source = "") {
    return accepted(with(more, source)).exports.at(0);
}

TEST(Config, TheSmallestFileGetsTheDefaults) {
    const Config config = accepted(with(""));
    EXPECT_THAT(config.warnings, IsEmpty());
    EXPECT_EQ(config.directory, "/data/shop");
    EXPECT_EQ(config.source.engine, Engine::Sqlite);
    EXPECT_EQ(config.source.path, "/data/shop/shop.db");
    EXPECT_EQ(config.source.consistency, Consistency::Snapshot);
    EXPECT_FALSE(config.source.environment.has_value());
    ASSERT_EQ(config.exports.size(), 1U);
    const Export& orders = config.exports[0];
    EXPECT_EQ(orders.name, "orders");
    EXPECT_EQ(orders.table->name, "orders");
    EXPECT_EQ(orders.table->schema, "");
    EXPECT_FALSE(orders.query.has_value());
    EXPECT_EQ(orders.at.line, 5);
    EXPECT_EQ(at_text(config, orders.at), "/data/shop/trueup.yaml:5:5");
    EXPECT_EQ(orders.chunking.mode, Mode::Auto);
    EXPECT_EQ(orders.chunking.by, ChunkBy::Auto);
    EXPECT_EQ(orders.chunking.attempts_max, 2);
    EXPECT_EQ(orders.output.format, Format::Parquet);
    EXPECT_EQ(orders.output.compression, Compression::Zstd);
    EXPECT_EQ(orders.output.compression_level, 1);
    EXPECT_EQ(orders.output.row_groups.by, RowGroupBy::Auto);
    EXPECT_EQ(orders.verify, Verify::Size);
    EXPECT_EQ(orders.destination.path, "/data/shop/out/{export}");
    EXPECT_EQ(find_export(config, "orders"), &orders);
    EXPECT_EQ(find_export(config, "order"), nullptr);
}

TEST(Config, ProfilesFillTheTuning) {
    struct Row {
        std::string_view source;
        Profile profile;
        int retries_max;
        std::int64_t batch_rows, throttle_ms, statement_timeout_s, lock_timeout_s, backoff_ms;
        std::uint64_t batch_mb, threshold_mb;
    };
    const Row rows[] = {
        {"", Profile::Fast, 1, 50'000, 0, 0, 0, 1'000, 64, 0},
        {"  environment: local\n", Profile::Fast, 1, 50'000, 0, 0, 0, 1'000, 64, 0},
        {"  environment: replica\n", Profile::Balanced, 3, 10'000, 50, 300, 30, 2'000, 32, 4'096},
        {"  environment: local\n  tuning: {profile: safe}\n", Profile::Safe, 10, 2'000, 500, 120,
         10, 5'000, 0, 2'048},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.source);
        const Tuning tuning = accepted_export("", row.source).tuning;
        EXPECT_EQ(tuning.profile, row.profile);
        EXPECT_EQ(tuning.batch_rows, row.batch_rows);
        EXPECT_EQ(tuning.batch_bytes, row.batch_mb * kMegabyte);
        EXPECT_EQ(tuning.throttle_ms, row.throttle_ms);
        EXPECT_EQ(tuning.statement_timeout_s, row.statement_timeout_s);
        EXPECT_EQ(tuning.lock_timeout_s, row.lock_timeout_s);
        EXPECT_EQ(tuning.retry_backoff_ms, row.backoff_ms);
        EXPECT_EQ(tuning.retries_max, row.retries_max);
        EXPECT_EQ(tuning.memory_threshold_bytes, row.threshold_mb * kMegabyte);
        EXPECT_EQ(tuning.memory_limit_bytes, 512 * kMegabyte);
        EXPECT_EQ(tuning.value_bytes_max, 256 * kMegabyte);
        EXPECT_EQ(tuning.batch_bytes_max, 0U);
        EXPECT_EQ(tuning.workers, row.profile == Profile::Safe ? 1 : 4) << "eight cores";
    }
}

TEST(Config, AnExportsTuningBeatsTheSources) {
    const std::string_view source =
        "  tuning: {parallel: 3, throttle_ms: 7, batch_size: 123, "
        "max_value_mb: 0, memory_limit_mb: 64}\n";
    const Tuning plain = accepted_export("", source).tuning;
    EXPECT_EQ(plain.workers, 3);
    EXPECT_EQ(plain.throttle_ms, 7);
    EXPECT_EQ(plain.batch_rows, 123);
    EXPECT_EQ(plain.batch_bytes, 0U) << "an explicit batch_size turns sizing by memory off";
    EXPECT_EQ(plain.value_bytes_max, 0U);
    EXPECT_EQ(plain.memory_limit_bytes, 64 * kMegabyte);
    const Export own = accepted_export(
        "    tuning: {profile: fast, throttle_ms: 9, "
        "batch_size_memory_mb: 5, max_retries: 6}\n",
        source);
    EXPECT_EQ(own.tuning.workers, 3);
    EXPECT_EQ(own.tuning.throttle_ms, 9);
    EXPECT_EQ(own.tuning.batch_rows, 50'000);
    EXPECT_EQ(own.tuning.batch_bytes, 5 * kMegabyte);
    EXPECT_EQ(own.chunking.attempts_max, 7);
    EXPECT_EQ(accepted_export("    parallel: 2\n", source).tuning.workers, 2);
}

TEST(Config, ProductionReadsChunkByChunkUnlessTold) {
    const auto of = [](std::string_view source) { return accepted(with("", source)).source; };
    EXPECT_EQ(of("  environment: production\n").consistency, Consistency::Chunk);
    EXPECT_EQ(of("  environment: production\n  consistency: snapshot\n").consistency,
              Consistency::Snapshot);
    EXPECT_EQ(of("  consistency: chunk\n").consistency, Consistency::Chunk);
}

TEST(Config, OthersOnTheSourceMakeARunAdaptive) {
    constexpr std::string_view kExports =
        "exports:\n  - name: orders\n    table: orders\n    format: csv\n"
        "    destination: {type: local}\n";
    struct Row {
        std::string_view source;
        bool is_adaptive;
        int workers_min;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"", false, 1},
        Row{"  environment: replica\n", false, 1},
        Row{"  environment: production\n", true, 1},
        Row{"  environment: production\n  tuning: {profile: fast}\n", false, 1},
        Row{"  environment: production\n  tuning: {adaptive: false}\n", false, 1},
        Row{"  tuning: {profile: safe}\n", true, 1},
        Row{"  tuning: {adaptive: true, min_parallel: 2}\n", true, 2},
        Row{"  tuning: {min_parallel: 9}\n", false, 4},
        Row{"  tuning: {parallel: 3, min_parallel: 3}\n", false, 3},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.source);
        std::string text = "source:\n  type: postgres\n  host: h\n  user: u\n  database: d\n";
        text += row.source;
        const Tuning tuning = accepted(text + std::string(kExports)).exports.at(0).tuning;
        EXPECT_EQ(tuning.is_adaptive, row.is_adaptive);
        EXPECT_EQ(tuning.workers_min, row.workers_min);
    }
}

TEST(Config, ChunkKeysSayHowToCut) {
    struct Row {
        std::string_view keys;
        Mode mode;
        ChunkBy by;
        std::vector<std::string> columns;
    };
    const Row rows[] = {
        {"    mode: full\n", Mode::Full, ChunkBy::Whole, {}},
        {"    mode: full\n    parallel: 2\n", Mode::Full, ChunkBy::Whole, {}},
        {"    mode: chunked\n", Mode::Chunked, ChunkBy::Auto, {}},
        {"    chunk_size: 500\n", Mode::Auto, ChunkBy::Auto, {}},
        {"    chunk_column: id\n", Mode::Chunked, ChunkBy::Range, {"id"}},
        {"    chunk_by_key: id\n", Mode::Chunked, ChunkBy::Key, {"id"}},
        {"    chunk_by_key: [a, b]\n", Mode::Chunked, ChunkBy::Key, {"a", "b"}},
        {"    chunk_column: d\n    chunk_by_days: 7\n", Mode::Chunked, ChunkBy::Days, {"d"}},
        {"    chunk_dense: true\n", Mode::Chunked, ChunkBy::Dense, {}},
        {"    chunk_dense: false\n    chunk_by_key: a\n", Mode::Chunked, ChunkBy::Key, {"a"}},
        {"    chunk_count: 4\n    chunk_column: id\n", Mode::Chunked, ChunkBy::Count, {"id"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.keys);
        const Chunking chunking = accepted_export(row.keys).chunking;
        EXPECT_EQ(chunking.mode, row.mode);
        EXPECT_EQ(chunking.by, row.by);
        EXPECT_EQ(chunking.columns, row.columns);
    }
    const Chunking sized = accepted_export(
                               "    chunk_size_memory_mb: 64\n    chunk_max_attempts: 9\n"
                               "    chunk_checkpoint: true\n")
                               .chunking;
    EXPECT_EQ(sized.bytes, 64 * kMegabyte);
    EXPECT_EQ(sized.attempts_max, 9);
    EXPECT_EQ(accepted_export("    chunk_column: d\n    chunk_by_days: 7\n").chunking.days, 7);
    EXPECT_EQ(accepted_export("    chunk_count: 4\n").chunking.count, 4);
    EXPECT_EQ(accepted_export("    chunk_size: 500\n").chunking.rows, 500);
}

TEST(Config, CompressionForEachFormat) {
    struct Row {
        std::string_view keys;
        Compression compression;
        std::optional<int> level;
    };
    const Row rows[] = {
        {"    compression: zstd\n    compression_level: 19\n", Compression::Zstd, 19},
        {"    compression: snappy\n", Compression::Snappy, std::nullopt},
        {"    compression: lz4\n", Compression::Lz4, std::nullopt},
        {"    compression: gzip\n", Compression::Gzip, std::nullopt},
        {"    compression: none\n", Compression::None, std::nullopt},
        {"    compression_profile: fast\n", Compression::Snappy, std::nullopt},
        {"    compression_profile: balanced\n", Compression::Zstd, 3},
        {"    compression_profile: compact\n", Compression::Zstd, 9},
        {"    compression_profile: none\n", Compression::None, std::nullopt},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.keys);
        const Output output = accepted_export(row.keys).output;
        EXPECT_EQ(output.compression, row.compression);
        EXPECT_EQ(output.compression_level, row.level);
    }
}

TEST(Config, MetaColumnsAndRules) {
    EXPECT_EQ(accepted_export("").meta_columns, MetaColumns());
    EXPECT_TRUE(accepted_export("").quality.is_empty());
    const MetaColumns all =
        accepted_export("    meta_columns: {exported_at: true, row_hash: true}\n").meta_columns;
    EXPECT_EQ(all, (MetaColumns{.has_exported_at = true, .has_row_hash = true, .hashed = {}}));
    const MetaColumns some = accepted_export("    meta_columns: {row_hash: [b, a]}\n").meta_columns;
    EXPECT_EQ(some, (MetaColumns{.has_row_hash = true, .hashed = {"b", "a"}}));
    const Quality quality =
        accepted_export(
            "    quality:\n      row_count_min: 1\n      row_count_max: 9\n"
            "      null_ratio_max: {a: 0.25, b: 0}\n      unique_columns: [a, c]\n"
            "      unique_max_entries: 1000\n")
            .quality;
    EXPECT_EQ(quality.rows_min, 1);
    EXPECT_EQ(quality.rows_max, 9);
    ASSERT_EQ(quality.null_ratios.size(), 2U);
    EXPECT_EQ(quality.null_ratios[0].column, "a");
    EXPECT_EQ(quality.null_ratios[0].max, 0.25);
    EXPECT_EQ(quality.null_ratios[1].max, 0);
    EXPECT_EQ(quality.unique_columns, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(quality.unique_values_max, 1000);
}

TEST(Config, WhatAMovedSchemaMeans) {
    EXPECT_EQ(accepted_export("").on_schema_drift, OnSchemaDrift::Warn);
    EXPECT_EQ(accepted_export("    on_schema_drift: fail\n").on_schema_drift, OnSchemaDrift::Fail);
    EXPECT_EQ(accepted_export("    on_schema_drift: continue\n").on_schema_drift,
              OnSchemaDrift::Continue);
}

constexpr std::string_view kCsv = R"(source: {type: duckdb, path: /var/shop.duckdb}
exports:
  - name: orders
    query: SELECT * FROM orders;
    format: csv
    compression: gzip
    csv: {delimiter: "\t", quote: "'", header: false, null: "NULL"}
    destination: {type: stdout}
)";

TEST(Config, CsvToStdout) {
    const Config config = accepted(kCsv);
    EXPECT_EQ(config.source.engine, Engine::DuckDb);
    EXPECT_EQ(config.source.path, "/var/shop.duckdb");
    const Export& orders = config.exports[0];
    EXPECT_EQ(orders.query, "SELECT * FROM orders") << "the semicolon is gone";
    EXPECT_FALSE(orders.table.has_value());
    EXPECT_EQ(orders.chunking.by, ChunkBy::Whole);
    EXPECT_EQ(orders.destination.type, DestinationType::Stdout);
    EXPECT_EQ(orders.output.format, Format::Csv);
    EXPECT_EQ(orders.output.compression, Compression::Gzip);
    EXPECT_EQ(orders.output.csv.delimiter, '\t');
    EXPECT_EQ(orders.output.csv.quote, '\'');
    EXPECT_FALSE(orders.output.csv.has_header);
    EXPECT_EQ(orders.output.csv.null_text, "NULL");
}

TEST(Config, OutputDetails) {
    const Output output =
        accepted_export(
            "    max_file_size: 1.5GB\n    skip_empty: true\n    verify: content\n"
            "    parquet: {row_group_strategy: fixed_rows, row_group_rows: 1000}\n")
            .output;
    EXPECT_EQ(output.file_bytes_max, 1536 * kMegabyte);
    EXPECT_TRUE(output.skips_empty);
    EXPECT_EQ(output.row_groups.by, RowGroupBy::FixedRows);
    EXPECT_EQ(output.row_groups.rows, 1000);
    const RowGroups by_default =
        accepted_export("    parquet: {max_row_group_mb: 200}\n").output.row_groups;
    EXPECT_EQ(by_default.by, RowGroupBy::Auto);
    EXPECT_EQ(by_default.target_bytes, 8 * kMegabyte);
    EXPECT_EQ(by_default.bytes_max, 200 * kMegabyte);
    EXPECT_EQ(accepted_export("    tuning: {profile: safe}\n").output.row_groups.target_bytes,
              2 * kMegabyte);
    EXPECT_EQ(accepted_export("    verify: content\n").verify, Verify::Content);
}

TEST(Config, ColumnOverrides) {
    const auto columns = accepted_export(
                             "    columns:\n      a: int8\n      \"orders.b.c\": text\n"
                             "      d: {type: \"numeric(10,2)\", on_value_error: null}\n"
                             "      e: {type: date, on_value_error: \"null\"}\n"
                             "      f: {type: date, on_value_error: text}\n")
                             .columns;
    ASSERT_EQ(columns.size(), 5U);
    EXPECT_EQ(columns[0].column, "a");
    EXPECT_EQ(columns[0].type, "BIGINT");
    EXPECT_EQ(columns[0].on_value_error, OnValueError::Fail);
    EXPECT_EQ(columns[0].at.line, 10);
    EXPECT_EQ(columns[1].column, "b.c");
    EXPECT_EQ(columns[2].type, "DECIMAL(10,2)");
    EXPECT_EQ(columns[2].on_value_error, OnValueError::Null);
    EXPECT_EQ(columns[3].on_value_error, OnValueError::Null);
    EXPECT_EQ(columns[4].on_value_error, OnValueError::Text);
}

TEST(Config, TableNames) {
    const auto named = [](std::string_view table) {
        const std::string text = fmt::format(
            "source: {{type: sqlite, path: a}}\nexports:\n  - name: x\n"
            "    table: {}\n    format: csv\n"
            "    destination: {{type: stdout}}\n",
            table);
        return *accepted(text).exports.at(0).table;
    };
    EXPECT_EQ(named("main.orders").schema, "main");
    EXPECT_EQ(named("main.orders").name, "orders");
    EXPECT_EQ(named("'\"order \"\"details\"'").name, "order \"details");
    EXPECT_EQ(named("'\"a.b\".\"c d\"'").schema, "a.b");
}

TEST(Config, QueryFilesAreReadBesideTheConfiguration) {
    World world;
    world.files["/data/shop/sql/orders.sql"] = "SELECT 1\n  ;\n";
    const Config config = accepted(
        "source: {type: sqlite, path: a}\nexports:\n  - name: x\n"
        "    query_file: sql/orders.sql\n    format: csv\n"
        "    destination: {type: local}\n",
        world);
    EXPECT_EQ(config.exports.at(0).query, "SELECT 1");
    EXPECT_EQ(config.exports.at(0).destination.path, "/data/shop");
}

TEST(Config, ParametersBeatTheEnvironment) {
    World world;
    world.parameters = {{"DB", "parameter.db"}, {"UNUSED", "x"}};
    world.environment = {{"DB", "environment.db"}, {"N", "77"}};
    const Config config = accepted(
        "# ${NOT_SET} in a comment\nsource: {type: sqlite, path: ${DB}}\n"
        "exports:\n  - name: x${}\n    table: orders\n    chunk_size: ${N}\n"
        "    format: csv\n    destination:\n      path: a${\n      type: local\n",
        world);
    EXPECT_EQ(config.source.path, "/data/shop/parameter.db");
    EXPECT_EQ(config.exports.at(0).name, "x");
    EXPECT_EQ(config.exports.at(0).chunking.rows, 77);
    EXPECT_EQ(config.exports.at(0).destination.path, "/data/shop/a${");
    EXPECT_THAT(
        config.warnings,
        ElementsAre("/data/shop/trueup.yaml:1:1: no ${…} in the file asks for the parameter "
                    "UNUSED"));
}

TEST(Config, WhatHasNoEffectIsSaidOnce) {
    struct Row {
        std::string_view keys;
        std::vector<std::string> want;
    };
    const Row rows[] = {
        {"    cursor_column: id\n", {"9:20: exports[0].cursor_column has no effect yet"}},
        {"    wave: 2\n    target: duckdb\n",
         {"9:11: exports[0].wave has no effect yet", "10:13: exports[0].target has no effect yet"}},
        {"    tuning: {adaptive: true}\n",
         {"9:24: exports[0].tuning.adaptive has no effect on a database file: only servers say how "
          "busy they are"}},
        {"    tuning: {adaptive: false}\n", {}},
        {"    chunk_count: 4\n    chunk_size: 5\n",
         {"10:17: exports[0].chunk_size has no effect beside chunk_count"}},
        {"    chunk_checkpoint: false\n", {"9:23: exports[0].chunk_checkpoint is always on"}},
        {"    csv: {header: true}\n", {"9:10: exports[0].csv has no effect with format: parquet"}},
        {"    compression: zstd\n    compression_profile: fast\n",
         {"9:18: exports[0].compression has no effect beside compression_profile"}},
        {"    compression: gzip\n    compression_level: 9\n",
         {"10:24: exports[0].compression_level has no effect yet for gzip in parquet files"}},
        {"    quality: {}\n    meta_columns: {exported_at: false}\n    on_schema_drift: continue\n"
         "    keyset_incremental: false\n    load: {}\n    cdc:\n",
         {}},
        {"parallel_exports: true\n", {"9:19: parallel_exports has no effect yet"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.keys);
        std::vector<std::string> want = row.want;
        for (std::string& line : want) line = fmt::format("{}:{}", kFile, line);
        EXPECT_EQ(accepted(with(row.keys)).warnings, want);
    }
}

TEST(Config, PathsAreExpandedByToken) {
    const PathTokens tokens = {"orders", "2026-01-31", "r1"};
    EXPECT_EQ(expand_path("/a/{export}/{date}/{run_id}/{table}{x}", tokens),
              "/a/orders/2026-01-31/r1/orders{x}");
    EXPECT_EQ(expand_path("{export}", {"{date}", "d", "r"}), "{date}") << "values are not expanded";
}

TEST(Config, AFileThatIsNotThereIsAConfigurationError) {
    const auto got = load_config("/nowhere/trueup.yaml", {});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().kind, ErrorClass::Config);
    EXPECT_THAT(got.error().message, HasSubstr("/nowhere/trueup.yaml:1:1: "));
}

TEST(Config, NoPasswordReachesAMessageWhereverTheUrlStands) {
    const std::string url = "postgres://reader:hunter2@db.internal/shop";
    const std::string odd = "mysql://u:hun@ter2/x:y@db/shop?password=hunter2";
    for (const std::string& secret : {url, odd}) {
        const std::string quoted = fmt::format("\"{}\"", secret);
        const std::string files[] = {
            fmt::format("source: {}\n", secret),
            fmt::format("source: {{type: {}}}\n", quoted),
            fmt::format("{}: 1\n", quoted),
            fmt::format("{0}: 1\n{0}: 2\n", quoted),
            with(fmt::format("    name2: {}\n", quoted)),
            with(fmt::format("    mode: {}\n", quoted)),
            with(fmt::format("    chunk_size: {}\n", quoted)),
            with(fmt::format("    columns: {{{}: nope}}\n", quoted)),
            with(fmt::format("    columns: {{a: {}}}\n", quoted)),
            with("", fmt::format("  url: {}\n", secret)),
            with("", fmt::format("  tuning: {}\n", quoted)),
        };
        for (const std::string& file : files) {
            SCOPED_TRACE(file);
            const auto got = parse(file);
            ASSERT_FALSE(got.has_value());
            const std::string said = got.error().message + got.error().hint;
            EXPECT_THAT(said, testing::Not(HasSubstr("hunter2")));
            EXPECT_THAT(said, testing::Not(HasSubstr("ter2")));
        }
    }
}

TEST(Config, ASecretThatStandsInTheFileIsToldOnceWithItsLine) {
    const World world{.environment = {{"PASSWORD", "hunter2"},
                                      {"URL", "postgres://reader:hunter2@localhost/shop"}}};
    const auto warnings = [&world](const std::string& keys) {
        return accepted(fmt::format("source:\n  type: postgres\n{}\nexports:\n  - {{name: orders, "
                                    "table: orders, format: csv, destination: {{type: local}}}}\n",
                                    keys),
                        world)
            .warnings;
    };
    const auto keys = [](std::string_view password) {
        return fmt::format("  host: localhost\n  user: reader\n  database: shop\n  {}", password);
    };
    const auto plain = warnings(keys("password: hunter2"));
    ASSERT_EQ(plain.size(), 1U);
    EXPECT_THAT(plain[0], HasSubstr(":6:13: source.password stands in the file"));
    EXPECT_THAT(plain[0], HasSubstr("password_env"));
    const auto in_url = warnings("  url: postgres://reader:hunter2@localhost/shop");
    ASSERT_EQ(in_url.size(), 1U);
    EXPECT_THAT(in_url[0], HasSubstr(":3:8: source.url has a password in it"));
    EXPECT_THAT(in_url[0], HasSubstr("url_env"));
    for (const auto& told : {plain[0], in_url[0]}) {
        EXPECT_THAT(told, testing::Not(HasSubstr("hunter2")));
    }
    for (const std::string& kept_out :
         {keys("password_env: PASSWORD"), keys("password: ${PASSWORD}"),
          std::string("  url_env: URL"), std::string("  url: ${URL}"),
          std::string("  url: postgres://reader:${PASSWORD}@localhost/shop"),
          std::string("  url: postgres://reader@localhost/shop")}) {
        EXPECT_THAT(warnings(kept_out), IsEmpty()) << kept_out;
    }
}

/// The position in "FILE:LINE:COLUMN: …" lies inside the text.
bool has_position_in(std::string_view message, std::string_view text) {
    if (!message.starts_with(std::string(kFile) + ":")) return false;
    int line = 0;
    int column = 0;
    const std::string rest(message.substr(std::string_view(kFile).size()));
    if (std::sscanf(rest.c_str(), ":%d:%d: ", &line, &column) != 2) return false;
    return line >= 1 && column >= 1 && line <= std::ranges::count(text, '\n') + 2;
}

TEST(ConfigProperty, AnyMutationGivesAConfigOrAPlace) {
    const std::vector<std::string> seeds = {
        with("    columns: {a: {type: int, on_value_error: null}}\n    chunk_by_key: [a, b]\n"),
        std::string(kCsv),
        with("    parquet: {row_group_rows: 5}\n", "  tuning: {profile: fast, batch_size: 5}\n"),
    };
    const bool holds = rc::check("mutated files", [&seeds] {
        std::string text = *rc::gen::elementOf(seeds);
        const int edits = *rc::gen::inRange(1, 6);
        for (int edit = 0; edit < edits; ++edit) {
            const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
            const auto size = *rc::gen::inRange<std::size_t>(0, 8);
            const auto piece = *rc::gen::elementOf(std::vector<std::string>{
                "",   "\n",  "\t", "  ",   "- ",       ": ",           "{",    "}",
                "[",  "]",   "\"", "null", "-1",       "999999999999", "${X}", "${",
                "..", "&a ", "*a", "\xFF", "{export}", "postgres",     "#"});
            text.replace(at, size, piece);
        }
        World world;
        if (*rc::gen::arbitrary<bool>()) world.parameters["X"] = "a\nb: c";
        const auto got = parse(text, world);
        if (got) {
            RC_ASSERT(!got->exports.empty());
            return;
        }
        RC_ASSERT(got.error().kind == ErrorClass::Config);
        RC_ASSERT(has_position_in(got.error().message, text));
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace trueup::extract
