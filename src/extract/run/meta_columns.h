#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "columnar/engine.h"
#include "extract/config/config.h"
#include "extract/source/source.h"

/// Columns that trueup computes and puts behind those it reads. docs/formats/meta-columns.md.
namespace trueup::extract {

inline constexpr std::string_view kExportedAtColumn = "_rivet_exported_at";
inline constexpr std::string_view kRowHashColumn = "_rivet_row_hash";
/// What the manifest calls the way in which a row hash is taken; another way has another name.
inline constexpr std::string_view kRowHashRender = "trueup.row_hash/1";

/// The meta columns of an export, settled for its relation.
struct AddedColumns {
    bool has_exported_at = false;
    bool has_row_hash = false;
    std::vector<std::size_t> hashed;  // Places among the columns of the relation, in hash order.
    UnixMicros exported_at = 0;       // When the run began: the same in all of its rows.

    bool is_empty() const { return !has_exported_at && !has_row_hash; }
};

/// Config when a column that is to be hashed does not exist, or one has the name of a meta column.
/// The time is left to be filled in.
Result<AddedColumns> added_columns(const Export& wanted, const Relation& relation);

/// The meta columns as they are described to people and manifests.
std::vector<SourceColumn> described(const AddedColumns& added);
/// Names and types of the columns of a part: those of the relation, then the meta columns.
std::vector<columnar::NamedType> part_columns(const Relation& relation, const AddedColumns& added);

/// Reads a chunk as its parts hold it: batches have the columns of part_columns().
Result<std::unique_ptr<ChunkReader>> read_rows(SourceSession& source, const ReadRequest& request,
                                               const AddedColumns& added);

}  // namespace trueup::extract
