# A small Codex home for the cases of `trueup codex`: sourced by their setups. Everything lies below
# $HOME/.codex, is the same every time, and is old enough not to be in use.

CODEX=$HOME/.codex

# make_store FILE: an empty store with the columns that matter of the current Codex.
make_store() {
    mkdir -p "$(dirname "$1")"
    sqlite3 "$1" <<'SQL'
CREATE TABLE threads (
    id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    source TEXT NOT NULL, model_provider TEXT NOT NULL, cwd TEXT NOT NULL, title TEXT NOT NULL,
    sandbox_policy TEXT NOT NULL, approval_mode TEXT NOT NULL, tokens_used INTEGER NOT NULL DEFAULT 0,
    has_user_event INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER);
CREATE INDEX idx_threads_provider ON threads (model_provider);
CREATE TABLE backfill_state (id INTEGER PRIMARY KEY CHECK (id = 1), status TEXT NOT NULL, last_watermark TEXT,
    last_success_at INTEGER, updated_at INTEGER NOT NULL);
INSERT INTO backfill_state VALUES (1, 'complete', NULL, NULL, 1769846400);
SQL
}

# id_of N: the id of thread N.
id_of() { printf '0199a000-0000-7000-8000-%012d' "$1"; }

# rollout_of N: the path of its rollout.
rollout_of() { printf '%s/sessions/2026/01/31/rollout-2026-01-31T08-00-%02d-%s.jsonl' "$CODEX" "$1" "$(id_of "$1")"; }

# add_row STORE N PROVIDER TITLE [ARCHIVED]
add_row() {
    sqlite3 "$1" "INSERT INTO threads (id, rollout_path, created_at, updated_at, source, model_provider, cwd,
        title, sandbox_policy, approval_mode, archived) VALUES ('$(id_of "$2")', '$(rollout_of "$2")', 1769846400,
        1769846400 + $2, 'cli', '$3', '/src/shop', '$4', 'read-only', 'never', ${5:-0})"
}

# add_rollout N PROVIDER [BLANKS [MORE]]: BLANKS behind its first line, MORE members in its payload.
add_rollout() {
    local file
    file=$(rollout_of "$1")
    mkdir -p "$(dirname "$file")"
    {
        printf '{"timestamp":"2026-01-31T08:00:00.000Z","type":"session_meta","payload":{"id":"%s",' "$(id_of "$1")"
        printf '"timestamp":"2026-01-31T08:00:00.000Z","cwd":"/src/shop","model_provider":"%s"%s}}%*s\n' \
            "$2" "${4:-}" "${3:-0}" ''
        printf '{"timestamp":"2026-01-31T08:00:01.000Z","type":"event_msg","payload":{"type":"user_message"}}\n'
    } > "$file"
    touch -d '2026-01-31T08:00:00Z' "$file"
}

# add_thread N PROVIDER TITLE [BLANKS [MORE]]
add_thread() {
    add_row "$CODEX/state_5.sqlite" "$1" "$2" "$3"
    add_rollout "$1" "$2" "${4:-0}" "${5:-}"
}

# Six threads: two under openai, which is configured, three that can follow, one that cannot.
make_home() {
    mkdir -p "$CODEX"
    printf 'model_provider = "openai"\n\n[model_providers.azure]\nname = "Azure"\n' > "$CODEX/config.toml"
    make_store "$CODEX/state_5.sqlite"
    add_thread 1 openai 'Add a basket'
    add_thread 2 openai 'Sort the basket'
    add_thread 3 azure 'Write the invoice' 64
    add_thread 4 azure 'Fix the tax' 64
    add_thread 5 az 'Print labels'
}

# A thread whose bytes must not move, and that has no room.
add_blocked_thread() { add_thread 6 az 'Count the stock' 0 ',"history_mode":"paginated"'; }
