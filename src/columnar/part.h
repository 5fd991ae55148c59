#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/engine.h"

namespace trueup::columnar {

enum class Format : std::uint8_t { Parquet, Csv };

struct CsvOptions {
    char delimiter = ',';
    char quote = '"';
    std::string null_text;  // Empty: NULL is an empty field, an empty text is written "".
    bool has_header = true;

    bool operator==(const CsvOptions&) const = default;
};

struct PartFormat {
    Format format = Format::Parquet;
    std::string compression = "zstd";  // Parquet: zstd snappy gzip lz4 none. CSV: none gzip zstd.
    std::optional<int> level;          // zstd and gzip in Parquet only.
    std::int64_t row_group_rows = 122'880;  // At most, as row_group_bytes allows.
    /// A group ends once its rows take this much memory: what a writer needs, whatever the table.
    /// 0: by rows alone.
    std::uint64_t row_group_bytes = 0;
    CsvOptions csv;
};

/// "parquet", "csv", "csv.gz", "csv.zst".
std::string extension_of(const PartFormat& format);

/// A file to be made.
struct NewPart {
    std::string path;
    std::map<std::string, std::string> metadata;  // For a Parquet footer; CSV has no place for it.
};

/// Writes all rows of `source` to the new file. One may stay behind after an error; the caller
/// removes it.
Status write_part(Session& session, BatchSource& source, const std::vector<NamedType>& columns,
                  const PartFormat& format, const NewPart& part);

/// Rows the footer of a Parquet file declares; for CSV, which has none, rows counted by reading.
/// Integrity when the file is not a whole file of its format.
Result<std::int64_t> part_rows(Session& session, const std::vector<NamedType>& columns,
                               const PartFormat& format, const std::string& path);

/// Reads a part back with the types it was written from. Integrity when the file cannot be decoded
/// or has other columns.
Result<std::unique_ptr<RowStream>> read_part(Session& session,
                                             const std::vector<NamedType>& columns,
                                             const PartFormat& format, const std::string& path);

/// The same for one of the columns, the one at that place.
Result<std::unique_ptr<RowStream>> read_part_column(Session& session,
                                                    const std::vector<NamedType>& columns,
                                                    const PartFormat& format,
                                                    const std::string& path, std::size_t column);

/// The key-value metadata of a Parquet file.
Result<std::map<std::string, std::string>> part_metadata(Session& session, const std::string& path);

/// `read_parquet('…')` or `read_csv('…', …)`: the FROM clause that reads the part by its names and
/// types, for a person or for a join.
std::string part_relation(const std::vector<NamedType>& columns, const PartFormat& format,
                          const std::string& path);

}  // namespace trueup::columnar
