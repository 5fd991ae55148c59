#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/batch.h"
#include "columnar/engine.h"
#include "extract/config/config.h"
#include "extract/source/key.h"
#include "extract/source/load.h"
#include "extract/source/observation.h"
#include "extract/source/pressure.h"

/// What the rest of extract may ask of a database. One file per engine answers.
namespace trueup::extract {

/// How much of a source type survives in the part. Below Exact, `check` lists the column and
/// `--strict` refuses it.
enum class Fidelity : std::uint8_t {
    Exact,       // Every value, and its type.
    Compatible,  // Every value; its spelling or a type nuance is lost.
    Text,        // Every value, as text.
};
std::string_view name_of(Fidelity fidelity);

struct SourceColumn {
    std::string name;
    std::string source_type;  // As declared, for people.
    columnar::Type type;
    bool is_nullable = true;
    Fidelity fidelity = Fidelity::Exact;
    OnValueError on_value_error = OnValueError::Fail;
    std::string note;  // Why it is typed so, when the declaration does not say.
};

/// Columns that rows can be ordered and cut by.
struct ChunkKey {
    std::vector<std::string> columns;  // Empty: the physical position (rowid).
    bool is_physical = false;
    bool is_primary = false;
    bool is_unique = false;
    bool may_be_null = false;  // Rows with a NULL in the key are a chunk of their own.
    bool is_ordered = false;   // An index yields rows in key order: a read may stop at any key.
    /// Any text, or any bytes, compares with the values of the first column. Else a text that was
    /// not read from there (half a date) may be none to the source, and is never asked about.
    bool takes_any_text = true;
    std::vector<std::string> types;  // Source types of the columns.
    /// How texts of each column compare, in the source's words. It decides where a chunk ends.
    std::vector<std::string> collations;
    bool has_explicit_order =
        false;  // Statements name the collations: the columns do not fix them.
    bool operator==(const ChunkKey&) const = default;
};
/// "id", "(order_id, line_no)", "rowid".
std::string text_of(const ChunkKey& key);

/// A table or query, as the source describes it.
struct Relation {
    std::string name;       // For people and manifests: "orders", "query".
    std::string from_sql;   // What stands behind FROM, quoted.
    bool is_table = false;  // Neither a view nor a query.
    std::vector<SourceColumn> columns;
    std::vector<ChunkKey> keys;  // Best first: primary key, unique indexes, physical.
    std::optional<std::int64_t> rows_estimate;        // From statistics, never from a full count.
    std::optional<std::uint64_t> row_bytes_estimate;  // Average, of source data.
    /// Why no snapshot holds its rows, as a sentence that names it; empty when one does.
    std::string no_snapshot;
};

/// What statistics say about the first column of a key: the share of all rows with a key, from 0 to
/// 1, that lies below a value.
struct Quantile {
    KeyValue value;
    double share_below = 0;
};

/// Names and types of the columns as parts have them.
std::vector<columnar::NamedType> part_columns(const Relation& relation);

/// Reads one chunk. Errors name table, column and key; values that did not fit a column with
/// `on_value_error: null` are counted.
class ChunkReader : public columnar::BatchSource {
  public:
    /// True when no row is left. May read ahead.
    virtual Result<bool> is_at_end() = 0;
    /// The first key that was not read, when the read stopped at its row limit; nothing when the
    /// chunk was read to its end.
    virtual std::optional<Key> stopped_at() const = 0;
    virtual std::int64_t values_nulled() const = 0;
};

struct ReadRequest {
    const Relation* relation = nullptr;  // Outlives the reader.
    const ChunkKey* key = nullptr;       // Null: the whole relation, in one read.
    Bounds bounds;
    /// Stop at the first new key once this many rows were read; 0: never. Only for ordered keys.
    std::int64_t rows_soft_max = 0;
    std::uint64_t value_bytes_max = 0;  // A longer single value is an error; 0: no limit.
};

/// A table or view that an export may name.
struct TableListing {
    TableName name;  // Without a schema when that is the one names are looked up in anyway.
    bool is_view = false;
    std::string schema;  // The one it stands in, whether the name says so or not.
};

/// One connection: used by one worker at a time. Readers must end before the session does.
class SourceSession {
  public:
    virtual ~SourceSession() = default;

    /// The tables and views people made, sorted by schema and name; not those of the engine.
    virtual Result<std::vector<TableListing>> list_tables() = 0;
    /// Config when there is no such table, column or view, with near matches.
    virtual Result<Relation> describe(const Export& wanted) = 0;
    /// What the source knows of these columns as a key. Config when one does not exist. `columns`
    /// may be the source's word for the physical position ("rowid").
    virtual Result<ChunkKey> key_of(const Relation& relation,
                                    const std::vector<std::string>& columns) = 0;
    virtual Result<bool> has_null_keys(const Relation& relation, const ChunkKey& key) = 0;
    /// The smallest key (`from`: not smaller than that one) and the largest; nothing when there are
    /// no rows with a key. One index probe each when the key is ordered.
    virtual Result<std::optional<Key>> first_key(const Relation& relation, const ChunkKey& key,
                                                 const std::optional<Key>& from) = 0;
    virtual Result<std::optional<Key>> last_key(const Relation& relation, const ChunkKey& key) = 0;
    /// Walks the keys in order, NULL keys left out, from `from` (inclusive; nothing: the first),
    /// and returns every `every`-th key passed (the first one returned is the `every`-th after the
    /// start), at most `keys_max` of them.
    struct Walk {
        std::optional<Key> from;
        std::int64_t every = 1;
        std::int64_t keys_max = 1;
    };
    virtual Result<std::vector<Key>> walk_keys(const Relation& relation, const ChunkKey& key,
                                               const Walk& walk) = 0;
    /// From statistics that are not known to be old, in key order; none when there are none. May be
    /// wrong in every respect.
    virtual Result<std::vector<Quantile>> quantiles(const Relation& /*relation*/,
                                                    const ChunkKey& /*key*/) {
        return std::vector<Quantile>();
    }
    /// True when `left` sorts before `right` in the source's own order for this key.
    virtual Result<bool> sorts_before(const Relation& relation, const ChunkKey& key,
                                      const Key& left, const Key& right) = 0;
    /// COUNT(*) of a chunk; a null key: of the relation.
    virtual Result<std::int64_t> count(const Relation& relation, const ChunkKey* key,
                                       const Bounds& bounds) = 0;
    virtual Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& request) = 0;
    /// Whether all of a described relation may be read, and what is missing. Reads no row.
    virtual Result<Observations> examine(const Relation& relation) = 0;
    /// True once the state it saw is lost for good: nothing that is asked of it can succeed again.
    virtual bool is_gone() const { return false; }

    /// What this session asked of its source. Not while a reader is in use.
    const SourceLoad& load() const { return load_; }

  protected:
    SourceLoad load_;
};

/// What a run is going to ask of a database.
struct SourceNeeds {
    int sessions = 1;
    Consistency consistency = Consistency::Snapshot;
    bool is_governed = false;  // Somebody watches the pressure meanwhile.
};

struct DatabaseIdentity {
    std::string engine;    // "sqlite"
    std::string version;   // Of the library or server.
    std::string database;  // Path or name.
};

class SourceDatabase {
  public:
    virtual ~SourceDatabase() = default;
    virtual const DatabaseIdentity& identity() const = 0;
    /// `count` connections; under Consistency::Snapshot all of them see one state, or Retryable
    /// when writers left no gap to take it in. Fewer, at least one, where the server grants no
    /// more: warnings() says why.
    virtual Result<std::vector<std::unique_ptr<SourceSession>>> open_sessions(
        int count, Consistency consistency) = 0;
    /// What the sessions that were opened last could not be given, as whole sentences.
    virtual std::vector<std::string> warnings() const { return {}; }
    /// Where the pressure on the source can be read while `sessions` of ours work on it; null for
    /// an engine that knows none. Retryable when its connection would be the last one to be had.
    virtual Result<std::unique_ptr<PressureGauge>> open_gauge(int /*sessions*/) {
        return std::unique_ptr<PressureGauge>();
    }
    /// A text that differs after any committed change of the data, as far as can be told without
    /// reading them; nothing when it cannot be told (a change may just have happened).
    virtual Result<std::optional<std::string>> state() = 0;
    /// How it is reached, and what about it may stand in a run's way. Only looks.
    virtual Result<Observations> examine(const SourceNeeds& needs) = 0;
};

/// How long the source may be kept busy by one statement; 0: as long as it takes. Servers only.
struct StatementLimits {
    std::chrono::seconds run{0};
    std::chrono::seconds wait_for_lock{0};
};
StatementLimits limits_of(const Tuning& tuning);

/// Whether somebody watches how hard the source is pressed while the export is read.
bool is_governed(const Tuning& tuning);

/// Opens the database that the configuration names. Failed when it is missing or no such database;
/// Retryable when a server does not answer.
Result<std::unique_ptr<SourceDatabase>> open_database(const Source& source,
                                                      const StatementLimits& limits = {});

}  // namespace trueup::extract
