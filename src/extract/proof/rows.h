#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/part.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// The rows in which a chunk and its parts differ.
struct RowDifferences {
    std::int64_t missing = 0;        // In the source only.
    std::int64_t extra = 0;          // In the copy only.
    std::int64_t changed = 0;        // The same key, other values.
    std::vector<std::string> first;  // As JSON, the first kFirstRows.
};
inline constexpr std::size_t kFirstRows = 20;

struct RowComparison {
    columnar::Engine* engine = nullptr;
    SourceSession* source = nullptr;
    ReadRequest request;
    std::int64_t chunk_id = 0;
    columnar::PartFormat format;
    std::vector<columnar::NamedType> part_columns;  // Those of the relation, and meta columns.
    std::vector<std::string> parts;  // Paths; those that cannot be read count as having no row.
    /// Columns that name a row; empty: rows are compared as a whole, and none is `changed`.
    std::vector<std::string> key;
};

/// Takes one difference as JSON on one line, without the line feed.
using RowSink = std::function<Status(std::string_view line)>;

/// Rows of the chunk, without meta columns, as the source has them now against those of the parts,
/// in key order. Both sides are held by the columnar engine, which spills to disk.
Result<RowDifferences> compare_rows(const RowComparison& comparison, const RowSink& sink);

}  // namespace trueup::extract
