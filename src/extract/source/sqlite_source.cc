#include "extract/source/sqlite_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "extract/source/file_state.h"
#include "extract/source/sqlite_parts.h"
#include "extract/source/timed_reader.h"

namespace trueup::extract {
namespace {

namespace parts = sqlite_source;

class SqliteSession final : public SourceSession {
  public:
    explicit SqliteSession(sqlite::Connection connection) : connection_(std::move(connection)) {
        load_.connections = 1;
    }
    sqlite::Connection& connection() { return connection_; }

    Result<std::vector<TableListing>> list_tables() override {
        return parts::list_tables(connection_);
    }
    Result<Relation> describe(const Export& wanted) override {
        return parts::describe(connection_, wanted);
    }
    Result<ChunkKey> key_of(const Relation& relation,
                            const std::vector<std::string>& columns) override {
        return parts::key_of(connection_, relation, columns);
    }
    Result<bool> has_null_keys(const Relation& relation, const ChunkKey& key) override {
        Bounds nulls;
        nulls.is_null_keys = true;
        const auto found = TRY(one_key(relation, key, parts::predicate_of(key, nulls), ""));
        return found.has_value();
    }
    Result<std::optional<Key>> first_key(const Relation& relation, const ChunkKey& key,
                                         const std::optional<Key>& from) override {
        return one_key(relation, key, parts::predicate_of(key, {.lower = from}),
                       parts::order_of(key));
    }
    Result<std::optional<Key>> last_key(const Relation& relation, const ChunkKey& key) override {
        const auto columns = parts::key_expressions(key);
        return one_key(relation, key, parts::predicate_of(key, {}),
                       fmt::format(" ORDER BY {} DESC", fmt::join(columns, " DESC, ")));
    }
    Result<std::vector<Key>> walk_keys(const Relation& relation, const ChunkKey& key,
                                       const Walk& walk) override {
        const StatementTimer timer(load_);
        const auto predicate = parts::predicate_of(key, {.lower = walk.from});
        sqlite::Statement keys = TRY(select_key(relation, key, predicate, parts::order_of(key)));
        std::vector<Key> found;
        // The statement stands on row `passed` (from 0) after `passed` + 1 steps.
        for (std::int64_t passed = 0; std::ssize(found) < walk.keys_max; ++passed) {
            if (!TRY(keys.step())) break;
            if (passed == 0 || passed % walk.every != 0) continue;
            found.push_back(parts::key_at(keys, 0, key.columns.size()));
        }
        return found;
    }
    Result<bool> sorts_before(const Relation& /*relation*/, const ChunkKey& key, const Key& left,
                              const Key& right) override {
        return parts::sorts_before(connection_, key, left, right);
    }
    Result<std::int64_t> count(const Relation& relation, const ChunkKey* key,
                               const Bounds& bounds) override {
        const StatementTimer timer(load_);
        parts::Predicate predicate;
        if (key != nullptr) predicate = parts::predicate_of(*key, bounds);
        sqlite::Statement statement = TRY(sqlite::Statement::prepare(
            connection_,
            fmt::format("SELECT count(*) FROM {}{}", relation.from_sql, predicate.sql)));
        TRY(parts::bind_values(statement, predicate.values));
        TRY(statement.step());
        return statement.column_int64(0);
    }
    Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& request) override {
        return timed(load_, [&] { return parts::open_reader(connection_, request); });
    }
    Result<Observations> examine(const Relation& relation) override {
        auto statement = sqlite::Statement::prepare(
            connection_, fmt::format("SELECT * FROM {} LIMIT 0", relation.from_sql));
        if (!statement) return Observations{failure("access", statement.error())};
        const auto stepped = statement->step();
        if (!stepped) return Observations{failure("access", stepped.error())};
        return Observations{fine("access", fmt::format("{} can be read", relation.name))};
    }

  private:
    Result<sqlite::Statement> select_key(const Relation& relation, const ChunkKey& key,
                                         const parts::Predicate& predicate,
                                         std::string_view suffix) {
        sqlite::Statement statement = TRY(sqlite::Statement::prepare(
            connection_,
            fmt::format("SELECT {} FROM {}{}{}", fmt::join(parts::key_expressions(key), ", "),
                        relation.from_sql, predicate.sql, suffix)));
        TRY(parts::bind_values(statement, predicate.values));
        return statement;
    }
    Result<std::optional<Key>> one_key(const Relation& relation, const ChunkKey& key,
                                       const parts::Predicate& predicate,
                                       const std::string& order) {
        const StatementTimer timer(load_);
        sqlite::Statement statement = TRY(select_key(relation, key, predicate, order + " LIMIT 1"));
        if (!TRY(statement.step())) return std::optional<Key>{};
        return std::optional(parts::key_at(statement, 0, key.columns.size()));
    }

    sqlite::Connection connection_;
};

/// What of a database file changes with every commit. In rollback mode that is the change counter
/// in the header (https://sqlite.org/fileformat2.html, 1.3.7); in WAL mode a commit appends frames
/// to the log, or starts it over under another salt (4.1).
constexpr std::size_t kDatabaseHeaderBytes = 100;
constexpr std::size_t kWalHeaderBytes = 32;

class SqliteDatabase final : public SourceDatabase {
  public:
    explicit SqliteDatabase(std::string path)
        : path_(std::move(path)), identity_{"sqlite", sqlite3_libversion(), path_} {}

    const DatabaseIdentity& identity() const override { return identity_; }

    Result<std::vector<std::unique_ptr<SourceSession>>> open_sessions(
        int count, Consistency consistency) override {
        std::vector<std::unique_ptr<SqliteSession>> sessions;
        for (int i = 0; i < count; ++i) {
            sqlite::Connection connection = TRY(connect());
            sessions.push_back(std::make_unique<SqliteSession>(std::move(connection)));
        }
        if (consistency == Consistency::Snapshot) TRY(begin_together(sessions));
        return std::vector<std::unique_ptr<SourceSession>>(
            std::make_move_iterator(sessions.begin()), std::make_move_iterator(sessions.end()));
    }

    Result<std::optional<std::string>> state() override {
        const WatchedFile files[] = {{path_, kDatabaseHeaderBytes},
                                     {path_ + "-wal", kWalHeaderBytes}};
        return state_of_files(files);
    }

    Result<Observations> examine(const SourceNeeds& /*needs*/) override {
        sqlite::Connection connection = TRY(connect());
        const std::string encoding = TRY(text_of(connection, "PRAGMA encoding"));
        const std::string journal = TRY(text_of(connection, "PRAGMA journal_mode"));
        Observations observations = {
            fine("server", "SQLite " + identity_.version),
            fine("encoding",
                 encoding == "UTF-8" ? encoding : encoding + ", which SQLite turns into UTF-8")};
        observations.push_back(journal == "wal"
                                   ? fine("journal", "wal: writers go on while a run reads")
                                   : warning("journal",
                                             journal + ": writers wait for as long as a run reads",
                                             "PRAGMA journal_mode = wal, once, lets them go on"));
        return observations;
    }

  private:
    static Result<std::string> text_of(sqlite::Connection& connection, std::string_view sql) {
        sqlite::Statement statement = TRY(sqlite::Statement::prepare(connection, sql));
        if (!TRY(statement.step())) return std::string();
        return std::string(statement.column_text(0));
    }
    Result<sqlite::Connection> connect() {
        sqlite::Connection connection =
            TRY(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::ReadOnly}));
        TRY(connection.exec("PRAGMA query_only = ON; PRAGMA cache_size = -8192"));
        return connection;
    }

    using Sessions = std::vector<std::unique_ptr<SqliteSession>>;

    static Status exec_in_all(const Sessions& sessions, std::string_view sql) {
        for (const auto& session : sessions) TRY(session->connection().exec(sql));
        return {};
    }

    /// Every session takes its read lock; if nobody committed between the first and the last, all
    /// of them see one state. `data_version` of a connection changes when another one committed.
    Status begin_together(const Sessions& sessions) {
        constexpr int kAttemptsMax = 100;
        sqlite::Connection control = TRY(connect());
        for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
            const std::int64_t before = TRY(control.query_int64("PRAGMA data_version"));
            TRY(exec_in_all(sessions, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1"));
            const std::int64_t after = TRY(control.query_int64("PRAGMA data_version"));
            if (before == after) return {};
            TRY(exec_in_all(sessions, "ROLLBACK"));
        }
        return fail(
            ErrorClass::Retryable,
            fmt::format("{}: writers commit so often that no common snapshot could be taken",
                        path_),
            "set source.consistency: chunk, or tuning.parallel: 1");
    }

    std::string path_;
    DatabaseIdentity identity_;
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_sqlite(const Source& source) {
    const auto info = TRY(file_info(source.path));
    if (!info) {
        return fail(ErrorClass::Failed, fmt::format("there is no database file {}", source.path));
    }
    // Says at once, and once, when the file is no database.
    auto probe = sqlite::Connection::open(source.path, {.mode = sqlite::OpenMode::ReadOnly});
    if (!probe) {
        Error error = std::move(probe).error();
        // Nothing was compared yet: a source that cannot be read is no difference of data.
        if (error.kind == ErrorClass::Integrity) error.kind = ErrorClass::Failed;
        return std::unexpected(std::move(error));
    }
    std::unique_ptr<SourceDatabase> database = std::make_unique<SqliteDatabase>(source.path);
    return database;
}

}  // namespace trueup::extract
