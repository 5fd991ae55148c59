#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "extract/ledger/ledger_impl.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kPartColumns =
    "p.path, p.chunk_id, p.rows, p.bytes, p.sha256, p.column_digests, p.row_digest, "
    "p.value_errors, p.status, p.replaced_by, p.generation";

std::string paths_to_json(const std::vector<std::string>& paths) {
    return json::write(json::Value(paths));
}

Result<std::vector<std::string>> paths_from_json(std::string_view text) {
    const json::Value value = TRY(json::parse(text, "replaced_by in the ledger"));
    std::vector<std::string> paths;
    for (const json::Value& item : value) {
        if (!value.is_array() || !item.is_string()) {
            return fail(ErrorClass::Integrity,
                        fmt::format("the ledger holds {} where paths belong", text));
        }
        paths.push_back(item.get<std::string>());
    }
    return paths;
}

Result<PartRecord> decode_part(const sqlite::Statement& row) {
    const PartStatus status = TRY(status_named(
        row.column_text(8), {PartStatus::Committed, PartStatus::Superseded}, "a part"));
    auto replaced_by = TRY(paths_from_json(row.column_text(9)));
    return PartRecord{.path = text_at(row, 0),
                      .chunk_id = row.column_int64(1),
                      .rows = row.column_int64(2),
                      .bytes = row.column_int64(3),
                      .sha256 = text_at(row, 4),
                      .column_digests_json = text_at(row, 5),
                      .row_digest = text_at(row, 6),
                      .value_errors = row.column_int64(7),
                      .status = status,
                      .replaced_by = std::move(replaced_by),
                      .generation = row.column_int64(10)};
}

/// True when exactly these parts stand for every one of the chunks.
Result<bool> are_recorded(sqlite::Connection& db, std::string_view run_id,
                          std::span<const ChunkReplacement> replacements, std::int64_t generation) {
    for (const ChunkReplacement& replacement : replacements) {
        const auto want = as_recorded(replacement.parts, replacement.chunk_id, generation);
        if (TRY(committed_parts_of(db, run_id, replacement.chunk_id)) != want) return false;
    }
    return true;
}

Status replace_chunk(sqlite::Connection& db, std::string_view run_id,
                     const ChunkReplacement& replacement, std::int64_t generation) {
    const ChunkRecord chunk = TRY(need_chunk(db, run_id, replacement.chunk_id));
    if (chunk.status != ChunkStatus::Done) {
        return fail(ErrorClass::Bug,
                    fmt::format("chunk {} of run {} is {}, so it has no parts to replace",
                                chunk.chunk_id, run_id, name_of(chunk.status)));
    }
    const auto parts = as_recorded(replacement.parts, replacement.chunk_id, generation);
    std::vector<std::string> paths;
    paths.reserve(parts.size());
    for (const PartRecord& part : parts) paths.push_back(part.path);
    TRY(
        db.run("UPDATE part SET status = 'superseded', replaced_by = ? WHERE run_id = ? "
               "AND chunk_id = ? AND status = 'committed'",
               {paths_to_json(paths), run_id, chunk.chunk_id}));
    FAULT_POINT("ledger: parts superseded without successors");
    for (const PartRecord& part : parts) TRY(insert_part(db, run_id, part));
    const PartSums sums = sums_of(parts);
    return db.run("UPDATE chunk SET rows = ?, bytes = ? WHERE run_id = ? AND chunk_id = ?",
                  {sums.rows, sums.bytes, run_id, chunk.chunk_id});
}

Status replace_chunks(sqlite::Connection& db, std::string_view run_id,
                      std::span<const ChunkReplacement> replacements, std::int64_t generation) {
    for (const ChunkReplacement& replacement : replacements) {
        TRY(replace_chunk(db, run_id, replacement, generation));
    }
    TRY(db.run("UPDATE run SET generation = ? WHERE run_id = ?", {generation, run_id}));
    return refresh_run_totals(db, run_id);
}

}  // namespace

PartSums sums_of(const std::vector<PartRecord>& parts) {
    PartSums sums;
    for (const PartRecord& part : parts) {
        sums.rows += part.rows;
        sums.bytes += part.bytes;
    }
    return sums;
}

std::vector<PartRecord> as_recorded(std::vector<PartRecord> parts, std::int64_t chunk_id,
                                    std::int64_t generation) {
    for (PartRecord& part : parts) {
        part.chunk_id = chunk_id;
        part.status = PartStatus::Committed;
        part.replaced_by.clear();
        part.generation = generation;
    }
    std::ranges::sort(parts, {}, &PartRecord::path);
    return parts;
}

Status insert_part(sqlite::Connection& db, std::string_view run_id, const PartRecord& part) {
    return db.run(
        "INSERT INTO part (run_id, path, chunk_id, rows, bytes, sha256, column_digests, "
        "row_digest, value_errors, status, generation) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'committed', ?)",
        {run_id, part.path, part.chunk_id, part.rows, part.bytes, part.sha256,
         part.column_digests_json, part.row_digest, part.value_errors, part.generation});
}

Result<std::vector<PartRecord>> committed_parts_of(sqlite::Connection& db, std::string_view run_id,
                                                   std::int64_t chunk_id) {
    return rows_of<PartRecord>(
        db,
        fmt::format("SELECT {} FROM part AS p WHERE p.run_id = ? AND p.chunk_id = ? "
                    "AND p.status = 'committed' ORDER BY p.path",
                    kPartColumns),
        {run_id, chunk_id}, decode_part);
}

Result<std::vector<PartRecord>> Ledger::parts(std::string_view run_id) const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<PartRecord>(impl_->db,
                               fmt::format("SELECT {} FROM part AS p JOIN chunk AS c "
                                           "USING (run_id, chunk_id) WHERE p.run_id = ? "
                                           "ORDER BY c.ordinal, c.cut, p.path",
                                           kPartColumns),
                               {run_id}, decode_part);
}

Status Ledger::supersede(std::string_view run_id, std::span<const ChunkReplacement> replacements,
                         std::int64_t generation) {
    return impl_->write("supersede", [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status != RunStatus::Done) {
            return fail(ErrorClass::Bug, fmt::format("run {} is {}, so nothing can be repaired",
                                                     run_id, name_of(run.status)));
        }
        if (run.generation == generation &&
            TRY(are_recorded(db, run_id, replacements, generation))) {
            return {};
        }
        if (run.generation + 1 != generation) {
            return fail(ErrorClass::Integrity,
                        fmt::format("run {} is at generation {} in the ledger, so it cannot be "
                                    "brought to {}",
                                    run_id, run.generation, generation),
                        "it was repaired meanwhile; reconcile again");
        }
        return replace_chunks(db, run_id, replacements, generation);
    });
}

}  // namespace trueup::extract
