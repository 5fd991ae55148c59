#include "extract/run/run_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "json/json.h"

namespace trueup::extract {
namespace {

Result<std::vector<ColumnDigest>> column_digests(const PartRecord& part) {
    const std::string what = fmt::format("the part {} in the ledger", part.path);
    const json::Value listed = TRY(json::parse(part.column_digests_json, what));
    std::vector<ColumnDigest> digests;
    for (const json::Value& digest : listed) {
        const std::string column = TRY(json::string_at(digest, "column", what));
        const std::string hex = TRY(json::string_at(digest, "digest", what));
        const std::int64_t nulls = TRY(json::int64_at(digest, "nulls", what));
        digests.push_back({column, hex, nulls});
    }
    return digests;
}

Result<ManifestPart> manifest_part(const PartRecord& part, const ChunkRecord& chunk) {
    ManifestPart described{.path = part.path,
                           .chunk_id = part.chunk_id,
                           .chunk_kind = chunk.kind,
                           .bounds_json = chunk.bounds_json,
                           .rows = part.rows,
                           .bytes = part.bytes,
                           .sha256 = part.sha256,
                           .row_digest = part.row_digest,
                           .value_errors = part.value_errors,
                           .generation = part.generation,
                           .is_committed = part.status == PartStatus::Committed,
                           .replaced_by = part.replaced_by};
    described.column_digests = TRY(column_digests(part));
    return described;
}

std::optional<RowHashContract> row_hash_contract(const Relation& relation,
                                                 const AddedColumns& added) {
    if (!added.has_row_hash) return std::nullopt;
    RowHashContract contract{std::string(kRowHashColumn), {}, std::string(kRowHashRender)};
    for (const std::size_t place : added.hashed) {
        contract.covered.push_back(relation.columns.at(place).name);
    }
    return contract;
}

}  // namespace

Result<std::vector<ManifestPart>> manifest_parts(const std::vector<PartRecord>& parts,
                                                 const std::vector<ChunkRecord>& chunks) {
    std::vector<ManifestPart> listed;
    listed.reserve(parts.size());
    for (const PartRecord& part : parts) {
        const auto chunk = std::ranges::find(chunks, part.chunk_id, &ChunkRecord::chunk_id);
        if (chunk == chunks.end()) {
            return fail(ErrorClass::Integrity,
                        fmt::format("the ledger has the part {} of chunk {}, but no such chunk",
                                    part.path, part.chunk_id));
        }
        ManifestPart described = TRY(manifest_part(part, *chunk));
        listed.push_back(std::move(described));
    }
    return listed;
}

SourceIdentity source_identity(const Export& wanted, const DatabaseIdentity& database,
                               const Relation& relation) {
    return {.engine = database.engine,
            .server_version = database.version,
            .database = database.database,
            .relation = relation.name,
            .query = wanted.query.value_or("")};
}

std::string consistency_name(const Relation& relation, Consistency consistency) {
    return relation.no_snapshot.empty() ? std::string(name_of(consistency)) : "none";
}

Result<Manifest> manifest_of_run(const JobContext& job, const Ledger& ledger, const RunRecord& run,
                                 const ManifestOrigin& origin) {
    const auto parts = TRY(ledger.parts(run.run_id));
    const auto chunks = TRY(ledger.chunks(run.run_id));
    Manifest manifest;
    manifest.export_name = run.export_name;
    manifest.run_id = run.run_id;
    manifest.generation = run.generation;
    manifest.written_at = rfc3339(job.clock->now());
    manifest.writer = fmt::format("trueup (DuckDB {})", columnar::Engine::version());
    manifest.plan_hash = run.plan_hash;
    manifest.source = origin.source;
    manifest.columns = manifest_columns(*origin.relation, *origin.added);
    manifest.format = manifest_format(part_format(*job.wanted));
    manifest.row_hash = row_hash_contract(*origin.relation, *origin.added);
    manifest.chunk_keys = origin.chunk_keys;
    manifest.parts = TRY(manifest_parts(parts, chunks));
    return manifest;
}

}  // namespace trueup::extract
