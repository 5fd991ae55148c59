#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

/// The rows of the ledger as values. JSON texts are opaque to the ledger: it stores and returns
/// them as they are. docs/formats/ledger.md says what each column means.
namespace trueup::extract {

enum class RunStatus : std::uint8_t {
    Running,    // At work, or killed at work: only the lease tells.
    Done,       // Manifest and marker are durable.
    Failed,     // Ended with an error; can be resumed.
    Abandoned,  // Given up by --fresh; never resumed, its parts are retired.
};
std::string_view name_of(RunStatus status);

struct RunRecord {
    std::string run_id;  // "orders-20261121T081500Z-3fa9", made by the caller.
    std::string export_name;
    std::string prefix;  // The destination, absolute.
    std::string plan_hash;
    std::string plan_json;
    std::string source_state;  // JSON: server version, snapshot, whatever a resume must compare.
    RunStatus status = RunStatus::Running;
    UnixMicros started_at = 0;
    std::optional<UnixMicros> finished_at;
    std::int64_t generation = 1;  // Of the manifest; each repair makes the next one.
    std::int64_t resumes = 0;
    std::int64_t rows = 0;   // Over the committed parts, kept by the ledger.
    std::int64_t bytes = 0;  // As above.
    std::int64_t parts = 0;  // As above.
    std::string error;       // Why it failed; may be empty.
};

enum class ChunkStatus : std::uint8_t { Pending, Running, Done, Failed };
std::string_view name_of(ChunkStatus status);

/// What a planner hands in; the ledger gives it id and place.
struct NewChunk {
    std::string kind;         // "range", "keyset", "physical", …
    std::string bounds_json;  // What it holds of the table.
    std::int64_t rows_expected = 0;
};

struct ChunkRecord {
    std::int64_t chunk_id = 0;  // From 1, unique in its run, never changed or used again.
    std::int64_t ordinal = 0;   // Its place in the plan; remainders share that of their origin.
    std::int64_t cut = 0;       // Its place among the remainders of one ordinal.
    std::string kind;
    std::string bounds_json;
    std::int64_t rows_expected = 0;
    ChunkStatus status = ChunkStatus::Pending;
    std::string worker;  // Who claimed it last.
    std::int64_t attempts = 0;
    std::int64_t rows = 0;   // Over its committed parts.
    std::int64_t bytes = 0;  // As above.
    std::int64_t elapsed_us = 0;
    std::string last_error;
};

enum class PartStatus : std::uint8_t { Committed, Superseded };
std::string_view name_of(PartStatus status);

struct PartRecord {
    std::string path;  // Relative to the prefix.
    std::int64_t chunk_id = 0;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string sha256;               // 64 hexadecimal digits.
    std::string column_digests_json;  // As in the manifest.
    std::string row_digest;           // 32 hexadecimal digits, or empty.
    std::int64_t value_errors = 0;
    PartStatus status = PartStatus::Committed;
    std::vector<std::string> replaced_by;  // Paths; of superseded parts only, may be empty.
    std::int64_t generation = 1;           // The manifest generation it came with.
    bool operator==(const PartRecord&) const = default;
};

/// Where an incremental export continues.
struct CursorRecord {
    std::string export_name;
    std::string value_json;
    std::string run_id;
    UnixMicros updated_at = 0;
};

/// The columns an export had when it was last accepted.
struct SchemaBaseline {
    std::string export_name;
    std::string schema_json;
    std::string run_id;
    UnixMicros updated_at = 0;
};

/// One line of the journal.
struct EventRecord {
    std::int64_t id = 0;  // Given by the ledger, rising.
    UnixMicros at = 0;
    std::string export_name;
    std::string run_id;  // Empty: belongs to no run.
    std::string kind;    // "run_started", "chunk_split", …
    std::string detail_json = "{}";
};

/// A stretch of the source that was found equal to its copy.
struct VerifiedRange {
    std::int64_t chunk_id = 0;
    std::string bounds_json;
    std::int64_t rows = 0;
};

struct VerificationRecord {
    std::int64_t id = 0;  // Given by the ledger, rising.
    UnixMicros at = 0;
    std::string export_name;
    std::string run_id;
    std::string prefix;
    std::int64_t generation = 1;
    std::string command;   // "reconcile", "validate", "repair".
    std::string evidence;  // "count", "digest", "rows", …
    std::string verdict;   // "clean", "differs", "incomplete".
    std::string summary_json = "{}";
    std::vector<VerifiedRange> ranges;
};

struct MetricRecord {
    std::string run_id;
    std::string export_name;
    UnixMicros at = 0;
    std::int64_t rows = 0;
    std::int64_t bytes = 0;       // Written.
    std::int64_t bytes_read = 0;  // From the source, where it is known.
    std::int64_t chunks = 0;
    std::int64_t parts = 0;
    std::int64_t retries = 0;
    std::int64_t workers = 0;
    std::int64_t elapsed_us = 0;
    std::int64_t longest_statement_us = 0;
    std::int64_t peak_rss_bytes = 0;
    std::string detail_json = "{}";
};

}  // namespace trueup::extract
