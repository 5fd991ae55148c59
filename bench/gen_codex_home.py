#!/usr/bin/env python3
"""Fabricate a Codex home (state DB + rollout JSONL files) for tests and timings.

Deterministic for a given --seed.  Everything written is synthetic.

Examples
  gen_codex_home.py --home DIR --threads 20000 --mismatch 1.0 --pad 1.0
  gen_codex_home.py --home DIR --threads 50 --stores cli,app --paginated 0.2

The generated tree:
  DIR/config.toml                              model_provider = <target>
  DIR/state_5.sqlite                           (--stores cli)
  DIR/sqlite/state_5.sqlite                    (--stores app)
  DIR/<configured>/state_5.sqlite              (--stores configured)
  DIR/sessions/YYYY/MM/DD/rollout-<ts>-<uuid>.jsonl
  DIR/archived_sessions/rollout-<ts>-<uuid>.jsonl   (--archived fraction)
A summary of what was written is printed as one JSON object.
"""

import argparse
import datetime as dt
import json
import os
import random
import sqlite3
import sys
import uuid

COLUMNS = [
    ("id", "TEXT PRIMARY KEY"),
    ("rollout_path", "TEXT NOT NULL"),
    ("created_at", "INTEGER NOT NULL"),
    ("updated_at", "INTEGER NOT NULL"),
    ("created_at_ms", "INTEGER"),
    ("updated_at_ms", "INTEGER"),
    ("source", "TEXT NOT NULL"),
    ("thread_source", "TEXT"),
    ("model_provider", "TEXT NOT NULL"),
    ("cwd", "TEXT NOT NULL"),
    ("title", "TEXT NOT NULL"),
    ("sandbox_policy", "TEXT NOT NULL"),
    ("approval_mode", "TEXT NOT NULL"),
    ("tokens_used", "INTEGER NOT NULL DEFAULT 0"),
    ("has_user_event", "INTEGER NOT NULL DEFAULT 0"),
    ("archived", "INTEGER NOT NULL DEFAULT 0"),
    ("archived_at", "INTEGER"),
    ("git_sha", "TEXT"),
    ("git_branch", "TEXT"),
    ("git_origin_url", "TEXT"),
    ("cli_version", "TEXT NOT NULL DEFAULT ''"),
    ("first_user_message", "TEXT NOT NULL DEFAULT ''"),
    ("agent_nickname", "TEXT"),
    ("agent_role", "TEXT"),
    ("memory_mode", "TEXT NOT NULL DEFAULT 'enabled'"),
    ("model", "TEXT"),
    ("reasoning_effort", "TEXT"),
    ("agent_path", "TEXT"),
    ("preview", "TEXT NOT NULL DEFAULT ''"),
]

INDEXES = [
    "idx_threads_created_at ON threads(created_at DESC, id DESC)",
    "idx_threads_updated_at ON threads(updated_at DESC, id DESC)",
    "idx_threads_archived ON threads(archived)",
    "idx_threads_source ON threads(source)",
    "idx_threads_provider ON threads(model_provider)",
    "idx_threads_created_at_ms ON threads(created_at_ms DESC, id DESC)",
    "idx_threads_updated_at_ms ON threads(updated_at_ms DESC, id DESC)",
    "idx_threads_archived_cwd_created_at_ms ON threads(archived, cwd, created_at_ms DESC, id DESC)",
    "idx_threads_archived_cwd_updated_at_ms ON threads(archived, cwd, updated_at_ms DESC, id DESC)",
    "idx_threads_visible_created_at_ms ON threads(archived, created_at_ms DESC) WHERE preview <> ''",
    "idx_threads_visible_updated_at_ms ON threads(archived, updated_at_ms DESC) WHERE preview <> ''",
]


def make_db(path, wal, backfill):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    con = sqlite3.connect(path)
    if wal:
        con.execute("PRAGMA journal_mode=WAL")
    con.execute("CREATE TABLE threads (%s)" % ", ".join("%s %s" % c for c in COLUMNS))
    for spec in INDEXES:
        con.execute("CREATE INDEX " + spec)
    for col in ("created_at", "updated_at"):
        con.execute(
            "CREATE TRIGGER threads_%s_ms_after_insert AFTER INSERT ON threads "
            "WHEN NEW.%s_ms IS NULL BEGIN UPDATE threads SET %s_ms = NEW.%s * 1000 "
            "WHERE id = NEW.id; END" % (col, col, col, col)
        )
        con.execute(
            "CREATE TRIGGER threads_%s_ms_after_update AFTER UPDATE OF %s ON threads "
            "WHEN NEW.%s != OLD.%s AND NEW.%s_ms IS OLD.%s_ms BEGIN UPDATE threads "
            "SET %s_ms = NEW.%s * 1000 WHERE id = NEW.id; END"
            % (col, col, col, col, col, col, col, col)
        )
    if backfill:
        con.execute(
            "CREATE TABLE backfill_state (id INTEGER PRIMARY KEY CHECK (id = 1), "
            "status TEXT NOT NULL, last_watermark TEXT, last_success_at INTEGER, "
            "updated_at INTEGER NOT NULL)"
        )
        con.execute("INSERT INTO backfill_state VALUES (1, ?, NULL, NULL, 0)", (backfill,))
    con.commit()
    return con


WORDS = (
    "agent tool plan patch review sandbox policy workspace write read file shell "
    "command output concise answer user project repository test build commit branch "
    "explain error context model token rollout session thread history provider"
).split()


def prose(rng, nbytes):
    out, n = [], 0
    while n < nbytes:
        w = rng.choice(WORDS)
        out.append(w)
        n += len(w) + 1
    return " ".join(out)[:nbytes]


def first_line(rng, tid, when, provider, want, paginated):
    payload = {
        "id": tid,
        "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "cwd": "/srv/project-%03d" % rng.randrange(200),
        "originator": rng.choice(["codex_cli_rs", "codex_vscode", "codex_app"]),
        "cli_version": "0.%d.0" % rng.randrange(100, 150),
        "source": rng.choice(["cli", "vscode", "exec"]),
        "model_provider": provider,
    }
    if paginated:
        payload["history_mode"] = "paginated"
    payload["base_instructions"] = {"text": ""}
    payload["git"] = {"commit_hash": "%040x" % rng.getrandbits(160), "branch": "main"}
    line = {"timestamp": payload["timestamp"], "type": "session_meta", "payload": payload}
    size = len(json.dumps(line, separators=(",", ":")))
    if want > size:
        payload["base_instructions"]["text"] = prose(rng, want - size)
    return json.dumps(line, separators=(",", ":"))


def body(rng, nbytes, when):
    out, n, i = [], 0, 0
    ts = when.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    while n < nbytes:
        kind = "user_message" if i % 2 == 0 else "agent_message"
        rec = {
            "timestamp": ts,
            "type": "event_msg",
            "payload": {"type": kind, "message": prose(rng, min(900, max(20, nbytes - n)))},
        }
        s = json.dumps(rec, separators=(",", ":")) + "\n"
        out.append(s)
        n += len(s)
        i += 1
    return "".join(out)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--home", required=True)
    ap.add_argument("--threads", type=int, default=20000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--target", default="openai", help="provider written to config.toml")
    ap.add_argument("--others", default="cong,azure-prod,ollama", help="providers of mismatched threads")
    ap.add_argument("--mismatch", type=float, default=1.0, help="fraction of threads not in the target bucket")
    ap.add_argument("--first-min", type=int, default=500)
    ap.add_argument("--first-max", type=int, default=2000)
    ap.add_argument("--small-body", type=int, default=300, help="body bytes of ordinary rollouts")
    ap.add_argument("--big-fraction", type=float, default=0.2, help="fraction with a big body")
    ap.add_argument("--big-min", type=int, default=20_000)
    ap.add_argument("--big-max", type=int, default=80_000)
    ap.add_argument("--pad", type=float, default=1.0, help="fraction of first lines that carry trailing spaces")
    ap.add_argument("--pad-bytes", type=int, default=256)
    ap.add_argument("--paginated", type=float, default=0.0)
    ap.add_argument("--archived", type=float, default=0.0)
    ap.add_argument("--missing", type=float, default=0.0, help="fraction of rows whose rollout file is not created")
    ap.add_argument("--stores", default="cli", help="comma list of cli, app, configured (all get every row)")
    ap.add_argument("--configured-dir", default="custom-state")
    ap.add_argument("--age", type=int, default=86400, help="seconds the newest rollout mtime lies in the past")
    ap.add_argument("--rollback-journal", action="store_true", help="do not switch the DB to WAL")
    ap.add_argument("--backfill", default="complete", help="backfill_state.status, or '' for no table")
    a = ap.parse_args()

    rng = random.Random(a.seed)
    home = os.path.abspath(a.home)
    os.makedirs(home, exist_ok=True)
    stores = [s for s in a.stores.split(",") if s]
    with open(os.path.join(home, "config.toml"), "w") as f:
        f.write('model_provider = "%s"\n' % a.target)
        if "configured" in stores:
            f.write('sqlite_home = "%s"\n' % a.configured_dir)
    where = {
        "cli": os.path.join(home, "state_5.sqlite"),
        "app": os.path.join(home, "sqlite", "state_5.sqlite"),
        "configured": os.path.join(home, a.configured_dir, "state_5.sqlite"),
    }
    others = a.others.split(",")
    now = int(dt.datetime.now().timestamp())
    rows, total, files = [], 0, 0
    counts = {"mismatched": 0, "padded": 0, "paginated": 0, "archived": 0, "missing": 0, "big": 0}
    for i in range(a.threads):
        tid = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        stamp = now - a.age - (a.threads - i)
        when = dt.datetime.fromtimestamp(stamp, dt.timezone.utc)
        wrong = rng.random() < a.mismatch
        provider = rng.choice(others) if wrong else a.target
        padded = rng.random() < a.pad
        paginated = rng.random() < a.paginated
        archived = rng.random() < a.archived
        missing = rng.random() < a.missing
        big = rng.random() < a.big_fraction
        for k, v in (("mismatched", wrong), ("padded", padded), ("paginated", paginated),
                     ("archived", archived), ("missing", missing), ("big", big)):
            counts[k] += v
        if archived:
            d = os.path.join(home, "archived_sessions")
        else:
            d = os.path.join(home, "sessions", when.strftime("%Y"), when.strftime("%m"), when.strftime("%d"))
        path = os.path.join(d, "rollout-%s-%s.jsonl" % (when.strftime("%Y-%m-%dT%H-%M-%S"), tid))
        if not missing:
            os.makedirs(d, exist_ok=True)
            text = first_line(rng, tid, when, provider, rng.randint(a.first_min, a.first_max), paginated)
            if padded:
                text += " " * a.pad_bytes
            text += "\n" + body(rng, rng.randint(a.big_min, a.big_max) if big else a.small_body, when)
            with open(path, "w") as f:
                f.write(text)
            os.utime(path, (stamp, stamp))
            total += len(text)
            files += 1
        rows.append((
            tid, path, stamp, stamp, stamp * 1000, stamp * 1000, "cli", "user", provider,
            "/srv/project", "thread %d" % i, "workspace-write", "on-request", rng.randrange(100000),
            1, int(archived), stamp if archived else None, None, "main", None, "0.130.0",
            "hello %d" % i, None, None, "enabled", "gpt-5-codex", "medium", None, "hello %d" % i))
    marks = ",".join("?" * len(COLUMNS))
    for s in stores:
        con = make_db(where[s], not a.rollback_journal, a.backfill)
        con.executemany("INSERT INTO threads VALUES (%s)" % marks, rows)
        con.commit()
        if not a.rollback_journal:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        con.close()
    json.dump({"home": home, "threads": a.threads, "files": files, "rollout_bytes": total,
               "db_bytes": os.path.getsize(where[stores[0]]), "stores": stores, **counts}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
