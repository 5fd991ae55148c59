#include <fmt/format.h>

#include "base/fault.h"
#include "extract/ledger/ledger_impl.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kRunColumns =
    "run_id, export_name, prefix, plan_hash, plan_json, source_state, status, started_at, "
    "finished_at, generation, resumes, rows, bytes, parts, error";

Result<RunRecord> decode_run(const sqlite::Statement& row) {
    const RunStatus status = TRY(status_named(
        row.column_text(6),
        {RunStatus::Running, RunStatus::Done, RunStatus::Failed, RunStatus::Abandoned}, "a run"));
    return RunRecord{.run_id = text_at(row, 0),
                     .export_name = text_at(row, 1),
                     .prefix = text_at(row, 2),
                     .plan_hash = text_at(row, 3),
                     .plan_json = text_at(row, 4),
                     .source_state = text_at(row, 5),
                     .status = status,
                     .started_at = row.column_int64(7),
                     .finished_at = row.column_optional_int64(8),
                     .generation = row.column_int64(9),
                     .resumes = row.column_int64(10),
                     .rows = row.column_int64(11),
                     .bytes = row.column_int64(12),
                     .parts = row.column_int64(13),
                     .error = text_at(row, 14)};
}

Result<std::optional<RunRecord>> run_by_id(sqlite::Connection& db, std::string_view run_id) {
    return row_of<RunRecord>(db, fmt::format("SELECT {} FROM run WHERE run_id = ?", kRunColumns),
                             {run_id}, decode_run);
}

Result<std::optional<RunRecord>> unfinished(sqlite::Connection& db, std::string_view export_name,
                                            std::string_view prefix) {
    return row_of<RunRecord>(db,
                             fmt::format("SELECT {} FROM run WHERE export_name = ? AND prefix = ? "
                                         "AND status IN ('running', 'failed')",
                                         kRunColumns),
                             {export_name, prefix}, decode_run);
}

Status insert_run(sqlite::Connection& db, const RunRecord& run) {
    return db.run(
        "INSERT INTO run (run_id, export_name, prefix, plan_hash, plan_json, source_state, status, "
        "started_at, generation) VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?)",
        {run.run_id, run.export_name, run.prefix, run.plan_hash, run.plan_json, run.source_state,
         run.started_at, run.generation});
}

Status insert_chunks(sqlite::Connection& db, std::string_view run_id,
                     std::span<const NewChunk> chunks) {
    auto insert = TRY(sqlite::Statement::prepare(
        db,
        "INSERT INTO chunk (run_id, chunk_id, ordinal, kind, bounds, rows_expected, status) "
        "VALUES (?1, ?2, ?2, ?3, ?4, ?5, 'pending')"));
    std::int64_t number = 0;
    for (const NewChunk& chunk : chunks) {
        insert.reset();
        ++number;
        TRY(insert.bind({run_id, number, chunk.kind, chunk.bounds_json, chunk.rows_expected}));
        TRY(insert.finish());
    }
    return {};
}

Status put_cursor(sqlite::Connection& db, const CursorRecord& cursor) {
    return db.run(
        "INSERT INTO cursor (export_name, value, run_id, updated_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (export_name) DO UPDATE SET value = excluded.value, "
        "run_id = excluded.run_id, updated_at = excluded.updated_at",
        {cursor.export_name, cursor.value_json, cursor.run_id, cursor.updated_at});
}

Status refuse_unfinished_chunks(sqlite::Connection& db, std::string_view run_id) {
    const std::int64_t left = TRY(db.query_int64(
        "SELECT count(*) FROM chunk WHERE run_id = ? AND status <> 'done'", {run_id}));
    if (left == 0) return {};
    return fail(ErrorClass::Bug,
                fmt::format("run {} cannot be done: {} of its chunks are not", run_id, left));
}

}  // namespace

Result<RunRecord> need_run(sqlite::Connection& db, std::string_view run_id) {
    auto run = TRY(run_by_id(db, run_id));
    if (run) return *std::move(run);
    return fail(ErrorClass::Bug, fmt::format("the ledger {} has no run {}", db.path(), run_id));
}

Status refresh_run_totals(sqlite::Connection& db, std::string_view run_id) {
    return db.run(
        "UPDATE run SET (rows, bytes, parts) = (SELECT coalesce(sum(p.rows), 0), "
        "coalesce(sum(p.bytes), 0), count(*) FROM part AS p WHERE p.run_id = ?1 AND "
        "p.status = 'committed') WHERE run_id = ?1",
        {run_id});
}

Status Ledger::begin_run(const RunRecord& run, std::span<const NewChunk> chunks) {
    return impl_->write("begin run", [&](sqlite::Connection& db) -> Status {
        const auto other = TRY(unfinished(db, run.export_name, run.prefix));
        if (other) {
            return fail(ErrorClass::Failed,
                        fmt::format("run {} of {} into {} is unfinished", other->run_id,
                                    run.export_name, run.prefix),
                        "resume it, or give it up with --fresh");
        }
        TRY(insert_run(db, run));
        FAULT_POINT("ledger: run without its chunks");
        return insert_chunks(db, run.run_id, chunks);
    });
}

Result<std::optional<RunRecord>> Ledger::find_unfinished(std::string_view export_name,
                                                         std::string_view prefix) const {
    const std::scoped_lock lock(impl_->mutex);
    return unfinished(impl_->db, export_name, prefix);
}

Result<std::optional<RunRecord>> Ledger::latest_done(std::string_view export_name,
                                                     std::string_view prefix) const {
    const std::scoped_lock lock(impl_->mutex);
    return row_of<RunRecord>(
        impl_->db,
        fmt::format("SELECT {} FROM run WHERE export_name = ?1 AND ?2 IN ('', prefix) "
                    "AND status = 'done' ORDER BY started_at DESC, rowid DESC LIMIT 1",
                    kRunColumns),
        {export_name, prefix}, decode_run);
}

Result<std::optional<RunRecord>> Ledger::find_run(std::string_view run_id) const {
    const std::scoped_lock lock(impl_->mutex);
    return run_by_id(impl_->db, run_id);
}

Result<std::vector<RunRecord>> Ledger::runs(const LedgerFilter& filter) const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<RunRecord>(
        impl_->db,
        fmt::format("SELECT {} FROM run WHERE ?1 IN ('', export_name) AND ?2 IN ('', prefix) "
                    "AND ?3 IN ('', run_id) ORDER BY started_at DESC, rowid DESC LIMIT ?4",
                    kRunColumns),
        {filter.export_name, filter.prefix, filter.run_id, filter.limit}, decode_run);
}

Result<std::int64_t> Ledger::rearm(std::string_view run_id) {
    std::int64_t pending = 0;
    const auto work = [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status != RunStatus::Running && run.status != RunStatus::Failed) {
            return fail(ErrorClass::Bug, fmt::format("run {} is {} and cannot be resumed", run_id,
                                                     name_of(run.status)));
        }
        TRY(
            db.run("UPDATE run SET status = 'running', resumes = resumes + 1, error = '', "
                   "finished_at = NULL WHERE run_id = ?",
                   {run_id}));
        TRY(
            db.run("UPDATE chunk SET status = 'pending', attempts = 0 WHERE run_id = ? "
                   "AND status IN ('running', 'failed')",
                   {run_id}));
        pending = TRY(db.query_int64(
            "SELECT count(*) FROM chunk WHERE run_id = ? AND status = 'pending'", {run_id}));
        return {};
    };
    TRY(impl_->write("rearm", work));
    return pending;
}

Result<RunRecord> Ledger::finish_run(std::string_view run_id, const RunEnd& end) {
    if (end.status != RunStatus::Done && end.status != RunStatus::Failed) {
        return fail(ErrorClass::Bug, "a run ends done or failed");
    }
    RunRecord after;
    const auto work = [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status != RunStatus::Running && run.status != end.status) {
            return fail(ErrorClass::Bug, fmt::format("run {} is {} and cannot become {}", run_id,
                                                     name_of(run.status), name_of(end.status)));
        }
        if (end.status == RunStatus::Done) TRY(refuse_unfinished_chunks(db, run_id));
        TRY(db.run("UPDATE run SET status = ?, finished_at = ?, error = ? WHERE run_id = ?",
                   {name_of(end.status), end.at, end.error, run_id}));
        FAULT_POINT("ledger: run ended without its cursor");
        if (end.cursor) TRY(put_cursor(db, *end.cursor));
        after = TRY(need_run(db, run_id));
        return {};
    };
    TRY(impl_->write("finish run", work));
    return after;
}

Status Ledger::abandon_run(std::string_view run_id, UnixMicros at) {
    return impl_->write("abandon run", [&](sqlite::Connection& db) -> Status {
        const RunRecord run = TRY(need_run(db, run_id));
        if (run.status == RunStatus::Abandoned) return {};
        if (run.status == RunStatus::Done) {
            return fail(ErrorClass::Bug, fmt::format("run {} is done, not unfinished", run_id));
        }
        TRY(db.run("UPDATE run SET status = 'abandoned', finished_at = ? WHERE run_id = ?",
                   {at, run_id}));
        FAULT_POINT("ledger: run abandoned, parts not retired");
        TRY(db.run("UPDATE part SET status = 'superseded' WHERE run_id = ?", {run_id}));
        return refresh_run_totals(db, run_id);
    });
}

}  // namespace trueup::extract
