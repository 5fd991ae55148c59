#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trueup::extract {

/// The largest manifest that is read.
inline constexpr std::uint64_t kManifestBytesMax = std::uint64_t{64} << 20;

/// Where the rows came from, without secrets.
struct SourceIdentity {
    std::string engine;  // "postgres", "sqlite", …
    std::string server_version;
    std::string database;     // Server and database, or the file.
    std::string relation;     // Table, or the name of the export when `query` is set.
    std::string query;        // Empty for a table.
    std::string snapshot_id;  // Empty when the engine has none.
    std::string consistency;  // "snapshot", "chunk" or "none".
    bool operator==(const SourceIdentity&) const = default;
};

struct ManifestColumn {
    std::string name;
    std::string source_type;
    std::string type;  // DuckDB's name.
    bool is_nullable = true;
    std::string fidelity;  // "exact", "text", …
    bool operator==(const ManifestColumn&) const = default;
};

/// How the parts are written: "parquet" or "csv", and the options by name.
struct ManifestFormat {
    std::string kind;
    std::vector<std::pair<std::string, std::string>> options;
    bool operator==(const ManifestFormat&) const = default;
};

struct ColumnDigest {
    std::string column;
    std::string digest;  // 16 hexadecimal digits.
    std::int64_t nulls = 0;
    bool operator==(const ColumnDigest&) const = default;
};

struct ManifestPart {
    std::string path;  // Relative to the prefix, with "/".
    std::int64_t chunk_id = 0;
    std::string chunk_kind;
    std::string bounds_json = "{}";  // Any JSON value.
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string sha256;                        // 64 hexadecimal digits.
    std::vector<ColumnDigest> column_digests;  // One per column in schema order, or none.
    std::string row_digest;                    // 32 hexadecimal digits, or empty.
    std::int64_t value_errors = 0;
    std::int64_t generation = 1;           // The manifest generation it came with.
    bool is_committed = true;              // Otherwise superseded.
    std::vector<std::string> replaced_by;  // Paths; of superseded parts only, may be empty.
    bool operator==(const ManifestPart&) const = default;
};

/// What a column of row hashes was computed from, so that anyone can do it again.
struct RowHashContract {
    std::string column;                // Its name.
    std::vector<std::string> covered;  // Columns, in the order in which they entered the hash.
    std::string render;                // How: the name of a page of ours, with its version.
    bool operator==(const RowHashContract&) const = default;
};

struct ManifestTotals {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::int64_t parts = 0;
    bool operator==(const ManifestTotals&) const = default;
};

/// `trueup.manifest/1`: what an export is. docs/formats/manifest.md.
struct Manifest {
    std::string export_name;
    std::string run_id;
    std::int64_t generation = 1;
    std::string written_at;  // RFC 3339, UTC.
    std::string writer;      // "trueup 0.1.0 (DuckDB v1.4.5)".
    std::string plan_hash;
    SourceIdentity source;
    std::vector<ManifestColumn> columns;
    ManifestFormat format;
    std::optional<RowHashContract> row_hash;  // Nothing without such a column.
    std::vector<std::string> chunk_keys;
    std::vector<ManifestPart> parts;

    /// Over the committed parts.
    ManifestTotals totals() const;
    bool operator==(const Manifest&) const = default;
};

/// The document as it stands in a file, ending in a line feed. The same manifest gives the same
/// bytes.
std::string to_json(const Manifest& manifest);

/// Reads a document from anywhere: every field is checked, totals must be the sums of the parts,
/// paths stay under the prefix. Unknown fields are passed over. Errors are Integrity and start with
/// `what`, which names the file.
Result<Manifest> parse_manifest(std::string_view text, std::string_view what);

/// The rules parse_manifest() applies, for one that is about to be written.
Status check_manifest(const Manifest& manifest, std::string_view what);

}  // namespace trueup::extract
