#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop_reason.h"
#include "columnar/part.h"
#include "core/digest.h"
#include "core/progress.h"
#include "extract/destination/destination.h"
#include "extract/ledger/records.h"
#include "extract/run/job.h"
#include "extract/run/meta_columns.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// What every chunk of a run has in common.
struct ChunkWriting {
    const Relation* relation = nullptr;
    const ChunkKey* key = nullptr;  // Null: the relation is one chunk.
    AddedColumns added;
    const Tuning* tuning = nullptr;
    columnar::PartFormat format;
    std::uint64_t file_bytes_max = 0;  // 0: one part per chunk.
    bool verifies_content = false;     // Read each part back and compare digests.
    std::string run_id;
    std::string plan_hash;
    core::Progress* progress = nullptr;
    const StopReason* stop = nullptr;  // Looked at before each batch.
};
/// What the job says about it; the run is left to be filled in.
ChunkWriting chunk_writing(const JobContext& job, const Relation& relation,
                           const AddedColumns& added, const std::optional<ChunkKey>& key);

/// One chunk to be written.
struct ChunkTask {
    std::int64_t chunk_id = 0;
    std::string kind;
    Bounds bounds;
    std::int64_t rows_soft_max = 0;  // As in ReadRequest.
    std::int64_t generation = 1;     // From 2 on (a repair) it is part of the file names.
    bool keeps_empty = false;        // A chunk without rows makes a part without rows.
};

struct WrittenChunk {
    std::vector<PartRecord> parts;  // Durable and visible under their final names.
    std::optional<Key> stopped_at;  // The chunk ends here; the rest was not read.
    std::int64_t rows = 0;
    std::int64_t values_nulled = 0;
};

/// Reads the chunk and makes its parts: written under a temporary name, verified (rows of the
/// footer, and digests when asked for), synced, renamed. After an error nothing of the chunk is
/// visible that the ledger could claim: a part already renamed is replaced when the chunk is done
/// again.
Result<WrittenChunk> write_chunk(SourceSession& source, columnar::Session& engine,
                                 const Destination& destination, const ChunkWriting& writing,
                                 const ChunkTask& task);

/// "orders-20261121T081500Z-3fa9-000012.parquet", "…-000012-2.parquet", "…-000012-g3.parquet".
struct PartNumber {
    std::int64_t chunk_id = 0;
    std::int64_t number = 1;  // Of the part in its chunk, from 1.
    std::int64_t generation = 1;
};
std::string part_name(const std::string& run_id, const PartNumber& number,
                      const columnar::PartFormat& format);

/// Rows and digests of a part, computed from its file alone.
Result<core::Digest> digest_part(columnar::Session& engine,
                                 const std::vector<columnar::NamedType>& columns,
                                 const columnar::PartFormat& format, const std::string& path);

/// [{"column":…,"digest":…,"nulls":…}] as ledger and manifest hold it, and back (Integrity).
std::string column_digests_json(const std::vector<columnar::NamedType>& columns,
                                const core::Digest& digest);

}  // namespace trueup::extract
