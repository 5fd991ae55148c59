#include <fmt/format.h>

#include "base/fault.h"
#include "extract/ledger/ledger_impl.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kChunkColumns =
    "chunk_id, ordinal, cut, kind, bounds, rows_expected, status, worker, attempts, rows, bytes, "
    "elapsed_us, last_error";

Result<ChunkRecord> decode_chunk(const sqlite::Statement& row) {
    const ChunkStatus status = TRY(status_named(
        row.column_text(6),
        {ChunkStatus::Pending, ChunkStatus::Running, ChunkStatus::Done, ChunkStatus::Failed},
        "a chunk"));
    return ChunkRecord{.chunk_id = row.column_int64(0),
                       .ordinal = row.column_int64(1),
                       .cut = row.column_int64(2),
                       .kind = text_at(row, 3),
                       .bounds_json = text_at(row, 4),
                       .rows_expected = row.column_int64(5),
                       .status = status,
                       .worker = text_at(row, 7),
                       .attempts = row.column_int64(8),
                       .rows = row.column_int64(9),
                       .bytes = row.column_int64(10),
                       .elapsed_us = row.column_int64(11),
                       .last_error = text_at(row, 12)};
}

/// The chunk, which must be at work.
Result<ChunkRecord> need_running_chunk(sqlite::Connection& db, std::string_view run_id,
                                       std::int64_t chunk_id) {
    ChunkRecord chunk = TRY(need_chunk(db, run_id, chunk_id));
    if (chunk.status == ChunkStatus::Running) return chunk;
    return fail(ErrorClass::Bug, fmt::format("chunk {} of run {} is {}, not running", chunk_id,
                                             run_id, name_of(chunk.status)));
}

/// Remainders cut off earlier lie behind the one that is cut off now.
Status insert_remainder(sqlite::Connection& db, std::string_view run_id, const ChunkRecord& origin,
                        const ChunkRecord& remainder) {
    TRY(db.run("UPDATE chunk SET cut = cut + 1 WHERE run_id = ? AND ordinal = ? AND cut > ?",
               {run_id, origin.ordinal, origin.cut}));
    return db.run(
        "INSERT INTO chunk (run_id, chunk_id, ordinal, cut, kind, bounds, rows_expected, status) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'pending')",
        {run_id, remainder.chunk_id, remainder.ordinal, remainder.cut, remainder.kind,
         remainder.bounds_json, remainder.rows_expected});
}

Status record_parts(sqlite::Connection& db, std::string_view run_id, std::int64_t chunk_id,
                    const std::vector<PartRecord>& parts) {
    for (const PartRecord& part : parts) TRY(insert_part(db, run_id, part));
    FAULT_POINT("ledger: parts without their chunk");
    const PartSums sums = sums_of(parts);
    TRY(db.run("UPDATE chunk SET rows = ?, bytes = ? WHERE run_id = ? AND chunk_id = ?",
               {sums.rows, sums.bytes, run_id, chunk_id}));
    // Added up, not summed anew: a run may have a hundred thousand chunks.
    return db.run(
        "UPDATE run SET rows = rows + ?, bytes = bytes + ?, parts = parts + ? WHERE run_id = ?",
        {sums.rows, sums.bytes, static_cast<std::int64_t>(parts.size()), run_id});
}

/// A chunk that is done may be finished again, with the parts it has.
Status expect_parts(sqlite::Connection& db, std::string_view run_id, std::int64_t chunk_id,
                    const std::vector<PartRecord>& parts) {
    if (TRY(committed_parts_of(db, run_id, chunk_id)) == parts) return {};
    return fail(
        ErrorClass::Integrity,
        fmt::format("chunk {} of run {} is done already, with other parts", chunk_id, run_id));
}

}  // namespace

Result<ChunkRecord> need_chunk(sqlite::Connection& db, std::string_view run_id,
                               std::int64_t chunk_id) {
    auto chunk = TRY(row_of<ChunkRecord>(
        db, fmt::format("SELECT {} FROM chunk WHERE run_id = ? AND chunk_id = ?", kChunkColumns),
        {run_id, chunk_id}, decode_chunk));
    if (chunk) return *std::move(chunk);
    return fail(ErrorClass::Bug,
                fmt::format("run {} has no chunk {} in the ledger", run_id, chunk_id));
}

Result<std::optional<ChunkRecord>> Ledger::claim_next(std::string_view run_id,
                                                      std::string_view worker) {
    std::optional<ChunkRecord> claimed;
    const auto work = [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status != RunStatus::Running) {
            return fail(ErrorClass::Bug,
                        fmt::format("run {} is {}, not running", run_id, name_of(run.status)));
        }
        claimed = TRY(row_of<ChunkRecord>(
            db,
            fmt::format("UPDATE chunk SET status = 'running', attempts = attempts + 1, "
                        "worker = ?2 WHERE run_id = ?1 AND chunk_id = (SELECT chunk_id FROM chunk "
                        "WHERE run_id = ?1 AND status = 'pending' ORDER BY ordinal, cut LIMIT 1) "
                        "RETURNING {}",
                        kChunkColumns),
            {run_id, worker}, decode_chunk));
        return {};
    };
    TRY(impl_->write("claim", work));
    return claimed;
}

Status Ledger::release_chunk(std::string_view run_id, std::int64_t chunk_id) {
    return impl_->write("release chunk", [&](sqlite::Connection& db) -> Status {
        const ChunkRecord chunk = TRY(need_chunk(db, run_id, chunk_id));
        if (chunk.status == ChunkStatus::Pending) return {};
        TRY(need_running_chunk(db, run_id, chunk_id));
        return db.run(
            "UPDATE chunk SET status = 'pending', attempts = attempts - 1 WHERE run_id = ? "
            "AND chunk_id = ?",
            {run_id, chunk_id});
    });
}

Status Ledger::fail_chunk(std::string_view run_id, std::int64_t chunk_id,
                          const ChunkFailure& failure) {
    return impl_->write("fail chunk", [&](sqlite::Connection& db) -> Status {
        TRY(need_running_chunk(db, run_id, chunk_id));
        const ChunkStatus next = failure.may_retry ? ChunkStatus::Pending : ChunkStatus::Failed;
        return db.run(
            "UPDATE chunk SET status = ?, last_error = ? WHERE run_id = ? AND chunk_id = ?",
            {name_of(next), failure.error, run_id, chunk_id});
    });
}

Result<ChunkRecord> Ledger::split_chunk(std::string_view run_id, std::int64_t chunk_id,
                                        const Split& split) {
    ChunkRecord remainder;
    const auto work = [&](sqlite::Connection& db) -> Status {
        const ChunkRecord origin = TRY(need_running_chunk(db, run_id, chunk_id));
        remainder = ChunkRecord{
            .chunk_id = 1 + TRY(db.query_int64("SELECT max(chunk_id) FROM chunk WHERE run_id = ?",
                                               {run_id})),
            .ordinal = origin.ordinal,
            .cut = origin.cut + 1,
            .kind = split.remainder.kind,
            .bounds_json = split.remainder.bounds_json,
            .rows_expected = split.remainder.rows_expected};
        TRY(
            db.run("UPDATE chunk SET bounds = ?, rows_expected = max(0, rows_expected - ?) "
                   "WHERE run_id = ? AND chunk_id = ?",
                   {split.kept_bounds_json, split.remainder.rows_expected, run_id, chunk_id}));
        FAULT_POINT("ledger: chunk cut without its remainder");
        return insert_remainder(db, run_id, origin, remainder);
    };
    TRY(impl_->write("split chunk", work));
    return remainder;
}

Status Ledger::finish_chunk(std::string_view run_id, std::int64_t chunk_id,
                            const ChunkResult& result) {
    return impl_->write("finish chunk", [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        const auto parts = as_recorded(result.parts, chunk_id, run.generation);
        const ChunkRecord chunk = TRY(need_chunk(db, run_id, chunk_id));
        if (chunk.status == ChunkStatus::Done) return expect_parts(db, run_id, chunk_id, parts);
        TRY(need_running_chunk(db, run_id, chunk_id));
        TRY(record_parts(db, run_id, chunk_id, parts));
        return db.run(
            "UPDATE chunk SET status = 'done', elapsed_us = ?, last_error = '' WHERE run_id = ? "
            "AND chunk_id = ?",
            {result.elapsed_us, run_id, chunk_id});
    });
}

Status Ledger::reopen_chunk(std::string_view run_id, std::int64_t chunk_id,
                            std::string_view reason) {
    return impl_->write("reopen chunk", [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status != RunStatus::Running) {
            return fail(ErrorClass::Bug,
                        fmt::format("run {} is {}, not running", run_id, name_of(run.status)));
        }
        TRY(need_chunk(db, run_id, chunk_id));
        TRY(db.run("DELETE FROM part WHERE run_id = ? AND chunk_id = ?", {run_id, chunk_id}));
        TRY(
            db.run("UPDATE chunk SET status = 'pending', rows = 0, bytes = 0, last_error = ? "
                   "WHERE run_id = ? AND chunk_id = ?",
                   {reason, run_id, chunk_id}));
        return refresh_run_totals(db, run_id);
    });
}

Result<std::vector<ChunkRecord>> Ledger::chunks(std::string_view run_id) const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<ChunkRecord>(
        impl_->db,
        fmt::format("SELECT {} FROM chunk WHERE run_id = ? ORDER BY ordinal, cut", kChunkColumns),
        {run_id}, decode_chunk);
}

}  // namespace trueup::extract
