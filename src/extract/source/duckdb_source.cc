#include "extract/source/duckdb_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/signal.h"
#include "base/text.h"
#include "extract/source/duckdb_sql.h"
#include "extract/source/file_state.h"
#include "extract/source/relation.h"
#include "extract/source/timed_reader.h"

namespace trueup::extract {
namespace {

using columnar::quote_name;
using columnar::quote_text;
using columnar::TextRow;
namespace sql = duckdb_source;

/// A DuckDB file begins with a checksum, "DUCK", and two headers of 4 KiB that take turns
/// (https://duckdb.org/docs/internals/storage).
constexpr std::size_t kHeadBytes = 12'288;

/// Every row of one chunk. Behind the columns stands a count of values that were made NULL.
class DuckDbReader final : public ChunkReader {
  public:
    DuckDbReader(std::unique_ptr<columnar::RowStream> stream, std::string relation,
                 std::size_t columns)
        : stream_(std::move(stream)),
          relation_(std::move(relation)),
          wide_(columnar::types_of(stream_->columns())) {
        CHECK(wide_.columns().size() == columns + 1);
    }

    Result<bool> is_at_end() override {
        auto at_end = stream_->is_at_end();
        if (!at_end) return in_context(std::move(at_end).error(), relation_);
        return at_end;
    }

    Status next(columnar::Batch& batch) override {
        TRY(check_interrupt());
        wide_.clear();
        // The stream fills the caller's columns, and one of ours for the count.
        auto& ours = wide_.columns();
        for (std::size_t i = 0; i + 1 < ours.size(); ++i) {
            std::swap(ours[i], batch.columns()[i]);
        }
        Status status = stream_->next(wide_);
        for (std::size_t i = 0; i + 1 < ours.size(); ++i) {
            std::swap(ours[i], batch.columns()[i]);
        }
        if (!status) return in_context(std::move(status).error(), relation_);
        const auto* nulled = ours.back().values<std::int32_t>();
        for (std::size_t row = 0; row < wide_.rows(); ++row) values_nulled_ += nulled[row];
        batch.set_rows(wide_.rows());
        return {};
    }
    std::optional<Key> stopped_at() const override { return std::nullopt; }
    std::int64_t values_nulled() const override { return values_nulled_; }

  private:
    std::unique_ptr<columnar::RowStream> stream_;
    std::string relation_;
    columnar::Batch wide_;
    std::int64_t values_nulled_ = 0;
};

class DuckDbSession final : public SourceSession {
  public:
    explicit DuckDbSession(std::unique_ptr<columnar::Session> session)
        : session_(std::move(session)) {
        load_.connections = 1;
    }

    Result<std::vector<TableListing>> list_tables() override {
        std::vector<TableListing> tables;
        for (const TextRow& row : TRY(session_->texts(
                 "SELECT schema_name, table_name, 'table' FROM duckdb_tables() WHERE "
                 "database_name = 'source' AND NOT internal UNION ALL SELECT schema_name, "
                 "view_name, 'view' FROM duckdb_views() WHERE database_name = 'source' AND NOT "
                 "internal ORDER BY ALL"))) {
            const std::string schema = row.at(0).value_or("");
            tables.push_back({{schema == "main" ? "" : schema, row.at(1).value_or("")},
                              row.at(2) == "view",
                              schema});
        }
        return tables;
    }

    Result<Relation> describe(const Export& wanted) override {
        Relation relation;
        if (wanted.query) {
            relation.name = "query";
            relation.from_sql = fmt::format("({}\n)", inner_query(*wanted.query));
        } else {
            TRY(find_table(*wanted.table, relation));
        }
        const auto columns = session_->describe("SELECT * FROM " + relation.from_sql);
        if (!columns) {
            Error error = columns.error();
            if (error.kind == ErrorClass::Failed) error.kind = ErrorClass::Config;
            return in_context(std::move(error), relation.name);
        }
        for (const auto& [name, type] : *columns) {
            relation.columns.push_back({.name = name, .source_type = type});
        }
        TRY(type_columns(wanted, relation));
        if (relation.is_table) TRY(find_keys(relation));
        return relation;
    }

    Result<ChunkKey> key_of(const Relation& relation,
                            const std::vector<std::string>& columns) override {
        for (const ChunkKey& known : relation.keys) {
            if (known.columns == columns) return known;
        }
        ChunkKey key = TRY(key_of_columns(relation, columns));
        key.collations.assign(columns.size(), "BINARY");
        for (const ChunkKey& known : relation.keys) {
            if (known.columns == key.columns) return known;
        }
        return key;
    }

    Result<bool> has_null_keys(const Relation& relation, const ChunkKey& key) override {
        Bounds nulls;
        nulls.is_null_keys = true;
        const auto found = TRY(texts(fmt::format("SELECT 1 FROM {}{} LIMIT 1", relation.from_sql,
                                                 sql::where_of(key, nulls))));
        return !found.empty();
    }
    Result<std::optional<Key>> first_key(const Relation& relation, const ChunkKey& key,
                                         const std::optional<Key>& from) override {
        return edge(relation, key, {.lower = from}, "ASC");
    }
    Result<std::optional<Key>> last_key(const Relation& relation, const ChunkKey& key) override {
        return edge(relation, key, {}, "DESC");
    }
    Result<std::vector<Key>> walk_keys(const Relation& relation, const ChunkKey& key,
                                       const Walk& walk) override {
        const auto rows = TRY(texts(fmt::format(
            "SELECT {0} FROM (SELECT *, row_number() OVER ({1}) - 1 AS trueup_passed FROM (SELECT "
            "{2} FROM {3}{4})) WHERE trueup_passed > 0 AND trueup_passed % {5} = 0 ORDER BY "
            "trueup_passed LIMIT {6}",
            projections(key), sql::order_of(key, "ASC"), fmt::join(sql::key_names(key), ", "),
            relation.from_sql, sql::where_of(key, {.lower = walk.from}), walk.every,
            walk.keys_max)));
        std::vector<Key> keys;
        keys.reserve(rows.size());
        for (const TextRow& row : rows) keys.push_back(key_in(key, row));
        return keys;
    }
    Result<bool> sorts_before(const Relation& /*relation*/, const ChunkKey& key, const Key& left,
                              const Key& right) override {
        const auto rows = TRY(texts(fmt::format("SELECT {} < {}", sql::literal_tuple(key, left),
                                                sql::literal_tuple(key, right))));
        return rows.at(0).at(0) == "true";
    }
    Result<std::int64_t> count(const Relation& relation, const ChunkKey* key,
                               const Bounds& bounds) override {
        const StatementTimer timer(load_);
        return session_->number(fmt::format("SELECT count(*) FROM {}{}", relation.from_sql,
                                            key == nullptr ? "" : sql::where_of(*key, bounds)));
    }
    Result<std::unique_ptr<ChunkReader>> read(const ReadRequest& request) override {
        const Relation& relation = *request.relation;
        std::vector<std::string> selected;
        std::string nulled = "0";
        for (const SourceColumn& column : relation.columns) {
            selected.push_back(sql::projection_of(relation, column));
            if (column.on_value_error == OnValueError::Null) {
                nulled += fmt::format(" + CAST({} AS INTEGER)", sql::misfit_of(column));
            }
        }
        const std::string statement =
            fmt::format("SELECT {}, CAST({} AS INTEGER) FROM {}{}", fmt::join(selected, ", "),
                        nulled, relation.from_sql,
                        request.key == nullptr ? "" : sql::where_of(*request.key, request.bounds));
        return timed(load_, [&] { return open_reader(statement, relation); });
    }

    Result<Observations> examine(const Relation& relation) override {
        const auto rows =
            session_->texts(fmt::format("SELECT * FROM {} LIMIT 0", relation.from_sql));
        if (!rows) return Observations{failure("access", rows.error())};
        return Observations{fine("access", fmt::format("{} can be read", relation.name))};
    }

  private:
    Result<std::unique_ptr<ChunkReader>> open_reader(const std::string& statement,
                                                     const Relation& relation) {
        auto stream = session_->query(statement);
        if (!stream) return in_context(std::move(stream).error(), relation.name);
        std::unique_ptr<ChunkReader> reader = std::make_unique<DuckDbReader>(
            *std::move(stream), relation.name, relation.columns.size());
        return reader;
    }
    Result<std::vector<TextRow>> texts(const std::string& sql) {
        const StatementTimer timer(load_);
        return session_->texts(sql);
    }
    Status find_table(const TableName& wanted, Relation& relation) {
        const std::string schema = wanted.schema.empty() ? "main" : wanted.schema;
        std::vector<std::string> names;
        for (const TextRow& row : TRY(session_->texts(
                 "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() WHERE "
                 "database_name = 'source' UNION ALL SELECT schema_name, view_name, NULL FROM "
                 "duckdb_views() WHERE database_name = 'source' AND NOT internal ORDER BY ALL"))) {
            const std::string name = row.at(1).value_or("");
            if (lower_ascii(*row.at(0)) != lower_ascii(schema)) continue;
            names.push_back(name);
            if (lower_ascii(name) != lower_ascii(wanted.name)) continue;
            relation.name = name;
            relation.from_sql =
                fmt::format("source.{}.{}", quote_name(*row.at(0)), quote_name(name));
            relation.is_table = row.at(2).has_value();
            if (row.at(2)) relation.rows_estimate = parse_int64(*row.at(2));
            schema_ = *row.at(0);
            return {};
        }
        return fail(ErrorClass::Config,
                    fmt::format("the source has no table or view \"{}\"{}", wanted.name,
                                did_you_mean(wanted.name, names)),
                    names.empty() ? fmt::format("its schema {} has no tables", schema)
                                  : fmt::format("it has: {}", fmt::join(names, ", ")));
    }

    static Status type_columns(const Export& wanted, Relation& relation) {
        TRY(check_overrides(wanted, relation));
        for (SourceColumn& column : relation.columns) TRY(type_column(wanted, relation, column));
        return {};
    }
    static Status type_column(const Export& wanted, const Relation& relation,
                              SourceColumn& column) {
        sql::Typing typing = sql::typing_of(column.source_type);
        const columnar::Type in_parts = type_in_parts(wanted, typing.type);
        if (in_parts != typing.type) typing = {in_parts, Fidelity::Text};
        if (const ColumnOverride* const own = override_of(wanted, column)) {
            column.on_value_error = own->on_value_error;
            const bool is_list = column.source_type.ends_with(']');
            const auto type =
                TRY(type_of(wanted, relation, column, is_list ? Shape::List : Shape::Single));
            if (type && *type != typing.type) typing = {*type, Fidelity::Compatible};
            column.note = "as the configuration says";
        }
        if (column.on_value_error == OnValueError::Text) {
            typing = {{columnar::TypeId::Varchar}, Fidelity::Text};
        }
        column.type = typing.type;
        column.fidelity = typing.fidelity;
        return {};
    }

    Status find_keys(Relation& relation) {
        const std::string of_table =
            fmt::format("database_name = 'source' AND schema_name = {} AND table_name = {}",
                        quote_text(schema_), quote_text(relation.name));
        TRY(find_not_null(of_table, relation));
        TRY(find_constraints("PRIMARY KEY", of_table, relation));
        TRY(find_constraints("UNIQUE", of_table, relation));
        if (find_column(relation, "rowid") == nullptr) {
            relation.keys.push_back({.columns = {"rowid"},
                                     .is_physical = true,
                                     .is_unique = true,
                                     .types = {"BIGINT"},
                                     .collations = {"BINARY"}});
        }
        return {};
    }
    Status find_not_null(const std::string& of_table, Relation& relation) {
        const auto rows = TRY(session_->texts(
            "SELECT column_name FROM duckdb_columns() WHERE NOT is_nullable AND " + of_table));
        for (SourceColumn& column : relation.columns) {
            const bool is_listed = std::ranges::any_of(
                rows, [&column](const TextRow& row) { return row.at(0) == column.name; });
            if (is_listed) column.is_nullable = false;
        }
        return {};
    }
    /// Those of a kind that no row can leave out.
    Status find_constraints(std::string_view kind, const std::string& of_table,
                            Relation& relation) {
        const auto rows = TRY(session_->texts(
            fmt::format("SELECT array_to_string(constraint_column_names, chr(31)) FROM "
                        "duckdb_constraints() WHERE constraint_type = '{}' AND {}",
                        kind, of_table)));
        for (const TextRow& row : rows) {
            const std::string joined = row.at(0).value_or("");
            const auto parts = split(joined, '\x1f');
            ChunkKey key = TRY(key_of(relation, {parts.begin(), parts.end()}));
            key.is_unique = true;
            key.is_primary = kind == "PRIMARY KEY";
            if (!key.may_be_null) relation.keys.push_back(std::move(key));
        }
        return {};
    }

    static std::string projections(const ChunkKey& key) {
        std::vector<std::string> all;
        all.reserve(key.columns.size());
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            all.push_back(sql::key_projection(key, i));
        }
        return fmt::format("{}", fmt::join(all, ", "));
    }
    static Key key_in(const ChunkKey& key, const TextRow& row) {
        Key values;
        for (std::size_t i = 0; i < key.columns.size(); ++i) {
            values.push_back(row.at(i) ? sql::key_value(key, i, *row.at(i)) : KeyValue{});
        }
        return values;
    }
    Result<std::optional<Key>> edge(const Relation& relation, const ChunkKey& key,
                                    const Bounds& bounds, std::string_view direction) {
        const auto rows = TRY(
            texts(fmt::format("SELECT {} FROM {}{}{} LIMIT 1", projections(key), relation.from_sql,
                              sql::where_of(key, bounds), sql::order_of(key, direction))));
        if (rows.empty()) return std::optional<Key>{};
        return std::optional(key_in(key, rows.front()));
    }

    std::unique_ptr<columnar::Session> session_;
    std::string schema_ = "main";
};

class DuckDbDatabase final : public SourceDatabase {
  public:
    DuckDbDatabase(std::unique_ptr<columnar::Engine> engine, const std::string& path)
        : engine_(std::move(engine)),
          path_(path),
          identity_{"duckdb", columnar::Engine::version(), path} {}

    const DatabaseIdentity& identity() const override { return identity_; }
    Result<std::vector<std::unique_ptr<SourceSession>>> open_sessions(
        int count, Consistency /*consistency*/) override {
        std::vector<std::unique_ptr<SourceSession>> sessions;
        for (int i = 0; i < count; ++i) {
            auto session = TRY(engine_->connect());
            TRY(session->execute("USE source"));
            sessions.push_back(std::make_unique<DuckDbSession>(std::move(session)));
        }
        return sessions;
    }
    Result<std::optional<std::string>> state() override {
        const WatchedFile files[] = {{path_, kHeadBytes}, {path_ + ".wal", kHeadBytes}};
        return state_of_files(files);
    }
    Result<Observations> examine(const SourceNeeds& /*needs*/) override {
        return Observations{fine("server", "DuckDB " + identity_.version),
                            fine("encoding", "UTF-8"),
                            fine("journal", "the file is locked: nobody writes while a run reads")};
    }

  private:
    std::unique_ptr<columnar::Engine> engine_;
    std::string path_;
    DatabaseIdentity identity_;
};

}  // namespace

Result<std::unique_ptr<SourceDatabase>> open_duckdb(const Source& source) {
    const auto info = TRY(file_info(source.path));
    if (!info) {
        return fail(ErrorClass::Failed, fmt::format("there is no database file {}", source.path));
    }
    auto engine = TRY(columnar::Engine::open({}));
    const auto session = TRY(engine->connect());
    const auto attached = session->execute(
        fmt::format("ATTACH {} AS source (TYPE duckdb, READ_ONLY)", quote_text(source.path)));
    if (!attached) return in_context(attached.error(), source.path);
    std::unique_ptr<SourceDatabase> database =
        std::make_unique<DuckDbDatabase>(std::move(engine), source.path);
    return database;
}

}  // namespace trueup::extract
