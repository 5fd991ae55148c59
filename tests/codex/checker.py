"""What must hold of a Codex home before and after a change, decided without any code of trueup's: its
own reading of JSON lines, its own queries."""

import json
import os
import re
import sqlite3
import subprocess

STORES = ("state_5.sqlite", "sqlite/state_5.sqlite", "elsewhere/state_5.sqlite")
OWN = ("backups", "threadripper.lock")  # What a change may add to a home.


class Mismatch(Exception):
    pass


def read(path):
    """The bytes; the access time stays."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOATIME)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def inflate(content):
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=content, capture_output=True,
                          check=True).stdout


class Snapshot:
    """Every file of a home with its times and mode, and every row of every table."""

    def __init__(self, home):
        self.home = home
        self.files = {}
        self.times = {}
        self.modes = {}
        self.tables = {}
        for folder, folders, names in os.walk(home):
            if folder == home:
                folders[:] = [name for name in folders if name not in OWN]
            for name in names:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, home)
                if relative in OWN or "state_5.sqlite" in name:
                    continue
                status = os.stat(path)
                self.files[relative] = read(path)
                self.times[relative] = (status.st_atime_ns, status.st_mtime_ns)
                self.modes[relative] = (status.st_mode, status.st_uid, status.st_gid)
        for name in STORES:
            path = os.path.join(home, name)
            if not os.path.exists(path):
                continue
            connection = sqlite3.connect(path)
            for (table,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                self.tables[name, table] = sorted(rows, key=repr)
            connection.close()

    def content(self, relative):
        """A rollout's lines, decompressed."""
        content = self.files[relative]
        return inflate(content) if relative.endswith(".zst") else content

    def rows(self):
        """(store, id) -> (path, provider)"""
        found = {}
        for (store, table), rows in self.tables.items():
            if table == "threads":
                for row in rows:
                    found[store, row[0]] = (row[1], row[5])
        return found


def must_be_equal(before, after):
    """Undo: as if nothing had ever happened."""
    for what in ("files", "times", "modes", "tables"):
        old, new = dict(getattr(before, what)), dict(getattr(after, what))
        if what == "times":  # The configuration is read like any file.
            old.pop("config.toml", None)
            new.pop("config.toml", None)
        if old != new:
            names = [name for name in set(old) | set(new) if old.get(name) != new.get(name)]
            name = sorted(names, key=str)[0]
            raise Mismatch(f"{what} of {name} differ: {old.get(name)!r:.200} {new.get(name)!r:.200}")


# One line.

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\s+')


def parse(line):
    """The record, or None when the line is no JSON (as a strict reader sees it)."""
    try:
        text = line.decode("utf-8")
        if text.startswith("\ufeff"):
            return None
        return json.loads(text)
    except (UnicodeDecodeError, ValueError):
        return None


def meta_of(line):
    record = parse(line)
    if not isinstance(record, dict) or record.get("type") != "session_meta":
        return None
    payload = record.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("id"), str):
        return None
    return payload


def lines_of(content):
    """(line without its end, end) in order."""
    lines = []
    for part in re.findall(rb"[^\n]*\n|[^\n]+$", content):
        end = b"\n" if part.endswith(b"\n") else b""
        body = part[:len(part) - len(end)]
        if body.endswith(b"\r"):
            body, end = body[:-1], b"\r" + end
        lines.append((body, end))
    return lines


def provider_tokens(line):
    """The tokens of a line that are no blanks, with the values of payload.model_provider replaced by
    None (and the key taken out with its value where it is compared without it)."""
    tokens = [token for token in TOKEN.findall(line) if not token.isspace()]
    out, path, key, i = [], [], None, 0
    expects_key = False
    while i < len(tokens):
        token = tokens[i]
        if token == b"{":
            path.append(("{", key))
            expects_key = True
            out.append(token)
        elif token == b"[":
            path.append(("[", key))
            expects_key = False
            out.append(token)
        elif token in (b"}", b"]"):
            path.pop()
            expects_key = False
            out.append(token)
        elif token == b",":
            expects_key = bool(path) and path[-1][0] == "{"
            out.append(token)
        elif token == b":":
            out.append(token)
        elif expects_key:
            key = json.loads(token)
            expects_key = False
            out.append(token)
            at_payload = len(path) == 2 and path[1] == ("{", "payload")
            if key == "model_provider" and at_payload:
                out.append(b":")
                i = skip_value(tokens, i + 2)
                out.append(None)
                continue
        else:
            out.append(token)
        i += 1
    return out


def skip_value(tokens, i):
    depth = 0
    while True:
        if tokens[i] in (b"{", b"["):
            depth += 1
        if tokens[i] in (b"}", b"]"):
            depth -= 1
        i += 1
        if depth == 0:
            return i


INSERTED = [b'"model_provider"', b":", None]


def without_insertion(tokens):
    """The tokens as they were before the key was written where it was missing."""
    for i in range(len(tokens) - 2):
        if tokens[i:i + 3] == INSERTED:
            rest = tokens[:i] + tokens[i + 3:]
            if i < len(rest) and rest[i] == b",":
                del rest[i]
            elif i > 0 and rest[i - 1] == b",":
                del rest[i - 1]
            return rest
    return tokens


def check_line(before, after, target, name):
    """A meta line of the thread: under the target, and otherwise what it was."""
    meta = meta_of(after)
    if meta is None or meta.get("model_provider") != target:
        raise Mismatch(f"{name}: a record is not under {target!r}: {after[:200]!r}")
    old, new = provider_tokens(before), provider_tokens(after)
    if old == new:
        return
    if None not in old and without_insertion(new) == old:
        return
    raise Mismatch(f"{name}: more than the provider changed: {before[:300]!r} -> {after[:300]!r}")


def check_rollout(before, after, thread, target, name):
    old, new = lines_of(before), lines_of(after)
    if len(old) != len(new):
        raise Mismatch(f"{name}: {len(old)} lines became {len(new)}")
    for (old_line, old_end), (new_line, new_end) in zip(old, new):
        if old_end != new_end:
            raise Mismatch(f"{name}: a line's end changed")
        meta = meta_of(old_line)
        if meta is not None and meta["id"] == thread:
            check_line(old_line, new_line, target, name)
        elif old_line != new_line:
            raise Mismatch(f"{name}: a line that is no record of the thread changed")
