#!/usr/bin/env python3
"""Random homes: sync, an independent check of every thread, undo, an independent check that all is as before.

    differential_test.py --trueup BINARY [--seed N] [--homes N]

The seed is printed; the same seed makes the same homes."""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import checker  # noqa: E402
import homes  # noqa: E402
from checker import Mismatch  # noqa: E402
from oracle import Scratch, environment  # noqa: E402


def trueup(args, home, *words):
    return subprocess.run([args.trueup, "codex", *words, "--codex-home", home, "--progress", "none"],
                          capture_output=True, text=True, check=False,
                          env=environment(more={"LC_ALL": "C.UTF-8", "HOME": home}))


class Threads:
    """What is in a home, by thread: its files, its rows, and whether it can be brought under a target."""

    def __init__(self, snapshot, target):
        self.snapshot = snapshot
        self.target = target
        self.files = {}  # thread -> relative paths
        self.bad = set()  # relative paths
        for relative in snapshot.files:
            if not os.path.basename(relative).startswith("rollout-"):
                continue
            if not relative.startswith(("sessions/", "archived_sessions/")):
                continue
            thread = self.thread_of(relative)
            if thread is None:
                self.bad.add(relative)
            else:
                self.files.setdefault(thread, []).append(relative)

    def thread_of(self, relative):
        lines = checker.lines_of(self.snapshot.content(relative))
        if not lines or checker.parse(lines[0][0]) is None:
            return None
        for line, _ in lines:
            meta = checker.meta_of(line)
            if meta is not None:
                return meta["id"]
        return None

    def all(self):
        return set(self.files) | {thread for _, thread in self.snapshot.rows()}

    def names_bad_file(self, thread):
        for (_, row), (path, _) in self.snapshot.rows().items():
            if row != thread or not path:
                continue
            relative = os.path.relpath(os.path.join(self.snapshot.home, path), self.snapshot.home)
            if relative in self.bad:
                return True
        return False

    def must_stay(self, thread):
        """Reasons for which a thread must be left exactly as it is."""
        if self.names_bad_file(thread):
            return True
        return any(not self.can_change(relative, thread) for relative in self.files.get(thread, []))

    def can_change(self, relative, thread):
        path = os.path.join(self.snapshot.home, relative)
        metas = [(line, checker.meta_of(line)) for line, _ in
                 checker.lines_of(self.snapshot.content(relative))]
        metas = [(line, meta) for line, meta in metas if meta and meta["id"] == thread]
        if all(checker.meta_of(line).get("model_provider") == self.target and is_single(line)
               for line, _ in metas):
            return True
        is_fixed = any(meta.get("history_mode") == "paginated" for _, meta in metas) or \
            os.stat(path).st_nlink > 1
        if not is_fixed:
            return True
        return all(self.has_room(line) for line, _ in metas)

    def has_room(self, line):
        """The shortest the line can be with the target in it is no longer than the line."""
        value = len(quoted(self.target))
        tokens = checker.provider_tokens(line)
        count = tokens.count(None)
        bare = sum(len(token) for token in tokens if token is not None)
        if count == 0:
            return bare + len(b'"model_provider":,') + value <= len(line)
        return bare + count * value <= len(line)


def is_single(line):
    return checker.provider_tokens(line).count(None) == 1 or line.count(b"first") == 0


def quoted(text):
    """As a JSON string with only the escapes that must be."""
    return ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()


def rollouts_of(by_name):
    """Without the configuration, which is read like any file."""
    return {name: value for name, value in by_name.items() if name != "config.toml"}


def check_synced(before, after, target):
    threads = Threads(before, target)
    left = 0
    if set(before.files) != set(after.files):
        raise Mismatch(f"files came or went: {set(before.files) ^ set(after.files)}")
    for what in ("times", "modes"):
        old, new = (rollouts_of(getattr(one, what)) for one in (before, after))
        if old != new:
            raise Mismatch(f"{what} changed of {[name for name in old if old[name] != new.get(name)]}")
    accounted = set()
    rows_before, rows_after = before.rows(), after.rows()
    for thread in threads.all():
        stays = threads.must_stay(thread)
        left += stays
        for relative in threads.files.get(thread, []):
            accounted.add(relative)
            if stays:
                if before.files[relative] != after.files[relative]:
                    raise Mismatch(f"{relative} changed, though its thread must stay")
                continue
            checker.check_rollout(before.content(relative), after.content(relative), thread, target,
                                  relative)
        for (store, row), (path, provider) in rows_after.items():
            if row != thread:
                continue
            wanted = rows_before[store, row][1] if stays else target
            if provider != wanted or path != rows_before[store, row][0]:
                raise Mismatch(f"row {thread} of {store}: {provider!r} instead of {wanted!r}")
    for relative, content in before.files.items():
        links = {os.path.realpath(os.path.join(before.home, name)) for name in accounted}
        is_linked = os.path.realpath(os.path.join(before.home, relative)) in links or \
            os.stat(os.path.join(before.home, relative)).st_nlink > 1
        if relative not in accounted and not is_linked and after.files[relative] != content:
            raise Mismatch(f"{relative} changed, though it belongs to no thread")
    for (store, table), rows in before.tables.items():
        if table != "threads" and after.tables[store, table] != rows:
            raise Mismatch(f"table {table} of {store} changed")
    return left


def one_home(args, seed, scratch):
    folder = os.path.join(scratch, "home")
    shutil.rmtree(folder, ignore_errors=True)
    home = homes.Home(folder, seed, threads=random.Random(seed).randrange(1, 25))
    before = checker.Snapshot(home.path)
    synced = trueup(args, home.path, "sync")
    after = checker.Snapshot(home.path)
    left = check_synced(before, after, home.target)
    wanted = 2 if left else 0
    if synced.returncode != wanted and not has_bad_orphan(before, home):
        raise Mismatch(f"sync ended with {synced.returncode} instead of {wanted}: {synced.stderr}")
    again = trueup(args, home.path, "sync")
    if again.returncode != synced.returncode:
        raise Mismatch(f"a second sync ended with {again.returncode}: {again.stderr}")
    checker.must_be_equal(after, checker.Snapshot(home.path))
    if before.files == after.files and before.tables == after.tables:
        return
    undone = trueup(args, home.path, "undo")
    if undone.returncode != 0:
        raise Mismatch(f"undo ended with {undone.returncode}: {undone.stderr}{undone.stdout}")
    checker.must_be_equal(before, checker.Snapshot(home.path))


def has_bad_orphan(before, home):
    """A file that no row names and that cannot be read is reported; whether as left is not judged."""
    threads = Threads(before, home.target)
    named = {os.path.normpath(os.path.join(home.path, path)) for path, _ in before.rows().values() if path}
    return any(os.path.join(home.path, bad) not in named for bad in threads.bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trueup", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--homes", type=int, default=60)
    args = parser.parse_args()
    args.trueup = os.path.abspath(args.trueup)
    print(f"seed {args.seed}")
    changed = 0
    with Scratch() as scratch:
        for seed in range(args.seed, args.seed + args.homes):
            try:
                one_home(args, seed, scratch)
            except Mismatch as wrong:
                print(f"seed {seed}: {wrong}")
                kept = tempfile.mkdtemp(prefix=f"trueup-home-{seed}-")
                shutil.copytree(os.path.join(scratch, "home"), kept, dirs_exist_ok=True, symlinks=True)
                print(f"kept in {kept}")
                return 1
            changed += 1
    print(f"{changed} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
