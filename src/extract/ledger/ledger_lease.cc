#include <fmt/format.h>

#include "base/random.h"
#include "extract/ledger/ledger_impl.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kLeaseColumns =
    "export_name, prefix, owner, token, pid, started_ticks, host, boot_id, acquired_at, "
    "heartbeat_at";

Result<LeaseRecord> decode_lease(const sqlite::Statement& row) {
    return LeaseRecord{.export_name = text_at(row, 0),
                       .prefix = text_at(row, 1),
                       .owner = text_at(row, 2),
                       .token = text_at(row, 3),
                       .process = {.pid = row.column_int64(4),
                                   .started_ticks = row.column_int64(5),
                                   .host = text_at(row, 6),
                                   .boot_id = text_at(row, 7)},
                       .acquired_at = row.column_int64(8),
                       .heartbeat_at = row.column_int64(9)};
}

Result<std::optional<LeaseRecord>> lease_of(sqlite::Connection& db, std::string_view prefix) {
    return row_of<LeaseRecord>(db,
                               fmt::format("SELECT {} FROM lease WHERE prefix = ?", kLeaseColumns),
                               {prefix}, decode_lease);
}

std::string describe(const LeaseRecord& lease) {
    return fmt::format("{} (export {}, pid {} on {}, since {})", lease.owner, lease.export_name,
                       lease.process.pid, lease.process.host, rfc3339(lease.acquired_at));
}

Status put_lease(sqlite::Connection& db, const LeaseRequest& request, std::string_view token) {
    return db.run(
        "INSERT OR REPLACE INTO lease (prefix, export_name, owner, token, pid, started_ticks, "
        "host, boot_id, acquired_at, heartbeat_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        {request.prefix, request.export_name, request.owner, token, request.process.pid,
         request.process.started_ticks, request.process.host, request.process.boot_id,
         request.now});
}

bool is_same_process(const ProcessIdentity& left, const ProcessIdentity& right) {
    return left.pid == right.pid && left.started_ticks == right.started_ticks &&
           left.host == right.host && left.boot_id == right.boot_id;
}

/// Retryable while another process that lives holds a lease of the export.
Status refuse_while_held(sqlite::Connection& db, std::string_view export_name,
                         const LeaseRequest& asking, const ProcessTable& processes) {
    const auto held = TRY(rows_of<LeaseRecord>(
        db, fmt::format("SELECT {} FROM lease WHERE export_name = ?", kLeaseColumns), {export_name},
        decode_lease));
    for (const LeaseRecord& lease : held) {
        if (is_same_process(lease.process, asking.process)) continue;
        if (!is_owner_alive(lease, asking, processes)) continue;
        return fail(ErrorClass::Retryable,
                    fmt::format("{} cannot be reset: {} is being worked on by {}", export_name,
                                lease.prefix, describe(lease)));
    }
    return {};
}

/// All but the journal.
Status forget(sqlite::Connection& db, std::string_view export_name) {
    for (const std::string_view table :
         {"run", "cursor", "schema_baseline", "verification", "metric"}) {
        TRY(db.run(fmt::format("DELETE FROM {} WHERE export_name = ?", table), {export_name}));
    }
    return {};
}

}  // namespace

bool is_owner_alive(const LeaseRecord& lease, const LeaseRequest& asking,
                    const ProcessTable& processes) {
    const ProcessIdentity& owner = lease.process;
    const bool is_here = owner.host == asking.process.host && !owner.boot_id.empty() &&
                         owner.boot_id == asking.process.boot_id;
    if (!is_here) {
        const std::chrono::microseconds silence(asking.now - lease.heartbeat_at);
        return silence <= kLeaseSilenceMax;
    }
    const auto started = processes.started_ticks(owner.pid);
    return started && (owner.started_ticks == 0 || *started == owner.started_ticks);
}

Result<Lease> Ledger::acquire_lease(const LeaseRequest& request) {
    Lease lease{.export_name = request.export_name,
                .prefix = request.prefix,
                .token = random_hex(system_random(), 16),
                .is_taken_over = false,
                .previous_owner = {}};
    const auto work = [&](sqlite::Connection& db) -> Status {
        const auto held = TRY(lease_of(db, request.prefix));
        if (held && is_owner_alive(*held, request, *impl_->options.processes)) {
            return fail(ErrorClass::Retryable,
                        fmt::format("{} is being worked on by {}", request.prefix, describe(*held)),
                        fmt::format("wait until it ends; a lease held on another machine falls "
                                    "free {} s after its last sign of life",
                                    kLeaseSilenceMax.count()));
        }
        lease.is_taken_over = held.has_value();
        if (held) lease.previous_owner = describe(*held);
        return put_lease(db, request, lease.token);
    };
    TRY(impl_->write("acquire lease", work));
    return lease;
}

Result<LeaseState> Ledger::heartbeat(const Lease& lease, UnixMicros now) {
    LeaseState state;
    const auto work = [&](sqlite::Connection& db) -> Status {
        TRY(db.run("UPDATE lease SET heartbeat_at = ? WHERE prefix = ? AND token = ?",
                   {now, lease.prefix, lease.token}));
        state.is_held = db.changes() == 1;
        if (state.is_held) return {};
        const auto held = TRY(lease_of(db, lease.prefix));
        state.holder = held ? describe(*held) : "nobody";
        return {};
    };
    TRY(impl_->write("heartbeat", work));
    return state;
}

Status Ledger::release_lease(const Lease& lease) {
    return impl_->write("release lease", [&](sqlite::Connection& db) -> Status {
        return db.run("DELETE FROM lease WHERE prefix = ? AND token = ?",
                      {lease.prefix, lease.token});
    });
}

Result<std::vector<LeaseRecord>> Ledger::leases() const {
    const std::scoped_lock lock(impl_->mutex);
    return rows_of<LeaseRecord>(impl_->db,
                                fmt::format("SELECT {} FROM lease ORDER BY prefix", kLeaseColumns),
                                {}, decode_lease);
}

Status Ledger::reset(std::string_view export_name, UnixMicros now) {
    LeaseRequest asking;
    asking.process = impl_->options.processes->self();
    asking.now = now;
    return impl_->write("reset", [&](sqlite::Connection& db) -> Status {
        TRY(refuse_while_held(db, export_name, asking, *impl_->options.processes));
        return forget(db, export_name);
    });
}

}  // namespace trueup::extract
