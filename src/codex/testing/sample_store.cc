#include "codex/testing/sample_store.h"

#include <fmt/format.h>

#include "base/file.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"
#include "sqlite/transaction.h"

namespace trueup::codex::testing {
namespace {

constexpr std::string_view kTable = R"(
CREATE TABLE threads (
    id TEXT PRIMARY KEY,
    rollout_path TEXT {null},
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    created_at_ms INTEGER,
    updated_at_ms INTEGER,
    source TEXT NOT NULL,
    thread_source TEXT,
    model_provider TEXT {null},
    cwd TEXT NOT NULL,
    title TEXT NOT NULL,
    sandbox_policy TEXT NOT NULL,
    approval_mode TEXT NOT NULL,
    tokens_used INTEGER NOT NULL DEFAULT 0,
    has_user_event INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    archived_at INTEGER,
    git_sha TEXT,
    git_branch TEXT,
    git_origin_url TEXT,
    cli_version TEXT NOT NULL DEFAULT '',
    first_user_message TEXT NOT NULL DEFAULT '',
    agent_nickname TEXT,
    agent_role TEXT,
    memory_mode TEXT NOT NULL DEFAULT 'enabled',
    model TEXT,
    reasoning_effort TEXT,
    agent_path TEXT,
    preview TEXT NOT NULL DEFAULT ''
);
)";

constexpr std::string_view kIndexes = R"(
CREATE INDEX threads_created ON threads(created_at DESC, id DESC);
CREATE INDEX threads_updated ON threads(updated_at DESC, id DESC);
CREATE INDEX threads_archived ON threads(archived);
CREATE INDEX threads_source ON threads(source);
CREATE INDEX threads_provider ON threads(model_provider);
CREATE INDEX threads_created_ms ON threads(created_at_ms DESC, id DESC);
CREATE INDEX threads_updated_ms ON threads(updated_at_ms DESC, id DESC);
CREATE INDEX threads_folder_created ON threads(archived, cwd, created_at_ms DESC, id DESC);
CREATE INDEX threads_folder_updated ON threads(archived, cwd, updated_at_ms DESC, id DESC);
CREATE INDEX threads_shown_created ON threads(archived, created_at_ms DESC) WHERE preview <> '';
CREATE INDEX threads_shown_updated ON threads(archived, updated_at_ms DESC) WHERE preview <> '';
)";

// For {c} created_at and updated_at.
constexpr std::string_view kTriggers = R"(
CREATE TRIGGER threads_{c}_new AFTER INSERT ON threads WHEN NEW.{c}_ms IS NULL BEGIN
    UPDATE threads SET {c}_ms = NEW.{c} * 1000 WHERE id = NEW.id;
END;
CREATE TRIGGER threads_{c}_moved AFTER UPDATE OF {c} ON threads
WHEN NEW.{c} <> OLD.{c} AND NEW.{c}_ms IS OLD.{c}_ms BEGIN
    UPDATE threads SET {c}_ms = NEW.{c} * 1000 WHERE id = NEW.id;
END;
)";

constexpr std::string_view kBackfill = R"(
CREATE TABLE backfill_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    status TEXT NOT NULL,
    last_watermark TEXT,
    last_success_at INTEGER,
    updated_at INTEGER NOT NULL
);
)";

constexpr std::string_view kInsert =
    "INSERT INTO threads(id, rollout_path, model_provider, created_at, updated_at, archived, "
    "title, "
    "cwd, source, sandbox_policy, approval_mode, first_user_message, preview) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'cli', 'workspace-write', 'on-request', 'hello', 'hello')";

sqlite::Connection open(const std::string& path) {
    return sqlite::Connection::open(path, {.mode = sqlite::OpenMode::ReadWriteCreate}).value();
}

void insert(sqlite::Connection& db, const std::vector<SampleRow>& rows) {
    auto statement = sqlite::Statement::prepare(db, kInsert).value();
    for (const SampleRow& row : rows) {
        statement
            .bind({row.id, row.rollout_path, row.provider, row.created_at, row.updated_at,
                   row.is_archived, row.title, row.cwd})
            .value();
        statement.finish().value();
        statement.reset();
    }
}

}  // namespace

void make_store(const std::string& path, const SampleStore& store) {
    make_directories(parent_path(path)).value();
    sqlite::Connection db = open(path);
    if (store.is_wal) db.use_wal().value();
    auto transaction = sqlite::Transaction::begin(db, sqlite::TransactionKind::Immediate).value();
    const std::string_view null = store.allows_null ? "" : "NOT NULL";
    db.exec(fmt::format(kTable, fmt::arg("null", null))).value();
    db.exec(kIndexes).value();
    for (const std::string_view column : {"created_at", "updated_at"}) {
        db.exec(fmt::format(kTriggers, fmt::arg("c", column))).value();
    }
    if (store.backfill) {
        db.exec(kBackfill).value();
        db.run("INSERT INTO backfill_state VALUES (1, ?, NULL, NULL, ?)",
               {store.backfill, store.backfill_updated_at})
            .value();
    }
    insert(db, store.rows);
    transaction.commit().value();
}

void run_sql(const std::string& path, const std::string& sql) { open(path).exec(sql).value(); }

std::map<std::string, std::optional<std::string>> providers_in(const std::string& path) {
    std::map<std::string, std::optional<std::string>> providers;
    sqlite::Connection db = open(path);
    auto statement =
        sqlite::Statement::prepare(db, "SELECT id, model_provider FROM threads").value();
    while (statement.step().value()) {
        providers.emplace(statement.column_text(0), statement.column_optional_text(1));
    }
    return providers;
}

std::string thread_id(int number) { return fmt::format("00000000-0000-4000-8000-{:012x}", number); }

}  // namespace trueup::codex::testing
