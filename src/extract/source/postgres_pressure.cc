#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/text.h"
#include "extract/source/postgres_parts.h"

// What a server of PostgreSQL says about the strain that it is under:
// https://www.postgresql.org/docs/current/monitoring-stats.html. Any user may ask all of it; of the
// sessions and replicas of others he sees only some without pg_read_all_stats.

namespace trueup::extract::postgres_source {
namespace {

using postgres::Connection;
using postgres::ConnectOptions;
using postgres::Rows;
using Kind = PressureSignal::Kind;

constexpr int kCheckpointerVersion = 170000;
constexpr std::int64_t kSpilledBytes = std::int64_t{256} << 20U;
constexpr std::int64_t kLagMs = 10'000;

std::string question(int version) {
    return fmt::format(
        "SELECT {}, (SELECT pg_catalog.sum(temp_bytes) FROM pg_catalog.pg_stat_database)::bigint, "
        "(SELECT pg_catalog.count(DISTINCT pid) FROM pg_catalog.pg_locks WHERE NOT granted), "
        "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' AND "
        "backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()), "
        "pg_catalog.current_setting('max_connections'), (CASE WHEN NOT "
        "pg_catalog.pg_is_in_recovery() THEN (SELECT 1000 * EXTRACT(epoch FROM "
        "pg_catalog.max(replay_lag)) FROM pg_catalog.pg_stat_replication) WHEN "
        "pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0 ELSE "
        "1000 * EXTRACT(epoch FROM pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp()) "
        "END)::bigint",
        version >= kCheckpointerVersion
            ? "(SELECT num_requested FROM pg_catalog.pg_stat_checkpointer)"
            : "(SELECT checkpoints_req FROM pg_catalog.pg_stat_bgwriter)");
}

class PostgresGauge final : public PressureGauge {
  public:
    PostgresGauge(ConnectOptions options, Connection connection, int sessions)
        : options_(std::move(options)), connection_(std::move(connection)), sessions_(sessions) {}

    Result<Pressure> read() override {
        if (connection_.state() != Connection::State::Ready) {
            connection_ = TRY(Connection::open(options_));
        }
        // Statistics stand still within a transaction, and a pooled session is always in one.
        if (connection_.is_pooled()) TRY(connection_.end_transaction());
        const Rows rows = TRY(connection_.query(question(connection_.server_version())));
        const auto number = [&rows](int column) -> std::optional<std::int64_t> {
            return rows.size() == 1 ? parse_int64(rows.text(0, column)) : std::nullopt;
        };
        Pressure pressure;
        if (const auto asked = number(0)) {
            pressure.push_back({.kind = Kind::Count,
                                .name = "checkpoints that were asked for, not due",
                                .value = *asked});
        }
        if (const auto spilled = number(1)) {
            pressure.push_back({.kind = Kind::Count,
                                .name = "bytes that queries put into temporary files",
                                .value = *spilled,
                                .strain = kSpilledBytes});
        }
        if (const auto waiting = number(2)) pressure.push_back(waiting_sessions(*waiting));
        if (const auto busy = number(3)) {
            pressure.push_back(
                busy_sessions(std::max<std::int64_t>(*busy - sessions_, 0), number(4).value_or(0)));
        }
        if (const auto lag = number(5)) {
            pressure.push_back({.name = "milliseconds that a replica is behind",
                                .value = *lag,
                                .strain = kLagMs,
                                .calm = kLagMs / 4});
        }
        if (!pressure.empty()) return pressure;
        return fail(ErrorClass::Failed,
                    fmt::format("{}: it does not say how busy it is", connection_.place()));
    }

  private:
    ConnectOptions options_;
    Connection connection_;
    int sessions_;
};

}  // namespace

Result<std::unique_ptr<PressureGauge>> open_gauge(ConnectOptions options, int sessions) {
    options.statement_timeout = kGaugePatience;
    Connection connection = TRY(Connection::open(options));
    const ConnectionBudget budget = TRY(connection_budget(connection));
    if (budget.room <= 1) return no_room_for_gauge(connection.place());
    std::unique_ptr<PressureGauge> gauge =
        std::make_unique<PostgresGauge>(std::move(options), std::move(connection), sessions);
    return gauge;
}

}  // namespace trueup::extract::postgres_source
