#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "extract/source/mysql_parts.h"

// What stands between a run and a server, asked of the server's own variables and privileges:
// https://mariadb.com/kb/en/server-system-variables/ and the reference manual of MySQL, 5.1.8.

namespace trueup::extract::mysql_source {
namespace {

using mysql::Connection;
using mysql::ConnectOptions;
using mysql::Rows;
using mysql::Tls;

constexpr unsigned long kOldestMariadb = 100500;
constexpr unsigned long kOldestMysql = 50700;

/// The only row of a query.
Result<Rows> one_row(Connection& connection, const std::string& sql) {
    Rows rows = TRY(connection.query(sql));
    if (rows.size() == 1) return rows;
    return fail(ErrorClass::Failed,
                fmt::format("{}: the server gave no answer about itself", connection.place()));
}

std::int64_t number_in(const Rows& rows, std::size_t column) {
    return parse_int64(rows.text(0, column)).value_or(0);
}

Result<Observation> tls(Connection& connection, const ConnectOptions& options) {
    const Rows rows = TRY(one_row(connection, "SHOW SESSION STATUS LIKE 'Ssl_version'"));
    const std::string version(rows.text(0, 1));
    if (version.empty()) {
        const bool is_local = options.host.starts_with('/');
        if (is_local) return fine("tls", "not needed: a socket of this machine");
        return warning("tls", "none: what passes can be read and changed on the way",
                       "leave tls out, or set tls: {mode: verify-full}");
    }
    switch (options.tls) {
        case Tls::VerifyFull:
            return fine("tls", fmt::format("{}, with a certificate for {}", version, options.host));
        case Tls::VerifyCa:
            return warning("tls",
                           fmt::format("{}, proven by a certificate, whichever host it is "
                                       "made out to",
                                       version),
                           "tls: {mode: verify-full} proves the host, too");
        default:
            return warning("tls", version + ", but the server proved nothing",
                           "tls: {mode: verify-full} encrypts and has the server prove itself");
    }
}

Observation server(const Connection& connection) {
    const unsigned long version = connection.server_version();
    const bool is_mariadb = connection.is_mariadb();
    const std::string name = fmt::format("{} {}.{}.{}", is_mariadb ? "MariaDB" : "MySQL",
                                         version / 10000, version / 100 % 100, version % 100);
    if (version >= (is_mariadb ? kOldestMariadb : kOldestMysql)) return fine("server", name);
    return failure("server", {ErrorClass::Failed,
                              fmt::format("{} is older than {}, the oldest that is read", name,
                                          is_mariadb ? "10.5" : "5.7"),
                              ""});
}

Result<Observation> user(Connection& connection) {
    const Rows rows = TRY(one_row(connection, "SELECT CURRENT_USER()"));
    return fine("user", std::string(rows.text(0, 0)) + ", in read-only sessions");
}

Result<Observation> replication(Connection& connection) {
    const Rows rows = TRY(one_row(connection, "SELECT @@global.read_only"));
    if (number_in(rows, 0) == 0) return fine("replication", "writable: what it has is current");
    return fine("replication", "read-only: a replica may be behind its primary");
}

Observation room_for(const ConnectionBudget& connections, int needed) {
    const std::string budget =
        fmt::format("a run takes {}; {} of {} are in use, {} can be had", needed, connections.used,
                    connections.limit, connections.room);
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

/// Several sessions see one state only when a lock stops all writers for a moment.
Result<Observation> snapshot(Connection& connection, const SourceNeeds& needs) {
    if (needs.consistency != Consistency::Snapshot) {
        return fine("snapshot", "none is asked for: each chunk has its own");
    }
    if (needs.sessions <= 1) return fine("snapshot", "one session needs no lock for it");
    const Rows rows = TRY(one_row(
        connection,
        "SELECT COUNT(*) FROM information_schema.user_privileges WHERE privilege_type IN "
        "('RELOAD', 'ALL PRIVILEGES') AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', "
        "'''@'''), '''')"));
    if (number_in(rows, 0) > 0) {
        return fine("snapshot", "all workers begin one under a brief lock of all tables");
    }
    return warning("snapshot",
                   "without the right to lock all tables for a moment, one worker reads all",
                   "grant RELOAD, or set source.consistency: chunk");
}

Result<Observation> limits(Connection& connection) {
    const std::string own =
        connection.is_mariadb() ? "@@max_statement_time" : "@@max_execution_time / 1000";
    const Rows rows =
        TRY(one_row(connection, fmt::format("SELECT {} = 0, {}, @@lock_wait_timeout", own, own)));
    return fine("limits", fmt::format("a statement may take {} and wait {} s for a lock",
                                      rows.text(0, 0) == "1" ? std::string("as long as it likes")
                                                             : fmt::format("{} s", rows.text(0, 1)),
                                      rows.text(0, 2)));
}

/// A go-between invents the number that it greets with, or says its name.
Result<Observation> pooler(Connection& connection) {
    const Rows rows = TRY(one_row(connection, "SELECT CONNECTION_ID(), @@version_comment"));
    const bool has_name = lower_ascii(rows.text(0, 1)).contains("proxysql");
    const bool is_other =
        number_in(rows, 0) != static_cast<std::int64_t>(connection.announced_id());
    if (!has_name && !is_other) return fine("pooler", "none in between");
    return warning(
        "pooler",
        "one in between: sessions of a run keep to one transaction each, but what it changes "
        "about their settings cannot be seen",
        "connect to the server itself");
}

/// Workers, and one that locks while they begin, or looks how hard the server is pressed later.
int connections_of(const SourceNeeds& needs) {
    const bool has_locker = needs.consistency == Consistency::Snapshot && needs.sessions > 1;
    return needs.sessions + (has_locker || needs.is_governed ? 1 : 0);
}

}  // namespace

Result<ConnectionBudget> connection_budget(Connection& connection) {
    const Rows rows = TRY(one_row(connection,
                                  "SELECT @@global.max_connections, @@max_user_connections, "
                                  "(SELECT COUNT(*) FROM information_schema.processlist)"));
    const Rows used = TRY(one_row(connection, "SHOW GLOBAL STATUS LIKE 'Threads_connected'"));
    ConnectionBudget budget{.limit = number_in(rows, 0),
                            .used = parse_int64(used.text(0, 1)).value_or(1) - 1,
                            .room = 0};
    budget.room = std::max<std::int64_t>(budget.limit - budget.used, 0);
    const std::int64_t own_max = number_in(rows, 1);
    if (own_max > 0) {
        budget.room =
            std::min(budget.room, std::max<std::int64_t>(own_max - number_in(rows, 2) + 1, 0));
    }
    return budget;
}

Result<Observations> examine(const ConnectOptions& options, const SourceNeeds& needs) {
    Connection connection = TRY(Connection::open(options));
    Observations observations;
    const auto add = [&](std::string_view topic, Result<Observation> found) {
        observations.push_back(found
                                   ? *std::move(found)
                                   : unknown(std::string(topic), std::move(found).error().message));
    };
    add("tls", tls(connection, options));
    observations.push_back(server(connection));
    add("user", user(connection));
    add("snapshot", snapshot(connection, needs));
    add("replication", replication(connection));
    const auto budget = connection_budget(connection);
    add("connections", budget ? Result<Observation>(room_for(*budget, connections_of(needs)))
                              : std::unexpected(budget.error()));
    add("limits", limits(connection));
    add("pooler", pooler(connection));
    return observations;
}

Result<Observations> examine(Connection& connection, const Relation& relation) {
    const auto started =
        connection.query(fmt::format("SELECT * FROM {} LIMIT 0", from_of(relation)));
    if (!started) return Observations{failure("access", started.error())};
    if (!relation.is_table) return Observations{fine("access", "it may be read")};
    Observations found = {fine("access", fmt::format("SELECT on {}", relation.from_sql))};
    if (!relation.no_snapshot.empty()) found.push_back(warning("snapshot", relation.no_snapshot));
    return found;
}

}  // namespace trueup::extract::mysql_source
