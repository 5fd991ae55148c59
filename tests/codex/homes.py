"""Random Codex homes for tests, made without any code of trueup's: every form a store, a row, a rollout
or a line can have, mixed. The same seed makes the same home."""

import json
import os
import random
import sqlite3
import subprocess

PROVIDERS = ["openai", "azure", "vm", "a-provider-with-a-long-name", "ünïcode", "with \"quote\""]
OLD_NS = 1_700_000_000_123_456_789  # The age of files; the nanoseconds must survive too.

SCHEMA = """
CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, source TEXT NOT NULL, model_provider TEXT, cwd TEXT NOT NULL,
  title TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0);
CREATE INDEX idx_threads_provider ON threads(model_provider);
CREATE TABLE other (a, b);
INSERT INTO other VALUES (1, 'not ours'), (2, x'00ff');
CREATE TABLE backfill_state (id INTEGER PRIMARY KEY CHECK (id = 1), status TEXT NOT NULL,
  last_watermark TEXT, last_success_at INTEGER, updated_at INTEGER NOT NULL);
INSERT INTO backfill_state VALUES (1, 'complete', NULL, NULL, 0);
"""


class Home:
    def __init__(self, folder, seed, threads=12, has_zstd=True):
        self.path = os.path.realpath(folder)
        self.random = random.Random(seed)
        self.has_zstd = has_zstd
        self.target = self.random.choice(PROVIDERS)
        self.stores = {}
        os.makedirs(self.path, exist_ok=True)
        self.make_stores()
        for number in range(threads):
            self.make_thread(number)
        for connection in self.stores.values():
            connection.commit()
            connection.close()
        with open(os.path.join(self.path, "config.toml"), "a", encoding="utf-8") as config:
            config.write(f"[model_providers.other]\nname = \"other\"\n")

    def make_stores(self):
        lines = [f"model_provider = {json.dumps(self.target, ensure_ascii=False)}\n"]
        kinds = self.random.choice([["cli"], ["app"], ["cli", "app"], ["cli", "configured"],
                                    ["cli", "app", "configured"]])
        places = {"cli": "state_5.sqlite", "app": "sqlite/state_5.sqlite",
                  "configured": "elsewhere/state_5.sqlite"}
        for kind in kinds:
            path = os.path.join(self.path, places[kind])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            connection = sqlite3.connect(path)
            if self.random.random() < 0.5:
                connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)
            self.stores[kind] = connection
            if kind == "configured":
                lines.append('sqlite_home = "elsewhere"\n')
        with open(os.path.join(self.path, "config.toml"), "w", encoding="utf-8") as config:
            config.writelines(lines)

    def chance(self, probability):
        return self.random.random() < probability

    # Lines.

    def meta_line(self, thread, provider, paginated):
        """One session_meta record as text, in one of many spellings."""
        payload = [("id", json.dumps(thread)), ("timestamp", '"2026-01-01T00:00:00.000Z"'),
                   ("cwd", '"/project"')]
        form = self.random.randrange(10)
        value = json.dumps(provider, ensure_ascii=self.chance(0.5))
        if form == 0:
            pass  # The key is missing.
        elif form == 1:
            payload.append(("model_provider", self.random.choice(["null", "12", "[1]", "{}"])))
        elif form == 2 and provider:
            escaped = '"' + "".join(f"\\u{ord(c):04x}" for c in provider) + '"'
            payload.append(("model_provider", escaped))
        elif form == 3:
            payload += [("model_provider", '"first"'), ("model_provider", value)]
        else:
            payload.append(("model_provider", value))
        if paginated:
            payload.append(("history_mode", '"paginated"'))
        odd = ['1e5', '-0', '12345678901234567890123', '"caf\\u00e9 \\/ \\ud83d\\ude00"', '0.10',
               '{"z":1,"a":{"b":[]},"z":2}', '"' + "words " * self.random.randrange(200) + '"']
        for i in range(self.random.randrange(4)):
            payload.append((f"k{i}", self.random.choice(odd)))
        if self.chance(0.5):
            self.random.shuffle(payload)
        comma, colon = self.random.choice([(",", ":"), (", ", ": "), (" ,\t", " :  ")])
        body = "{" + comma.join(f'"{k}"{colon}{v}' for k, v in payload) + "}"
        head = [('"timestamp"', '"2026-01-01T00:00:00.000Z"'), ('"type"', '"session_meta"'),
                ('"payload"', body)]
        if self.chance(0.3):
            self.random.shuffle(head)
        line = "{" + comma.join(f"{k}{colon}{v}" for k, v in head) + "}"
        if self.chance(0.5):
            line += self.random.choice([" ", "\t"]) * self.random.randrange(80)
        return line

    def rollout(self, thread, paginated):
        newline = self.random.choice(["\n", "\n", "\r\n"])
        lines = []
        if self.chance(0.1):
            lines.append('{"type":"event_msg","payload":{"note":"not a meta line"}}')
        lines.append(self.meta_line(thread, self.random.choice(PROVIDERS), paginated))
        for _ in range(self.random.randrange(5)):
            lines.append(self.random.choice([
                '{"type":"event_msg","payload":{"message":"he said \\"session_meta\\" aloud"}}',
                '{"type":"response_item","payload":{"type":"reasoning","encrypted_content":"gAAA"}}',
                '{"type":"event_msg","payload":"' + "x" * self.random.randrange(9000) + '"}']))
        if self.chance(0.3):
            lines.append(self.meta_line(thread, self.random.choice(PROVIDERS), paginated))
        if self.chance(0.3):
            lines.append(self.meta_line("ffffffff-0000-4000-8000-000000000000", "parent", False))
        text = newline.join(lines)
        if self.chance(0.8):
            text += newline
        return text.encode()

    # Threads.

    def make_thread(self, number):
        thread = f"{number:08x}-1111-4222-8333-444444444444"
        archived = self.chance(0.2)
        folder = "archived_sessions" if archived else "sessions/2026/01/01"
        name = f"rollout-2026-01-01T00-00-00-{thread}.jsonl"
        relative = f"{folder}/{name}"
        path = os.path.join(self.path, relative)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        kind = self.random.choices(
            ["plain", "zstd", "missing", "empty", "garbage", "linked", "symlink", "no-path",
             "orphan", "foreign"], [60, 8, 4, 3, 3, 4, 4, 4, 5, 5])[0]
        if kind == "zstd" and not self.has_zstd:
            kind = "plain"
        paginated = kind != "zstd" and self.chance(0.25)
        content = self.rollout(thread, paginated)
        if kind == "empty":
            content = b""
        if kind == "garbage":
            content = self.random.choice([b"not json\n", b'{"type":"session_meta"', b"\xff\xfe\n",
                                          b"\xef\xbb\xbf" + content])
        if kind == "foreign":
            content = self.rollout(f"{number:08x}-aaaa-4222-8333-444444444444", False)
        if kind == "zstd":
            compressed = subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True,
                                        check=True).stdout
            self.write(path + ".zst", compressed)
        elif kind == "symlink":
            real = os.path.join(self.path, "kept", name)
            os.makedirs(os.path.dirname(real), exist_ok=True)
            self.write(real, content)
            os.symlink(real, path)
        elif kind not in ("missing", "no-path"):
            self.write(path, content)
        if kind == "linked":
            os.link(path, os.path.join(self.path, f"other-name-{number}"))
        row_path = {"no-path": None}.get(kind, path)
        if row_path and self.chance(0.2):
            row_path = relative
        if kind == "orphan":
            return
        for connection in self.stores.values():
            if len(self.stores) > 1 and self.chance(0.2):
                continue
            provider = None if self.chance(0.05) else self.random.choice(PROVIDERS)
            connection.execute(
                "INSERT INTO threads VALUES (?,?,?,?,'cli',?,'/project',?,?)",
                (thread, row_path, 1_700_000_000, 1_700_000_000 + number, provider,
                 f"title {number}", int(archived)))

    def write(self, path, content):
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, self.random.choice([0o600, 0o640, 0o644]))
        os.utime(path, ns=(OLD_NS + self.random.randrange(10**9), OLD_NS + self.random.randrange(10**9)))
