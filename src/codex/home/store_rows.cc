#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "codex/home/store.h"
#include "sqlite/statement.h"

namespace trueup::codex {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
// So many rows are made room for at once; more of them grow by doubling.
constexpr std::int64_t kRowsReservedMax = 100'000;

// The places of the columns in the query of read_threads().
constexpr int kId = 0;
constexpr int kProvider = 1;
constexpr int kRolloutPath = 2;
constexpr int kUpdatedAt = 3;
constexpr int kArchived = 4;
constexpr int kTitle = 5;
constexpr int kCwd = 6;

using Columns = std::vector<std::string>;

/// Names of the columns of a table; empty when there is no such table.
Result<Columns> columns_of(sqlite::Connection& connection, std::string_view table) {
    auto statement =
        TRY(sqlite::Statement::prepare(connection, "SELECT name FROM pragma_table_info(?1)"));
    TRY(statement.bind({table}));
    Columns names;
    while (TRY(statement.step())) names.emplace_back(statement.column_text(0));
    return names;
}

bool has(const Columns& columns, std::string_view name) {
    return std::ranges::find(columns, name) != columns.end();
}

/// The columns of table threads, `wanted` among them.
Result<Columns> columns_of_threads(sqlite::Connection& connection,
                                   std::initializer_list<std::string_view> wanted) {
    Columns columns = TRY(columns_of(connection, "threads"));
    if (columns.empty()) {
        return fail(ErrorClass::Failed,
                    fmt::format("the store {} has no table threads", connection.path()));
    }
    for (const std::string_view name : wanted) {
        if (has(columns, name)) continue;
        return fail(ErrorClass::Failed,
                    fmt::format("the table threads of the store {} has no column {}",
                                connection.path(), name));
    }
    return columns;
}

/// The column, or NULL in its place.
std::string_view or_null(const Columns& columns, std::string_view name) {
    return has(columns, name) ? name : "NULL";
}

/// Nothing when it is no number: a text or a blob that stands in its place means nothing to us.
std::optional<std::int64_t> number_at(const sqlite::Statement& statement, int column) {
    const sqlite::ColumnType type = statement.column_type(column);
    if (type != sqlite::ColumnType::Integer && type != sqlite::ColumnType::Float) return {};
    return statement.column_int64(column);
}

ThreadRow row_of(const sqlite::Statement& statement, RowDetail detail, const PathText& path_text,
                 TextPool& pool) {
    ThreadRow row;
    row.id = statement.column_text(kId);
    const bool has_provider = statement.column_type(kProvider) != sqlite::ColumnType::Null;
    if (has_provider) row.provider = pool.of(statement.column_text(kProvider));
    const std::string_view path = statement.column_text(kRolloutPath);
    if (!path.empty()) row.rollout_path = path_text ? path_text(path) : SharedText(path);
    row.updated_at = number_at(statement, kUpdatedAt);
    row.is_archived = number_at(statement, kArchived).value_or(0) != 0;
    if (detail == RowDetail::Full) {
        row.title = statement.column_text(kTitle);
        row.cwd = pool.of(statement.column_text(kCwd));
    }
    return row;
}

std::string query_for(const Columns& columns, RowDetail detail) {
    std::string sql = fmt::format("SELECT id, model_provider, rollout_path, {}, {}",
                                  or_null(columns, "updated_at"), or_null(columns, "archived"));
    if (detail == RowDetail::Full) {
        sql += fmt::format(", {}, {}", or_null(columns, "title"), or_null(columns, "cwd"));
    }
    return sql + " FROM threads WHERE id IS NOT NULL";
}

}  // namespace

Result<std::vector<ThreadRow>> read_threads(sqlite::Connection& connection, RowDetail detail,
                                            const PathText& path_text) {
    const Columns columns =
        TRY(columns_of_threads(connection, {"id", "rollout_path", "model_provider"}));
    const std::int64_t rows_total = TRY(connection.query_int64("SELECT count(*) FROM threads"));
    auto statement = TRY(sqlite::Statement::prepare(connection, query_for(columns, detail)));
    TextPool pool;
    std::vector<ThreadRow> rows;
    rows.reserve(static_cast<std::size_t>(std::min(rows_total, kRowsReservedMax)));
    while (TRY(statement.step())) {
        if (rows.size() == static_cast<std::size_t>(kThreadsMax)) {
            return fail(ErrorClass::Failed, fmt::format("the store {} has more than {} threads",
                                                        connection.path(), kThreadsMax));
        }
        rows.push_back(row_of(statement, detail, path_text, pool));
    }
    return rows;
}

struct RowUpdater::Statements {
    sqlite::Connection* connection;
    sqlite::Statement change;
    sqlite::Statement look;
};

RowUpdater::RowUpdater(std::unique_ptr<Statements> statements)
    : statements_(std::move(statements)) {}
RowUpdater::RowUpdater(RowUpdater&&) noexcept = default;
RowUpdater& RowUpdater::operator=(RowUpdater&&) noexcept = default;
RowUpdater::~RowUpdater() = default;

Result<RowUpdater> RowUpdater::prepare(sqlite::Connection& connection) {
    TRY(columns_of_threads(connection, {"id", "model_provider"}));
    auto change = TRY(sqlite::Statement::prepare(
        connection,
        "UPDATE threads SET model_provider = ?1 WHERE id = ?2 AND model_provider IS ?3"));
    auto look = TRY(sqlite::Statement::prepare(
        connection, "SELECT model_provider IS ?1 FROM threads WHERE id = ?2"));
    return RowUpdater(
        std::make_unique<Statements>(Statements{&connection, std::move(change), std::move(look)}));
}

Result<RowUpdate> RowUpdater::update(std::string_view id, std::optional<std::string_view> before,
                                     std::optional<std::string_view> after) {
    auto& [connection, change, look] = *statements_;
    change.reset();
    TRY(change.bind({after, id, before}));
    TRY(change.finish());
    if (connection->changes() > 0) return RowUpdate::Changed;
    look.reset();
    TRY(look.bind({after, id}));
    const bool is_there = TRY(look.step());
    const bool is_right = !is_there || look.column_int64(0) != 0;
    look.reset();
    return is_right ? RowUpdate::AlreadyRight : RowUpdate::Foreign;
}

Result<std::vector<ProviderCount>> count_providers(sqlite::Connection& connection) {
    TRY(columns_of_threads(connection, {"id", "model_provider"}));
    auto statement = TRY(sqlite::Statement::prepare(
        connection, "SELECT model_provider, count(*) FROM threads GROUP BY 1 ORDER BY 2 DESC, 1"));
    std::vector<ProviderCount> counts;
    while (TRY(statement.step())) {
        counts.push_back({statement.column_optional_text(0), statement.column_int64(1)});
    }
    return counts;
}

Result<Backfill> read_backfill(sqlite::Connection& connection, UnixMicros now) {
    const Columns columns = TRY(columns_of(connection, "backfill_state"));
    Backfill backfill;
    if (!has(columns, "id") || !has(columns, "status")) return backfill;
    auto statement = TRY(sqlite::Statement::prepare(
        connection, fmt::format("SELECT status, {} FROM backfill_state WHERE id = 1",
                                or_null(columns, "updated_at"))));
    if (!TRY(statement.step())) return backfill;
    backfill.status = statement.column_optional_text(0);
    backfill.updated_at = number_at(statement, 1);
    if (backfill.status == "complete") return backfill;
    // Only a worker can be dead; "pending" waits for the next start of Codex.
    const bool is_dead = backfill.status == "running" && backfill.updated_at &&
                         *backfill.updated_at <= now / kMicrosPerSecond - kBackfillLease.count();
    backfill.state = is_dead ? BackfillState::Stale : BackfillState::Running;
    return backfill;
}

}  // namespace trueup::codex
