#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// What the user asked for, read from trueup.yaml: defaults filled in, rules checked, paths
/// absolute. Plain values; nothing here knows about YAML.
namespace trueup::extract {

/// Where a value stands in the configuration file, both from 1; line 0 when it is a default.
struct Place {
    int line = 0;
    int column = 0;
};

/// Mysql: also MariaDB, which tells itself.
enum class Engine : std::uint8_t { Sqlite, DuckDb, Postgres, Mysql };
/// Whether the engine is a server, and not a file.
bool is_server(Engine engine);
enum class Environment : std::uint8_t { Local, Replica, Production };
/// Snapshot: all chunks of a run see one state of the source. Chunk: each chunk its own.
enum class Consistency : std::uint8_t { Snapshot, Chunk };
enum class Profile : std::uint8_t { Fast, Balanced, Safe };
enum class BatchOverflow : std::uint8_t { Warn, Fail, AutoShrink };

/// How hard to press, in final numbers: an export's own keys, else the source's, else the profile.
struct Tuning {
    Profile profile = Profile::Balanced;
    int workers = 1;                    // Chunks read at once; at least 1.
    int workers_min = 1;                // While the source is under strain; at most `workers`.
    bool is_adaptive = false;           // Goes down to them then.
    std::int64_t batch_rows = 0;        // Rows per batch at most; at least 1.
    std::uint64_t batch_bytes = 0;      // Batch size to aim at; 0: only batch_rows counts.
    std::uint64_t batch_bytes_max = 0;  // 0: no limit.
    BatchOverflow on_batch_overflow = BatchOverflow::Warn;
    std::int64_t throttle_ms = 0;              // Pause between batches.
    std::int64_t statement_timeout_s = 0;      // 0: none.
    std::int64_t lock_timeout_s = 0;           // 0: none.
    int retries_max = 0;                       // After the first attempt.
    std::int64_t retry_backoff_ms = 0;         // Doubled each time, at most 60 s.
    std::uint64_t memory_limit_bytes = 0;      // Of the columnar engine; at least 1.
    std::uint64_t memory_threshold_bytes = 0;  // Resident set that stops new chunks; 0: off.
    std::uint64_t value_bytes_max = 0;         // A longer single value is an error; 0: off.
};

/// How much of a server's identity has to be proven; nothing but Disable sends a byte in the clear.
enum class TlsMode : std::uint8_t { Disable, Require, VerifyCa, VerifyFull };

struct Server {
    std::string host;  // Or the folder of a Unix socket.
    int port = 0;
    std::string user;
    std::string password;  // A secret: in no message, file or manifest.
    std::string database;
    std::optional<TlsMode> tls;  // Always there when the configuration was read.
    std::string ca_file;         // Absolute; empty: the system's certificates.
};

struct Source {
    Engine engine = Engine::Sqlite;
    std::string path;               // Of a file; absolute.
    Server server;                  // Of everything else.
    bool tinyint1_is_bool = false;  // Of MySQL: a tinyint(1) holds true and false, nothing else.
    Consistency consistency = Consistency::Snapshot;
    std::optional<Environment> environment;
    Place at;
};

/// Auto: cut into chunks when the table has more than kAutoChunkRows rows.
enum class Mode : std::uint8_t { Auto, Full, Chunked };
inline constexpr std::int64_t kAutoChunkRows = 100'000;

/// What decides where chunks begin and end. Auto: find a key (primary key, unique index, physical
/// ranges). Whole: one chunk.
enum class ChunkBy : std::uint8_t { Auto, Whole, Range, Count, Days, Dense, Key };

struct Chunking {
    Mode mode = Mode::Auto;
    ChunkBy by = ChunkBy::Auto;
    /// The column of Range, Count, Days and Dense (Count and Dense: may be empty, find one); the
    /// columns of Key, in key order.
    std::vector<std::string> columns;
    std::int64_t rows = 0;    // Wanted rows per chunk; 0: not given.
    std::uint64_t bytes = 0;  // Wanted source bytes per chunk; 0: not given.
    std::int64_t count = 0;   // Of Count: number of chunks.
    std::int64_t days = 0;    // Of Days: days per chunk.
    int attempts_max = 1;     // Per chunk, first one included.
};

/// A table's name as written, its quotes removed.
struct TableName {
    std::string schema;  // May be empty.
    std::string name;
};

enum class Format : std::uint8_t { Parquet, Csv };
enum class Compression : std::uint8_t { None, Zstd, Snappy, Gzip, Lz4 };

/// How many rows of a Parquet file stand in one row group.
enum class RowGroupBy : std::uint8_t { Default, FixedRows, FixedMemory, Auto };
struct RowGroups {
    RowGroupBy by = RowGroupBy::Default;
    std::int64_t rows = 0;           // Of FixedRows.
    std::uint64_t target_bytes = 0;  // Of FixedMemory and Auto.
    std::uint64_t bytes_max = 0;     // 0: no limit.
};

struct CsvOptions {
    char delimiter = ',';
    char quote = '"';
    bool has_header = true;
    std::string null_text;  // How NULL is written; "": unquoted nothing, and "" is the empty text.
};

struct Output {
    Format format = Format::Parquet;
    Compression compression = Compression::Zstd;
    std::optional<int> compression_level;  // Zstd and Gzip; nothing: the codec's own default.
    std::uint64_t file_bytes_max = 0;      // A part is closed when it is larger; 0: no limit.
    bool skips_empty = false;              // No rows: no file, the run counts as skipped.
    RowGroups row_groups;                  // Of Parquet.
    CsvOptions csv;                        // Of Csv.
};

enum class OnValueError : std::uint8_t { Fail, Null, Text };
struct ColumnOverride {
    std::string column;
    /// Canonical DuckDB name: BIGINT, DECIMAL(18,3), TIMESTAMP WITH TIME ZONE, INTEGER[].
    std::string type;
    OnValueError on_value_error = OnValueError::Fail;
    Place at;
};

enum class DestinationType : std::uint8_t { Local, Stdout };
struct DestinationSettings {
    DestinationType type = DestinationType::Local;
    /// Absolute, with its {tokens}; see expand_path(). Empty for Stdout.
    std::string path;
    Place at;
};

/// Columns that are computed for every row and stand behind those that are read.
struct MetaColumns {
    bool has_exported_at = false;
    bool has_row_hash = false;
    std::vector<std::string> hashed;  // What the row hash covers, in this order; empty: all.

    bool operator==(const MetaColumns&) const = default;
};

/// What the rows of a copy must be like, or the run fails.
struct Quality {
    struct NullRatio {
        std::string column;
        double max = 1;  // 0 to 1.
    };
    std::optional<std::int64_t> rows_min;
    std::optional<std::int64_t> rows_max;
    std::vector<NullRatio> null_ratios;
    std::vector<std::string> unique_columns;  // Each by itself.
    std::int64_t unique_values_max = 0;       // Columns with more are not looked at; 0: all are.

    bool is_empty() const {
        return !rows_min && !rows_max && null_ratios.empty() && unique_columns.empty();
    }
};

/// When the source's columns are not those of the last run that was done.
enum class OnSchemaDrift : std::uint8_t { Warn, Continue, Fail };

/// What a part must show before it counts: its size, or its content read back.
enum class Verify : std::uint8_t { Size, Content };

struct Export {
    std::string name;  // Safe as a file name.
    /// Exactly one of the two.
    std::optional<TableName> table;
    std::optional<std::string> query;  // The text, also when it came from query_file.
    Chunking chunking;
    Tuning tuning;
    Output output;
    DestinationSettings destination;
    std::vector<ColumnOverride> columns;  // At most one per column.
    MetaColumns meta_columns;
    Quality quality;
    OnSchemaDrift on_schema_drift = OnSchemaDrift::Warn;
    Verify verify = Verify::Size;
    Place at;
};

struct Config {
    std::string file;       // As the user named it: begins every message about a Place.
    std::string directory;  // Absolute, of the file; relative paths were resolved against it.
    Source source;
    std::vector<Export> exports;        // At least one; names are unique.
    std::vector<std::string> warnings;  // Whole sentences, `FILE:LINE:COLUMN: …`.
};

/// `--param KEY=VALUE`, for ${KEY} in the file.
using Parameters = std::map<std::string, std::string>;

/// What parse_config() may ask of the world.
struct Surroundings {
    /// The value of an environment variable, or nothing.
    std::function<std::optional<std::string>(const std::string& name)> environment;
    /// The text of a file (query_file), by absolute path.
    std::function<Result<std::string>(const std::string& path)> read_file;
    int cores = 1;  // For the default of tuning.parallel.
};

/// The process environment, the disk, the number of cores.
Surroundings real_surroundings();

/// Reads and checks the file at `path`. Errors have class Config and start with
/// `FILE:LINE:COLUMN: `; no password of a connection URL is in them, and `${NAME}` stands
/// for its value.
/// A file that cannot be read is an error of class Config too.
Result<Config> load_config(const std::string& path, const Parameters& parameters);

/// The same for a text; `file` is what messages call it and where relative paths start.
Result<Config> parse_config(std::string_view text, const std::string& file,
                            const Parameters& parameters, const Surroundings& surroundings);

/// The export named `name`, or null.
const Export* find_export(const Config& config, std::string_view name);

/// "trueup.yaml:7:3", to begin a message about something in the configuration.
std::string at_text(const Config& config, Place place);

/// What a path's tokens stand for: {export} and {table} the export's name, {date} the UTC day of
/// the run (2026-01-31), {run_id} the run.
struct PathTokens {
    std::string export_name;
    std::string date;
    std::string run_id;
};
/// `path` with its tokens replaced; braces that are no token stay.
std::string expand_path(std::string_view path, const PathTokens& tokens);

/// Names as the configuration spells them.
std::string_view name_of(Engine engine);
/// "disable", "require", "verify-ca", "verify-full".
std::string_view name_of(TlsMode mode);
std::string_view name_of(Consistency consistency);
std::string_view name_of(Profile profile);
std::string_view name_of(ChunkBy by);
std::string_view name_of(Format format);
std::string_view name_of(Compression compression);
std::string_view name_of(OnValueError choice);

}  // namespace trueup::extract
