#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "extract/config/server_url.h"
#include "extract/source/postgres_parts.h"

// What stands between a run and a server, asked of the server's own settings and statistics:
// https://www.postgresql.org/docs/current/runtime-config.html and monitoring-stats.html.

namespace trueup::extract::postgres_source {
namespace {

using postgres::Connection;
using postgres::ConnectOptions;
using postgres::Rows;
using postgres::Tls;

constexpr int kOldestVersion = 120000;
constexpr int kNewestVersion = 190000;  // From here on nothing was tried.
constexpr int kReservedConnectionsVersion = 160000;
constexpr int kTransactionTimeoutVersion = 170000;

/// The only row of a query.
Result<Rows> one_row(Connection& connection, const std::string& sql) {
    Rows rows = TRY(connection.query(sql));
    if (rows.size() == 1) return rows;
    return fail(ErrorClass::Failed,
                fmt::format("{}: the server gave no answer about itself", connection.place()));
}

std::int64_t number_in(const Rows& rows, int column) {
    return parse_int64(rows.text(0, column)).value_or(0);
}

Observation tls(const Connection& connection, const ConnectOptions& options) {
    const auto version = connection.tls_version();
    if (version && options.tls == Tls::VerifyFull) {
        const std::string by =
            options.ca_file.empty() ? "an authority that the system trusts" : options.ca_file;
        return fine("tls", fmt::format("{}, with a certificate for {} from {}", *version,
                                       options.host, by));
    }
    if (version && options.tls == Tls::VerifyCa) {
        return warning(
            "tls",
            fmt::format("{}, proven by a certificate, whichever host it is made out to", *version),
            "tls: {mode: verify-full} takes that of the host only");
    }
    if (version) {
        return warning("tls", fmt::format("{}, but whoever answers is believed", *version),
                       "tls: {mode: verify-full} has the server prove itself");
    }
    if (default_tls(options.host) == TlsMode::Disable) {
        return fine("tls", "none: the server is on this machine");
    }
    return warning("tls", "none: passwords and rows cross the network in plain text",
                   "tls: {mode: verify-full} encrypts, and has the server prove itself");
}

Observation server(const Connection& connection) {
    const int version = connection.server_version();
    const std::string name = fmt::format("PostgreSQL {}.{}", version / 10000, version % 10000);
    if (version < kOldestVersion) {
        return failure("server", {ErrorClass::Failed,
                                  name + " is older than 12, the oldest that is read", ""});
    }
    if (version >= kNewestVersion) {
        return warning("server", name + " is newer than any that was tried (12 to 18)");
    }
    return fine("server", name);
}

Result<Observation> user(Connection& connection) {
    const Rows rows = TRY(one_row(
        connection,
        "SELECT current_user, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"));
    const std::string name(rows.text(0, 0));
    if (rows.text(0, 1) != "t") return fine("user", name + ", in read-only sessions");
    return warning("user", name + " is a superuser; sessions are read-only all the same",
                   "a user with SELECT on what is exported is enough");
}

Result<Observation> encoding(Connection& connection) {
    const Rows rows =
        TRY(one_row(connection,
                    "SELECT pg_catalog.current_setting('server_encoding'), (SELECT reset_val FROM "
                    "pg_catalog.pg_settings WHERE name = 'TimeZone')"));
    const std::string name(rows.text(0, 0));
    const std::string zone =
        fmt::format("times are read in UTC (the user's zone is {})", rows.text(0, 1));
    if (name == "SQL_ASCII") {
        return warning("encoding", "SQL_ASCII: the server lets any bytes be text; " + zone,
                       "a text that is no UTF-8 is a value error: on_value_error says what then");
    }
    if (name == "UTF8") return fine("encoding", fmt::format("UTF8; {}", zone));
    return fine("encoding", fmt::format("{}, which the server turns into UTF-8; {}", name, zone));
}

/// Two sessions that live at once and are served by one process share it by transactions.
Result<bool> is_lent_by_transaction(const ConnectOptions& options) {
    ConnectOptions bare = options;
    bare.is_bare = true;
    Connection left = TRY(Connection::open(bare));
    Connection right = TRY(Connection::open(bare));
    constexpr int kRounds = 3;
    for (int round = 0; round < kRounds; ++round) {
        const std::int64_t before = TRY(left.backend_pid());
        TRY(right.exec("BEGIN READ ONLY"));
        const std::int64_t other = TRY(right.backend_pid());
        // A pool of one has nothing to lend until the transaction ends, so it is not asked again.
        const bool is_shared = other == before || TRY(left.backend_pid()) != before;
        TRY(right.exec("ROLLBACK"));
        if (is_shared) return true;
    }
    return false;
}

Result<Observation> pooler(const Connection& connection, const ConnectOptions& options,
                           int connections) {
    if (!connection.is_pooled()) return fine("pooler", "none in between");
    if (!TRY(is_lent_by_transaction(options))) {
        return fine("pooler", "one in between, which gives each session a process of its own");
    }
    return warning(
        "pooler",
        fmt::format("one in between lends a process to each transaction, so each session of a run "
                    "is one transaction: it must spare {} of them at once",
                    connections),
        "connect to the server itself, or let one session do (tuning.parallel: 1, consistency: "
        "chunk)");
}

std::string lag_of(const Rows& rows) {
    if (rows.text(0, 4) == "t") return "it has replayed all that it received";
    if (rows.is_null(0, 3)) return "it has replayed no transaction yet";
    return fmt::format("it is {} s behind", rows.text(0, 3));
}

Result<Observation> replication(Connection& connection, Consistency consistency) {
    const Rows rows =
        TRY(one_row(connection,
                    "SELECT pg_catalog.pg_is_in_recovery(), "
                    "pg_catalog.current_setting('hot_standby_feedback'), "
                    "pg_catalog.current_setting('max_standby_streaming_delay'), EXTRACT(epoch FROM "
                    "pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp())::bigint, "
                    "pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()"));
    if (rows.text(0, 0) != "t") return fine("replication", "a primary: what it has is current");
    const std::string lag = lag_of(rows);
    if (rows.text(0, 1) == "on" || rows.text(0, 2) == "-1") {
        return fine("replication", fmt::format("a replica; {}", lag));
    }
    return warning(
        "replication",
        fmt::format("a replica; {}; what reads rows that the primary has cleaned up is cancelled "
                    "after {}{}",
                    lag, rows.text(0, 2),
                    consistency == Consistency::Snapshot ? ", and a snapshot reads old rows" : ""),
        "turn hot_standby_feedback on there, or read with consistency: chunk");
}

/// How many more sessions fit below a limit; nothing when there is none.
std::optional<std::int64_t> room_below(std::int64_t limit, std::int64_t used) {
    if (limit < 0) return std::nullopt;
    return std::max<std::int64_t>(limit - used, 0);
}

Observation room_for(const ConnectionBudget& connections, int needed) {
    const std::string budget = fmt::format(
        "a run takes {}; {} of {} are in use, {} are kept for administrators, {} can "
        "be had",
        needed, connections.used, connections.limit, connections.reserved, connections.room);
    if (needed > connections.room) {
        return failure("connections", {ErrorClass::Retryable, budget,
                                       "lower tuning.parallel, or wait until some are free"});
    }
    // The applications that the server is for want some, too.
    if (needed > connections.room / 2) {
        return warning("connections", budget, "lower tuning.parallel to leave more to others");
    }
    return fine("connections", budget);
}

std::string limit_text(std::string_view setting, std::string_view unlimited) {
    return setting == "0" ? std::string(unlimited) : std::string(setting);
}

Result<Observation> limits(Connection& connection, const ConnectOptions& options,
                           Consistency consistency) {
    const bool has_transaction = connection.server_version() >= kTransactionTimeoutVersion;
    const Rows rows = TRY(
        one_row(connection,
                fmt::format("SELECT pg_catalog.current_setting('statement_timeout'), "
                            "pg_catalog.current_setting('lock_timeout'), {}",
                            has_transaction ? "pg_catalog.current_setting('transaction_timeout')"
                                            : "'0'")));
    const std::string text = fmt::format("a statement may take {} and wait {} for a lock",
                                         limit_text(rows.text(0, 0), "as long as it likes"),
                                         limit_text(rows.text(0, 1), "as long as it likes"));
    const bool ends_snapshot = rows.text(0, 2) != "0" && consistency == Consistency::Snapshot;
    if (ends_snapshot) {
        return warning("limits",
                       fmt::format("{}; the server ends a transaction after {}, and with it the "
                                   "snapshot of a run",
                                   text, rows.text(0, 2)),
                       "set transaction_timeout = 0 for the user, or use consistency: chunk");
    }
    const bool is_servers =
        rows.text(0, 0) != "0" && options.statement_timeout == std::chrono::seconds(0);
    if (is_servers) {
        return warning("limits", text + ", as the server says",
                       "tuning.statement_timeout_s sets another limit for the sessions of a run");
    }
    return fine("limits", text);
}

/// Workers, the one that keeps the snapshot, and one that asks whether the source moved, and later
/// how hard it is pressed.
int connections_of(const SourceNeeds& needs) {
    return needs.sessions + (needs.consistency == Consistency::Snapshot ? 2 : 1);
}

std::string current_user(Connection& connection) {
    const auto rows = connection.query("SELECT pg_catalog.quote_ident(current_user)");
    return rows && rows->size() == 1 ? std::string(rows->text(0, 0)) : "the user";
}

/// Of a table or view: whether SELECT is granted on it, or on each of its columns.
Result<std::optional<Observation>> missing_grant(Connection& connection, const Relation& relation) {
    const std::optional<std::string> parameters[] = {relation.from_sql};
    const Rows rows = TRY(connection.query(
        "SELECT pg_catalog.string_agg(attname, ', ' ORDER BY attnum), "
        "pg_catalog.has_any_column_privilege($1::regclass, 'SELECT') FROM pg_catalog.pg_attribute "
        "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND NOT "
        "pg_catalog.has_column_privilege(attrelid, attnum, 'SELECT')",
        parameters));
    if (rows.size() != 1 || rows.is_null(0, 0)) return std::optional<Observation>();
    const bool has_some = rows.text(0, 1) == "t";
    const std::string user = current_user(connection);
    return std::optional(failure(
        "access",
        {ErrorClass::Failed,
         fmt::format("{} may not read {}{}", user,
                     has_some ? fmt::format("{} of ", rows.text(0, 0)) : "", relation.from_sql),
         fmt::format("GRANT SELECT ON {} TO {}", relation.from_sql, user)}));
}

}  // namespace

Result<ConnectionBudget> connection_budget(Connection& connection) {
    const bool has_reserved = connection.server_version() >= kReservedConnectionsVersion;
    const Rows rows = TRY(one_row(
        connection,
        fmt::format(
            "SELECT pg_catalog.current_setting('max_connections')::bigint, "
            "pg_catalog.current_setting('superuser_reserved_connections')::bigint + {}, "
            "(SELECT pg_catalog.sum(numbackends) FROM pg_catalog.pg_stat_database)::bigint "
            "- 1, r.rolconnlimit, d.datconnlimit, (SELECT numbackends FROM "
            "pg_catalog.pg_stat_database s WHERE s.datid = d.oid) - 1, (SELECT "
            "pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usename = "
            "current_user) - 1 FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE "
            "r.rolname = current_user AND d.datname = pg_catalog.current_database()",
            has_reserved ? "pg_catalog.current_setting('reserved_connections')::bigint" : "0")));
    ConnectionBudget budget{.limit = number_in(rows, 0),
                            .reserved = number_in(rows, 1),
                            .used = number_in(rows, 2),
                            .room = 0};
    const std::int64_t room = room_below(budget.limit - budget.reserved, budget.used).value_or(0);
    const auto of_user = room_below(number_in(rows, 3), number_in(rows, 6));
    const auto of_database = room_below(number_in(rows, 4), number_in(rows, 5));
    budget.room = std::min({room, of_user.value_or(room), of_database.value_or(room)});
    return budget;
}

Result<Observations> examine(const ConnectOptions& options, const SourceNeeds& needs) {
    Connection connection = TRY(Connection::open(options));
    Observations observations = {tls(connection, options), server(connection)};
    const auto add = [&](std::string_view topic, Result<Observation> found) {
        observations.push_back(found
                                   ? *std::move(found)
                                   : unknown(std::string(topic), std::move(found).error().message));
    };
    const int connections = connections_of(needs);
    add("user", user(connection));
    add("encoding", encoding(connection));
    add("replication", replication(connection, needs.consistency));
    const auto budget = connection_budget(connection);
    add("connections", budget ? Result<Observation>(room_for(*budget, connections))
                              : std::unexpected(budget.error()));
    add("limits", limits(connection, options, needs.consistency));
    add("pooler", pooler(connection, options, connections));
    return observations;
}

Result<Observations> examine(Connection& connection, const Relation& relation) {
    const bool is_query = relation.from_sql.starts_with('(');
    if (!is_query) {
        auto missing = TRY(missing_grant(connection, relation));
        if (missing) return Observations{*std::move(missing)};
    }
    // What a view or query needs besides is checked when a statement starts.
    const auto started =
        connection.query(fmt::format("SELECT * FROM {} LIMIT 0", from_of(relation)));
    if (!started) return Observations{failure("access", started.error())};
    if (is_query) return Observations{fine("access", "the query may be run")};
    const std::optional<std::string> parameters[] = {relation.from_sql};
    const Rows filtered =
        TRY(connection.query("SELECT pg_catalog.row_security_active($1::regclass)", parameters));
    if (filtered.size() == 1 && filtered.text(0, 0) == "t") {
        return Observations{warning(
            "access",
            fmt::format("row security hides rows of {} from {}", relation.from_sql,
                        current_user(connection)),
            "the copy will lack them: read as a user with BYPASSRLS, or let a policy show them")};
    }
    return Observations{fine("access", fmt::format("SELECT on {}", relation.from_sql))};
}

}  // namespace trueup::extract::postgres_source
