#include "extract/ledger/migrations.h"

namespace trueup::extract {
namespace {

// Released steps are never edited; a change is a new step. docs/formats/ledger.md explains each
// table and changes with it.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE run (
    run_id       TEXT    NOT NULL PRIMARY KEY,
    export_name  TEXT    NOT NULL,
    prefix       TEXT    NOT NULL,
    plan_hash    TEXT    NOT NULL,
    plan_json    TEXT    NOT NULL,
    source_state TEXT    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('running', 'done', 'failed', 'abandoned')),
    started_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    generation   INTEGER NOT NULL CHECK (generation >= 1),
    resumes      INTEGER NOT NULL DEFAULT 0,
    rows         INTEGER NOT NULL DEFAULT 0,
    bytes        INTEGER NOT NULL DEFAULT 0,
    parts        INTEGER NOT NULL DEFAULT 0,
    error        TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX run_unfinished ON run (export_name, prefix)
    WHERE status IN ('running', 'failed');
CREATE INDEX run_newest ON run (export_name, started_at);

CREATE TABLE chunk (
    run_id        TEXT    NOT NULL REFERENCES run (run_id) ON DELETE CASCADE,
    chunk_id      INTEGER NOT NULL CHECK (chunk_id >= 1),
    ordinal       INTEGER NOT NULL,
    cut           INTEGER NOT NULL DEFAULT 0,
    kind          TEXT    NOT NULL,
    bounds        TEXT    NOT NULL,
    rows_expected INTEGER NOT NULL DEFAULT 0,
    status        TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'done', 'failed')),
    worker        TEXT    NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    rows          INTEGER NOT NULL DEFAULT 0,
    bytes         INTEGER NOT NULL DEFAULT 0,
    elapsed_us    INTEGER NOT NULL DEFAULT 0,
    last_error    TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, chunk_id)
) STRICT;
CREATE INDEX chunk_order ON chunk (run_id, ordinal, cut);
CREATE INDEX chunk_pending ON chunk (run_id, status, ordinal, cut);

CREATE TABLE part (
    run_id         TEXT    NOT NULL,
    path           TEXT    NOT NULL,
    chunk_id       INTEGER NOT NULL,
    rows           INTEGER NOT NULL CHECK (rows >= 0),
    bytes          INTEGER NOT NULL CHECK (bytes >= 0),
    sha256         TEXT    NOT NULL,
    column_digests TEXT    NOT NULL,
    row_digest     TEXT    NOT NULL,
    value_errors   INTEGER NOT NULL DEFAULT 0,
    status         TEXT    NOT NULL CHECK (status IN ('committed', 'superseded')),
    replaced_by    TEXT    NOT NULL DEFAULT '[]',
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    PRIMARY KEY (run_id, path),
    FOREIGN KEY (run_id, chunk_id) REFERENCES chunk (run_id, chunk_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX part_chunk ON part (run_id, chunk_id);

CREATE TABLE cursor (
    export_name TEXT    NOT NULL PRIMARY KEY,
    value       TEXT    NOT NULL,
    run_id      TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE schema_baseline (
    export_name TEXT    NOT NULL PRIMARY KEY,
    schema      TEXT    NOT NULL,
    run_id      TEXT    NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    event_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    export_name TEXT    NOT NULL,
    run_id      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    detail      TEXT    NOT NULL
) STRICT;
CREATE INDEX event_export ON event (export_name, event_id);
CREATE INDEX event_run ON event (run_id, event_id);

CREATE TABLE verification (
    verification_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    export_name     TEXT    NOT NULL,
    run_id          TEXT    NOT NULL,
    prefix          TEXT    NOT NULL,
    generation      INTEGER NOT NULL,
    command         TEXT    NOT NULL,
    evidence        TEXT    NOT NULL,
    verdict         TEXT    NOT NULL CHECK (verdict IN ('clean', 'differs', 'incomplete')),
    summary         TEXT    NOT NULL
) STRICT;
CREATE INDEX verification_export ON verification (export_name, verification_id);

CREATE TABLE verified_range (
    verification_id INTEGER NOT NULL REFERENCES verification (verification_id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    chunk_id        INTEGER NOT NULL,
    bounds          TEXT    NOT NULL,
    rows            INTEGER NOT NULL,
    PRIMARY KEY (verification_id, position)
) STRICT;

CREATE TABLE metric (
    run_id               TEXT    NOT NULL PRIMARY KEY,
    export_name          TEXT    NOT NULL,
    at                   INTEGER NOT NULL,
    rows                 INTEGER NOT NULL,
    bytes                INTEGER NOT NULL,
    bytes_read           INTEGER NOT NULL,
    chunks               INTEGER NOT NULL,
    parts                INTEGER NOT NULL,
    retries              INTEGER NOT NULL,
    workers              INTEGER NOT NULL,
    elapsed_us           INTEGER NOT NULL,
    longest_statement_us INTEGER NOT NULL,
    peak_rss_bytes       INTEGER NOT NULL,
    detail               TEXT    NOT NULL
) STRICT;
CREATE INDEX metric_export ON metric (export_name, at);

CREATE TABLE lease (
    prefix        TEXT    NOT NULL PRIMARY KEY,
    export_name   TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    token         TEXT    NOT NULL,
    pid           INTEGER NOT NULL,
    started_ticks INTEGER NOT NULL,
    host          TEXT    NOT NULL,
    boot_id       TEXT    NOT NULL,
    acquired_at   INTEGER NOT NULL,
    heartbeat_at  INTEGER NOT NULL
) STRICT;
)sql";

constexpr sqlite::Migration kMigrations[] = {
    {.version = 1, .sql = kVersion1},
};

// "trup" in ASCII.
constexpr sqlite::Schema kLedgerSchema{
    .noun = "trueup ledger", .application_id = 0x74727570, .migrations = kMigrations};

}  // namespace

const sqlite::Schema& ledger_schema() { return kLedgerSchema; }

}  // namespace trueup::extract
