#include "extract/ledger/ledger_impl.h"

namespace trueup::extract {
namespace {

Result<EventRecord> decode_event(const sqlite::Statement& row) {
    return EventRecord{.id = row.column_int64(0),
                       .at = row.column_int64(1),
                       .export_name = text_at(row, 2),
                       .run_id = text_at(row, 3),
                       .kind = text_at(row, 4),
                       .detail_json = text_at(row, 5)};
}

Result<VerificationRecord> decode_verification(const sqlite::Statement& row) {
    return VerificationRecord{.id = row.column_int64(0),
                              .at = row.column_int64(1),
                              .export_name = text_at(row, 2),
                              .run_id = text_at(row, 3),
                              .prefix = text_at(row, 4),
                              .generation = row.column_int64(5),
                              .command = text_at(row, 6),
                              .evidence = text_at(row, 7),
                              .verdict = text_at(row, 8),
                              .summary_json = text_at(row, 9),
                              .ranges = {}};
}

Result<VerifiedRange> decode_range(const sqlite::Statement& row) {
    return VerifiedRange{.chunk_id = row.column_int64(0),
                         .bounds_json = text_at(row, 1),
                         .rows = row.column_int64(2)};
}

Result<MetricRecord> decode_metric(const sqlite::Statement& row) {
    return MetricRecord{.run_id = text_at(row, 0),
                        .export_name = text_at(row, 1),
                        .at = row.column_int64(2),
                        .rows = row.column_int64(3),
                        .bytes = row.column_int64(4),
                        .bytes_read = row.column_int64(5),
                        .chunks = row.column_int64(6),
                        .parts = row.column_int64(7),
                        .retries = row.column_int64(8),
                        .workers = row.column_int64(9),
                        .elapsed_us = row.column_int64(10),
                        .longest_statement_us = row.column_int64(11),
                        .peak_rss_bytes = row.column_int64(12),
                        .detail_json = text_at(row, 13)};
}

Result<CursorRecord> decode_cursor(const sqlite::Statement& row) {
    return CursorRecord{.export_name = text_at(row, 0),
                        .value_json = text_at(row, 1),
                        .run_id = text_at(row, 2),
                        .updated_at = row.column_int64(3)};
}

Result<SchemaBaseline> decode_baseline(const sqlite::Statement& row) {
    return SchemaBaseline{.export_name = text_at(row, 0),
                          .schema_json = text_at(row, 1),
                          .run_id = text_at(row, 2),
                          .updated_at = row.column_int64(3)};
}

Status record_ranges(sqlite::Connection& db, std::int64_t verification_id,
                     const std::vector<VerifiedRange>& ranges) {
    auto insert = TRY(sqlite::Statement::prepare(
        db,
        "INSERT INTO verified_range (verification_id, position, chunk_id, bounds, rows) "
        "VALUES (?, ?, ?, ?, ?)"));
    std::int64_t position = 0;
    for (const VerifiedRange& range : ranges) {
        insert.reset();
        ++position;
        TRY(insert.bind(
            {verification_id, position, range.chunk_id, range.bounds_json, range.rows}));
        TRY(insert.finish());
    }
    return {};
}

}  // namespace

Status Ledger::record_event(const EventRecord& event) {
    return impl_->write("record event", [&](sqlite::Connection& db) -> Status {
        return db.run(
            "INSERT INTO event (at, export_name, run_id, kind, detail) VALUES (?, ?, ?, ?, ?)",
            {event.at, event.export_name, event.run_id, event.kind, event.detail_json});
    });
}

Result<std::vector<EventRecord>> Ledger::events(const LedgerFilter& filter) const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<EventRecord>(
        impl_->db,
        "SELECT event_id, at, export_name, run_id, kind, detail FROM event "
        "WHERE ?1 IN ('', export_name) AND ?2 IN ('', run_id) ORDER BY event_id DESC LIMIT ?3",
        {filter.export_name, filter.run_id, filter.limit}, decode_event);
}

Status Ledger::record_verification(const VerificationRecord& verification) {
    return impl_->write("record verification", [&](sqlite::Connection& db) -> Status {
        const std::int64_t id = TRY(db.query_int64(
            "INSERT INTO verification (at, export_name, run_id, prefix, generation, command, "
            "evidence, verdict, summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "RETURNING verification_id",
            {verification.at, verification.export_name, verification.run_id, verification.prefix,
             verification.generation, verification.command, verification.evidence,
             verification.verdict, verification.summary_json}));
        return record_ranges(db, id, verification.ranges);
    });
}

Result<std::vector<VerificationRecord>> Ledger::verifications(const LedgerFilter& filter) const {
    const std::scoped_lock lock(impl_->mutex);
    auto found = TRY(rows_of<VerificationRecord>(
        impl_->db,
        "SELECT verification_id, at, export_name, run_id, prefix, generation, command, evidence, "
        "verdict, summary FROM verification WHERE ?1 IN ('', export_name) AND ?2 IN ('', prefix) "
        "AND ?3 IN ('', run_id) ORDER BY verification_id DESC LIMIT ?4",
        {filter.export_name, filter.prefix, filter.run_id, filter.limit}, decode_verification));
    for (VerificationRecord& verification : found) {
        verification.ranges = TRY(rows_of<VerifiedRange>(
            impl_->db,
            "SELECT chunk_id, bounds, rows FROM verified_range WHERE verification_id = ? "
            "ORDER BY position",
            {verification.id}, decode_range));
    }
    return found;
}

Status Ledger::record_metric(const MetricRecord& metric) {
    return impl_->write("record metric", [&](sqlite::Connection& db) -> Status {
        return db.run(
            "INSERT OR REPLACE INTO metric (run_id, export_name, at, rows, bytes, bytes_read, "
            "chunks, parts, retries, workers, elapsed_us, longest_statement_us, peak_rss_bytes, "
            "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {metric.run_id, metric.export_name, metric.at, metric.rows, metric.bytes,
             metric.bytes_read, metric.chunks, metric.parts, metric.retries, metric.workers,
             metric.elapsed_us, metric.longest_statement_us, metric.peak_rss_bytes,
             metric.detail_json});
    });
}

Result<std::vector<MetricRecord>> Ledger::metrics(const LedgerFilter& filter) const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<MetricRecord>(
        impl_->db,
        "SELECT run_id, export_name, at, rows, bytes, bytes_read, chunks, parts, retries, workers, "
        "elapsed_us, longest_statement_us, peak_rss_bytes, detail FROM metric "
        "WHERE ?1 IN ('', export_name) AND ?2 IN ('', run_id) ORDER BY at DESC, rowid DESC "
        "LIMIT ?3",
        {filter.export_name, filter.run_id, filter.limit}, decode_metric);
}

Result<std::optional<CursorRecord>> Ledger::cursor(std::string_view export_name) const {
    const std::scoped_lock lock(impl_->mutex);
    return row_of<CursorRecord>(
        impl_->db,
        "SELECT export_name, value, run_id, updated_at FROM cursor WHERE export_name = ?",
        {export_name}, decode_cursor);
}

Result<std::vector<CursorRecord>> Ledger::cursors() const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<CursorRecord>(
        impl_->db, "SELECT export_name, value, run_id, updated_at FROM cursor ORDER BY export_name",
        {}, decode_cursor);
}

Status Ledger::set_schema_baseline(const SchemaBaseline& baseline) {
    return impl_->write("set schema baseline", [&](sqlite::Connection& db) -> Status {
        return db.run(
            "INSERT OR REPLACE INTO schema_baseline (export_name, schema, run_id, updated_at) "
            "VALUES (?, ?, ?, ?)",
            {baseline.export_name, baseline.schema_json, baseline.run_id, baseline.updated_at});
    });
}

Result<std::optional<SchemaBaseline>> Ledger::schema_baseline(std::string_view export_name) const {
    const std::scoped_lock lock(impl_->mutex);
    return row_of<SchemaBaseline>(
        impl_->db,
        "SELECT export_name, schema, run_id, updated_at FROM schema_baseline WHERE export_name = ?",
        {export_name}, decode_baseline);
}

}  // namespace trueup::extract
