#include "extract/source/mysql_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/text.h"
#include "extract/source/mysql_parts.h"

namespace trueup::extract {
namespace {

namespace parts = mysql_source;
using mysql::Connection;
using mysql::Rows;

class MysqlSession final : public SourceSession {
  public:
    /// The source outlives the session.
    MysqlSession(const Source& source, Connection connection)
        : source_(&source), connection_(std::move(connection)) {
        load_.connections = 1;
    }

    /// From here on the session sees one state, and no other session can take its place.
    Status begin_snapshot() {
        TRY(connection_.exec(parts::kBeginSnapshot));
        has_snapshot_ = true;
        return {};
    }

    Result<std::vector<TableListing>> list_tables() override {
        TRY(get_ready());
        return parts::list_tables(connection_);
    }
    Result<Relation> describe(const Export& wanted) override {
        TRY(get_ready());
        return parts::describe(connection_, wanted, *source_);
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
        return one_key(relation, key, {.lower = from}, "ASC");
    }
    Result<std::optional<Key>> last_key(const Relation& relation, const ChunkKey& key) override {
        return one_key(relation, key, {}, "DESC");
    }
    Result<std::vector<Key>> walk_keys(const Relation& relation, const ChunkKey& key,
                                       const Walk& walk) override {
        TRY(get_ready());
        // Looking for each next key lets the server skip those between; it needs an index, keys
        // that differ, and steps that are worth a question each.
        constexpr std::int64_t kStepMin = 512;
        const bool may_hop = key.is_ordered && key.is_unique && walk.every >= kStepMin;
        return may_hop ? hop(relation, key, walk) : pass(relation, key, walk);
    }
    Result<bool> sorts_before(const Relation& /*relation*/, const ChunkKey& key, const Key& left,
                              const Key& right) override {
        TRY(get_ready());
        return parts::sorts_before(connection_, key, left, right);
    }
    Result<std::int64_t> count(const Relation& relation, const ChunkKey* key,
                               const Bounds& bounds) override {
        TRY(get_ready());
        if (key != nullptr) TRY(parts::check_bounds(connection_, *key, bounds));
        const Rows rows =
            TRY(query(fmt::format("SELECT COUNT(*) FROM {}{}", parts::from_of(relation),
                                  key == nullptr ? "" : parts::where_of(*key, bounds))));
        const auto number = rows.size() == 1 ? parse_int64(rows.text(0, 0)) : std::nullopt;
        if (number) return *number;
        return fail(ErrorClass::Failed, fmt::format("{}: the server's count of {} is no number",
                                                    connection_.place(), relation.name));
    }
    Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& request) override {
        TRY(get_ready());
        return parts::open_reader(*this, connection_, request,
                                  {.has_snapshot = has_snapshot_, .pace = &pace_, .load = &load_});
    }
    Result<Observations> examine(const Relation& relation) override {
        TRY(get_ready());
        return parts::examine(connection_, relation);
    }
    bool is_gone() const override { return is_gone_; }

  private:
    /// After a loss: with a new connection, but never outside the snapshot.
    Status get_ready() {
        if (connection_.is_alive()) return {};
        if (has_snapshot_) {
            is_gone_ = true;
            return fail(ErrorClass::Retryable,
                        fmt::format("{}: the session is lost, and with it the snapshot that it saw",
                                    connection_.place()),
                        "run again: what is left is read from a new snapshot");
        }
        connection_ = TRY(connection_.open_another());
        ++load_.connections;
        return {};
    }
    Result<Rows> query(const std::string& sql) {
        TRY(get_ready());
        const StatementTimer timer(load_);
        return connection_.query(sql);
    }

    static std::string keys_statement(const Relation& relation, const ChunkKey& key,
                                      const Bounds& bounds, std::string_view direction) {
        std::vector<std::string> projections;
        projections.reserve(key.columns.size());
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            projections.push_back(parts::key_projection(key, i));
        }
        return fmt::format("SELECT {} FROM {}{}{}", fmt::join(projections, ", "),
                           parts::from_of(relation), parts::where_of(key, bounds),
                           parts::order_of(key, direction));
    }
    static Key key_in(const ChunkKey& key, const Rows& rows, std::size_t row) {
        Key values;
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            values.push_back(rows.is_null(row, i) ? KeyValue()
                                                  : parts::key_value(key, i, rows.text(row, i)));
        }
        return values;
    }
    Result<std::optional<Key>> one_key(const Relation& relation, const ChunkKey& key,
                                       const Bounds& bounds, std::string_view direction,
                                       std::int64_t passed = 0) {
        const Rows rows = TRY(query(fmt::format(
            "{} LIMIT 1 OFFSET {}", keys_statement(relation, key, bounds, direction), passed)));
        if (rows.size() == 0) return std::optional<Key>{};
        return std::optional(key_in(key, rows, 0));
    }
    Result<std::vector<Key>> hop(const Relation& relation, const ChunkKey& key, const Walk& walk) {
        std::vector<Key> keys;
        std::optional<Key> from = walk.from;
        while (std::ssize(keys) < walk.keys_max) {
            auto next = TRY(one_key(relation, key, {.lower = from}, "ASC", walk.every));
            if (!next) break;
            from = next;
            keys.push_back(*std::move(next));
        }
        return keys;
    }
    /// Every key comes here.
    Result<std::vector<Key>> pass(const Relation& relation, const ChunkKey& key, const Walk& walk) {
        const std::int64_t every = std::max<std::int64_t>(walk.every, 1);
        std::string sql = keys_statement(relation, key, {.lower = walk.from}, "ASC");
        std::int64_t rows_max = 0;
        const bool is_bounded = !__builtin_mul_overflow(every, walk.keys_max, &rows_max) &&
                                !__builtin_add_overflow(rows_max, 1, &rows_max);
        if (is_bounded) sql += fmt::format(" LIMIT {}", rows_max);
        const StatementTimer timer(load_);
        mysql::RowStream rows = TRY(connection_.stream(sql));
        std::vector<Key> keys;
        // To the end, which the limit brings: a statement that is left has to be killed.
        for (std::int64_t passed = 0; TRY(rows.next()); ++passed) {
            const bool is_wanted = passed > 0 && passed % every == 0;
            if (!is_wanted || std::ssize(keys) >= walk.keys_max) continue;
            Key& values = keys.emplace_back();
            for (std::size_t i = 0; i < key.columns.size(); ++i) {
                const auto value = rows.field(i);
                values.push_back(value ? parts::key_value(key, i, *value) : KeyValue());
            }
        }
        return keys;
    }

    const Source* source_;
    Connection connection_;
    bool has_snapshot_ = false;
    bool is_gone_ = false;
    ReadPace pace_;
};

std::string version_text(unsigned long version) {
    return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

class MysqlDatabase final : public SourceDatabase {
  public:
    MysqlDatabase(Source source, mysql::ConnectOptions options, const Connection& probe)
        : source_(std::move(source)),
          options_(std::move(options)),
          identity_{probe.is_mariadb() ? "mariadb" : "mysql", version_text(probe.server_version()),
                    probe.place()} {}

    const DatabaseIdentity& identity() const override { return identity_; }

    Result<std::vector<std::unique_ptr<SourceSession>>> open_sessions(
        int count, Consistency consistency) override {
        warnings_.clear();
        Sessions sessions;
        for (int i = 0; i < count; ++i) {
            Connection connection = TRY(Connection::open(options_));
            sessions.push_back(std::make_unique<MysqlSession>(source_, std::move(connection)));
        }
        if (consistency == Consistency::Snapshot) TRY(begin_together(sessions));
        return std::vector<std::unique_ptr<SourceSession>>(
            std::make_move_iterator(sessions.begin()), std::make_move_iterator(sessions.end()));
    }

    std::vector<std::string> warnings() const override { return warnings_; }

    Result<std::unique_ptr<PressureGauge>> open_gauge(int sessions) override {
        return parts::open_gauge(options_, sessions);
    }

    /// Nothing that servers have moves with each commit and with nothing less. The position of the
    /// binary log takes a privilege and a log, and leaves out sessions and replicas that do not
    /// write to it; InnoDB's counter of transactions takes a privilege, stands still when a
    /// transaction that has begun commits (MySQL, inserts alone), and knows no other engine;
    /// update_time counts in seconds and is forgotten at a restart; counters of rows move before
    /// the commit.
    Result<std::optional<std::string>> state() override { return std::optional<std::string>(); }

    Result<Observations> examine(const SourceNeeds& needs) override {
        return parts::examine(options_, needs);
    }

  private:
    using Sessions = std::vector<std::unique_ptr<MysqlSession>>;

    /// While nobody can write, all sessions begin. Where that lock is not granted one session reads
    /// all: a single snapshot needs none.
    Status begin_together(Sessions& sessions) {
        std::optional<Connection> locker;
        if (sessions.size() > 1) {
            Connection connection = TRY(Connection::open(options_));
            const Status locked = lock_all(connection);
            if (!locked && locked.error().kind != ErrorClass::Failed) return locked;
            if (locked) {
                locker.emplace(std::move(connection));
            } else {
                warnings_.push_back(fmt::format(
                    "one worker reads all, because snapshots of several need a lock that was not "
                    "granted (grant RELOAD, or set source.consistency: chunk): {}",
                    locked.error().message));
                sessions.resize(1);
            }
        }
        for (const auto& session : sessions) TRY(session->begin_snapshot());
        return locker ? locker->exec("UNLOCK TABLES") : Status();
    }

    /// Statements that run keep the lock waiting, and the lock keeps all that come after it: it
    /// must not wait for long.
    Status lock_all(Connection& connection) const {
        constexpr std::chrono::seconds kWaitMax{10};
        const bool has_own = options_.lock_timeout.count() > 0 && options_.lock_timeout < kWaitMax;
        TRY(connection.exec(fmt::format("SET SESSION lock_wait_timeout = {}",
                                        (has_own ? options_.lock_timeout : kWaitMax).count())));
        auto locked = connection.exec("FLUSH TABLES WITH READ LOCK");
        if (!locked && locked.error().kind == ErrorClass::Retryable) {
            locked.error().hint =
                "statements run too long for a common snapshot: set source.consistency: chunk, or "
                "tuning.parallel: 1";
        }
        return locked;
    }

    Source source_;
    mysql::ConnectOptions options_;
    DatabaseIdentity identity_;
    std::vector<std::string> warnings_;
};

mysql::Tls tls_of(TlsMode mode) {
    switch (mode) {
        case TlsMode::Disable: return mysql::Tls::Disable;
        case TlsMode::Require: return mysql::Tls::Require;
        case TlsMode::VerifyCa: return mysql::Tls::VerifyCa;
        case TlsMode::VerifyFull: return mysql::Tls::VerifyFull;
    }
    std::unreachable();
}

mysql::ConnectOptions options_of(const Source& source, const StatementLimits& limits) {
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

Result<std::unique_ptr<SourceDatabase>> open_mysql(const Source& source,
                                                   const StatementLimits& limits) {
    mysql::ConnectOptions options = options_of(source, limits);
    const Connection probe = TRY(Connection::open(options));
    std::unique_ptr<SourceDatabase> database =
        std::make_unique<MysqlDatabase>(source, std::move(options), probe);
    return database;
}

}  // namespace trueup::extract
