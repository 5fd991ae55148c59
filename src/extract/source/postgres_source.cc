#include "extract/source/postgres_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <memory>
#include <utility>

#include "base/text.h"
#include "extract/source/postgres_parts.h"

namespace trueup::extract {
namespace {

namespace parts = postgres_source;
using postgres::Connection;
using postgres::Rows;

/// What all sessions of a run see. Its own transaction, in which nothing is read, keeps it for the
/// sessions that have to connect again; it ends with the last of them.
class Snapshot {
  public:
    static Result<std::shared_ptr<Snapshot>> take(const postgres::ConnectOptions& options) {
        Connection connection = TRY(Connection::open(options));
        TRY(connection.begin_repeatable_read());
        const Rows rows = TRY(connection.query("SELECT pg_catalog.pg_export_snapshot()"));
        return std::make_shared<Snapshot>(std::move(connection), std::string(rows.text(0, 0)));
    }
    Snapshot(Connection keeper, std::string id) : keeper_(std::move(keeper)), id_(std::move(id)) {}

    Status begin_in(Connection& connection) {
        TRY(connection.begin_repeatable_read());
        Status entered = connection.exec("SET TRANSACTION SNAPSHOT " + parts::quote_text(id_));
        // The server answers, but knows of no such snapshot: whoever kept it was ended.
        if (!entered && entered.error().kind == ErrorClass::Failed && connection.is_alive()) {
            is_gone_ = true;
            return fail(
                ErrorClass::Retryable,
                entered.error().message + ": the snapshot is gone with the session that held it",
                "run again: what is left is read from a new snapshot");
        }
        return entered;
    }
    bool is_gone() const { return is_gone_; }

  private:
    Connection keeper_;
    std::string id_;
    std::atomic<bool> is_gone_ = false;  // Nobody can enter it any more.
};

/// How to connect, and what every session of a database is told.
struct Access {
    postgres::ConnectOptions options;
    bool checks_utf8 = false;            // The server does not.
    std::shared_ptr<Snapshot> snapshot;  // None: each statement sees its own state.

    Result<Connection> connect() const {
        Connection connection = TRY(Connection::open(options));
        if (snapshot) TRY(snapshot->begin_in(connection));
        return connection;
    }
};

class PostgresSession final : public SourceSession {
  public:
    PostgresSession(Access access, Connection connection)
        : access_(std::move(access)), connection_(std::move(connection)) {
        load_.connections = 1;
    }

    Result<std::vector<TableListing>> list_tables() override {
        TRY(get_ready());
        return parts::list_tables(connection_);
    }
    Result<Relation> describe(const Export& wanted) override {
        TRY(get_ready());
        return parts::describe(connection_, wanted);
    }
    Result<ChunkKey> key_of(const Relation& relation,
                            const std::vector<std::string>& columns) override {
        TRY(get_ready());
        return parts::key_of(connection_, relation, columns);
    }
    Result<bool> has_null_keys(const Relation& relation, const ChunkKey& key) override {
        Bounds nulls;
        nulls.is_null_keys = true;
        const Rows found = TRY(query(fmt::format(
            "SELECT 1 FROM {}{} LIMIT 1", parts::from_of(relation), parts::where_of(key, nulls))));
        return found.size() > 0;
    }
    Result<std::optional<Key>> first_key(const Relation& relation, const ChunkKey& key,
                                         const std::optional<Key>& from) override {
        return edge(relation, key, {.lower = from}, "ASC");
    }
    Result<std::optional<Key>> last_key(const Relation& relation, const ChunkKey& key) override {
        if (key.is_physical) return last_block(relation);
        return edge(relation, key, {}, "DESC");
    }
    Result<std::vector<Key>> walk_keys(const Relation& relation, const ChunkKey& key,
                                       const Walk& walk) override {
        // The window stands outside the limit: it numbers no more rows than are looked at.
        const std::string order = parts::order_of(key, "ASC");
        const std::int64_t every = std::max<std::int64_t>(walk.every, 1);
        std::int64_t rows_max = 0;
        const bool is_bounded = !__builtin_mul_overflow(every, walk.keys_max, &rows_max) &&
                                !__builtin_add_overflow(rows_max, 1, &rows_max);
        const std::string limit = is_bounded ? fmt::format(" LIMIT {}", rows_max) : "";
        const Rows rows = TRY(query(fmt::format(
            "SELECT * FROM (SELECT *, pg_catalog.row_number() OVER () - 1 AS trueup_passed FROM "
            "(SELECT {} FROM {}{}{}{}) AS trueup_keys) AS trueup_numbered WHERE trueup_passed > 0 "
            "AND trueup_passed % {} = 0 ORDER BY trueup_passed LIMIT {}",
            projections(key), parts::from_of(relation), parts::where_of(key, {.lower = walk.from}),
            order, limit, every, walk.keys_max)));
        std::vector<Key> keys;
        keys.reserve(static_cast<std::size_t>(rows.size()));
        for (int row = 0; row < rows.size(); ++row) keys.push_back(key_in(key, rows, row));
        return keys;
    }
    Result<std::vector<Quantile>> quantiles(const Relation& relation,
                                            const ChunkKey& key) override {
        TRY(get_ready());
        const StatementTimer timer(load_);
        return parts::quantiles(connection_, relation, key);
    }
    Result<bool> sorts_before(const Relation& /*relation*/, const ChunkKey& key, const Key& left,
                              const Key& right) override {
        const Rows rows = TRY(query(fmt::format("SELECT {} < {}", parts::literal_tuple(key, left),
                                                parts::literal_tuple(key, right))));
        return rows.text(0, 0) == "t";
    }
    Result<std::int64_t> count(const Relation& relation, const ChunkKey* key,
                               const Bounds& bounds) override {
        const Rows rows =
            TRY(query(fmt::format("SELECT pg_catalog.count(*) FROM {}{}", parts::from_of(relation),
                                  key == nullptr ? "" : parts::where_of(*key, bounds))));
        const auto number = rows.size() == 1 ? parse_int64(rows.text(0, 0)) : std::nullopt;
        if (number) return *number;
        return fail(ErrorClass::Failed, fmt::format("{}: the server's count of {} is no number",
                                                    connection_.place(), relation.name));
    }
    Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& request) override {
        TRY(get_ready());
        return parts::open_reader(*this, connection_, request,
                                  {.has_snapshot = access_.snapshot != nullptr,
                                   .checks_utf8 = access_.checks_utf8,
                                   .pace = &pace_,
                                   .load = &load_});
    }
    Result<Observations> examine(const Relation& relation) override {
        TRY(get_ready());
        return parts::examine(connection_, relation);
    }
    bool is_gone() const override {
        return access_.snapshot != nullptr && access_.snapshot->is_gone() &&
               connection_.state() != Connection::State::Ready;
    }

  private:
    /// After a failure: with a new connection, and back to the same snapshot. Until both are there
    /// the old connection stays, so that nothing is ever read outside the snapshot.
    Status get_ready() {
        if (connection_.state() == Connection::State::Ready) return {};
        connection_ = TRY(access_.connect());
        ++load_.connections;
        return {};
    }
    Result<Rows> query(const std::string& sql) {
        TRY(get_ready());
        const StatementTimer timer(load_);
        return connection_.query(sql);
    }

    static std::string projections(const ChunkKey& key) {
        std::vector<std::string> all;
        all.reserve(key.columns.size());
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            all.push_back(parts::key_projection(key, i));
        }
        return fmt::format("{}", fmt::join(all, ", "));
    }
    static Key key_in(const ChunkKey& key, const Rows& rows, int row) {
        Key values;
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            const int column = static_cast<int>(i);
            const bool is_null = rows.is_null(row, column);
            values.push_back(is_null ? KeyValue()
                                     : parts::key_value(key, i, rows.text(row, column)));
        }
        return values;
    }
    Result<std::optional<Key>> edge(const Relation& relation, const ChunkKey& key,
                                    const Bounds& bounds, std::string_view direction) {
        const Rows rows = TRY(query(
            fmt::format("SELECT {} FROM {}{}{} LIMIT 1", projections(key), parts::from_of(relation),
                        parts::where_of(key, bounds), parts::order_of(key, direction))));
        if (rows.size() == 0) return std::optional<Key>{};
        return std::optional(key_in(key, rows, 0));
    }
    /// Of the table's file: its last blocks may hold no rows, which is as good.
    Result<std::optional<Key>> last_block(const Relation& relation) {
        const Rows rows =
            TRY(query(fmt::format("SELECT pg_catalog.pg_relation_size({}::regclass) / "
                                  "pg_catalog.current_setting('block_size')::bigint - 1",
                                  parts::quote_text(relation.from_sql))));
        const std::int64_t block = parse_int64(rows.text(0, 0)).value_or(-1);
        if (block < 0) return std::optional<Key>{};
        return std::optional(Key{block});
    }

    Access access_;
    Connection connection_;
    ReadPace pace_;
};

std::string version_text(int version) {
    return fmt::format("{}.{}", version / 10000, version % 10000);
}

class PostgresDatabase final : public SourceDatabase {
  public:
    PostgresDatabase(Access access, int version)
        : access_(std::move(access)),
          identity_{"postgres", version_text(version), postgres::place_of(access_.options)} {}

    const DatabaseIdentity& identity() const override { return identity_; }

    Result<std::vector<std::unique_ptr<SourceSession>>> open_sessions(
        int count, Consistency consistency) override {
        Access access = access_;
        if (consistency == Consistency::Snapshot) {
            access.snapshot = TRY(Snapshot::take(access.options));
        }
        std::vector<std::unique_ptr<SourceSession>> sessions;
        for (int i = 0; i < count; ++i) {
            Connection connection = TRY(access.connect());
            sessions.push_back(std::make_unique<PostgresSession>(access, std::move(connection)));
        }
        return sessions;
    }

    Result<std::unique_ptr<PressureGauge>> open_gauge(int sessions) override {
        return parts::open_gauge(access_.options, sessions);
    }

    /// Every transaction that wrote something moves the snapshot of the whole server.
    Result<std::optional<std::string>> state() override {
        Connection connection = TRY(access_.connect());
        const Rows rows = TRY(connection.query(fmt::format(
            "SELECT pg_catalog.{}()::text, (SELECT oid FROM pg_catalog.pg_database WHERE datname "
            "= pg_catalog.current_database())",
            connection.server_version() >= 130000 ? "pg_current_snapshot"
                                                  : "txid_current_snapshot")));
        return std::optional(fmt::format("{} {}", rows.text(0, 1), rows.text(0, 0)));
    }

    Result<Observations> examine(const SourceNeeds& needs) override {
        return parts::examine(access_.options, needs);
    }

  private:
    Access access_;
    DatabaseIdentity identity_;
};

postgres::Tls tls_of(TlsMode mode) {
    switch (mode) {
        case TlsMode::Disable: return postgres::Tls::Disable;
        case TlsMode::Require: return postgres::Tls::Require;
        case TlsMode::VerifyCa: return postgres::Tls::VerifyCa;
        case TlsMode::VerifyFull: return postgres::Tls::VerifyFull;
    }
    std::unreachable();
}

postgres::ConnectOptions options_of(const Source& source, const StatementLimits& limits) {
    const Server& server = source.server;
    return {.host = server.host,
            .port = server.port,
            .user = server.user,
            .password = server.password,
            .database = server.database,
            .tls = tls_of(server.tls.value_or(TlsMode::VerifyFull)),
            .ca_file = server.ca_file,
            .statement_timeout = limits.run,
            .lock_timeout = limits.wait_for_lock};
}

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_postgres(const Source& source,
                                                      const StatementLimits& limits) {
    Access access{.options = options_of(source, limits)};
    Connection connection = TRY(access.connect());
    access.checks_utf8 = connection.has_raw_texts();
    std::unique_ptr<SourceDatabase> database =
        std::make_unique<PostgresDatabase>(std::move(access), connection.server_version());
    return database;
}

}  // namespace trueup::extract
