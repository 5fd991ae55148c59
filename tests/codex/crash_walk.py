#!/usr/bin/env python3
"""Kills `trueup codex` at every visit of a fault point, and at random times, while a process that behaves
like Codex appends to rollouts. After each blow no appended byte may be missing, and after the next
command that writes every thread is entirely under its old provider or entirely under the new one.

    crash_walk.py --trueup BINARY [--seed N]

Fault model: SIGKILL of trueup, a failing step, Codex writing at any moment. Codex is not killed."""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import checker  # noqa: E402
import homes  # noqa: E402
from checker import Mismatch  # noqa: E402
from oracle import Scratch, environment, visits_in  # noqa: E402

RANDOM_KILLS = 20
OLD, NEW = "azure", "openai"
APPENDER = """
import os, sys, time
paths, report = sys.argv[2:], sys.argv[1]
held = {path: os.open(path, os.O_WRONLY | os.O_APPEND) for path in paths[:1]}
number = 0
os.write(1, b"ready\\n")
while not os.path.exists(report + ".stop"):
    for path in paths:
        line = b'{"type":"event_msg","payload":{"number":%d}}\\n' % number
        if path in held:
            os.write(held[path], line)
        else:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            os.write(descriptor, line)
            os.close(descriptor)
    number += 1
    time.sleep(0.0001)
with open(report, "w") as file:
    file.write(str(number))
"""


class Place:
    """A small home: threads that fit, that must grow, that Codex writes to, compressed, paginated."""

    def __init__(self, args, folder):
        self.args = args
        self.home = os.path.join(folder, "home")
        self.saved = os.path.join(folder, "saved")
        self.report = os.path.join(folder, "appended")
        sessions = os.path.join(self.home, "sessions/2026/01/01")
        os.makedirs(sessions)
        self.paths = {}
        store = sqlite3.connect(os.path.join(self.home, "state_5.sqlite"))
        store.execute("PRAGMA journal_mode=WAL")
        store.executescript(homes.SCHEMA)
        for number, (padding, kind) in enumerate(
                [(40, "hot"), (0, "hot"), (40, ""), (0, ""), (40, "paginated"), (0, "zstd")]):
            thread = f"{number:08x}-1111-4222-8333-444444444444"
            payload = {"id": thread, "model_provider": OLD}
            if kind == "paginated":
                payload["history_mode"] = "paginated"
            meta = {"type": "session_meta", "payload": payload}
            text = json.dumps(meta, separators=(",", ":")) + " " * padding + "\n" + \
                '{"type":"event_msg","payload":{}}\n'
            path = os.path.join(sessions, f"rollout-2026-01-01T00-00-00-{thread}.jsonl")
            if kind == "zstd":
                path += ".zst"
                text = subprocess.run(["zstd", "-q", "-c"], input=text.encode(), capture_output=True,
                                      check=True).stdout
            else:
                text = text.encode()
            with open(path, "wb") as file:
                file.write(text)
            os.utime(path, ns=(homes.OLD_NS, homes.OLD_NS))
            store.execute("INSERT INTO threads VALUES (?,?,1,1,'cli',?,'/project','t',0)",
                          (thread, path, OLD))
            self.paths[thread] = path
        store.commit()
        store.close()
        self.configure(NEW)

    def configure(self, provider):
        with open(os.path.join(self.home, "config.toml"), "w", encoding="utf-8") as config:
            config.write(f'model_provider = "{provider}"\n')

    def hot(self):
        return list(self.paths.values())[:2]

    def save(self):
        shutil.rmtree(self.saved, ignore_errors=True)
        shutil.copytree(self.home, self.saved)

    def restore(self):
        shutil.rmtree(self.home)
        shutil.copytree(self.saved, self.home)

    def run(self, *words, fault=None, check=None):
        done = subprocess.run([self.args.trueup, "codex", *words, "--codex-home", self.home,
                               "--progress", "none"], capture_output=True, text=True, check=False,
                              env=environment(fault, {"HOME": self.home, "LC_ALL": "C.UTF-8"}))
        if check is not None and done.returncode not in check:
            raise Mismatch(f"{' '.join(words)}: status {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def providers(self):
        """For each thread the set of providers that its file and its row carry."""
        found = {}
        store = sqlite3.connect(os.path.join(self.home, "state_5.sqlite"))
        rows = dict(store.execute("SELECT id, model_provider FROM threads"))
        store.close()
        for thread, path in self.paths.items():
            content = checker.read(path)
            if path.endswith(".zst"):
                content = checker.inflate(content)
            meta = checker.meta_of(content.split(b"\n", 1)[0])
            if meta is None:
                raise Mismatch(f"{path}: the first line is no record any more: {content[:200]!r}")
            found[thread] = {rows[thread], meta["model_provider"]}
        return found

    def check_whole(self, allowed=(OLD, NEW)):
        for thread, providers in self.providers().items():
            if len(providers) != 1 or not providers <= set(allowed):
                raise Mismatch(f"thread {thread} is under {providers}")


class Codex:
    """Appends to the hot rollouts, one held open, one opened for each line, until told to stop."""

    def __init__(self, place):
        self.place = place
        for name in (place.report, place.report + ".stop"):
            if os.path.exists(name):
                os.remove(name)
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", APPENDER, place.report, *place.hot()], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def stop(self):
        with open(self.place.report + ".stop", "w", encoding="utf-8"):
            pass
        self.process.wait()
        self.process.stdout.close()
        if self.process.returncode != 0:
            raise Mismatch("the appending process failed")
        with open(self.place.report, encoding="utf-8") as report:
            return int(report.read())

    def check(self, lines):
        """Every line that was appended stands in the file that has the name, in order."""
        for path in self.place.hot():
            numbers = [json.loads(line)["payload"]["number"] for line in
                       checker.read(path).split(b"\n") if b'"number"' in line]
            if numbers != list(range(lines)):
                raise Mismatch(f"{path}: {len(numbers)} of {lines} appended lines are there")


def wheres_of(place, words):
    """What is struck by action: each visit of a point crashes, each point fails once."""
    place.restore()
    counts = visits_in(place.run(*words, fault="count").stderr)
    visits = sum(counts.values())
    if visits < 10:
        raise Mismatch(f"{words}: only {visits} fault points: this proves nothing")
    return {"crash": range(1, visits + 1), "fail": sorted(counts)}


def walk(place, words, actions=("crash", "fail")):
    wheres = wheres_of(place, words)
    blows = 0
    for action in actions:
        for where in wheres[action]:
            place.restore()
            codex = Codex(place)
            struck = place.run(*words, fault=f"{action}:{where}")
            lines = codex.stop()
            codex.check(lines)
            blows += struck.returncode in (-signal.SIGKILL, 1, 2)
            place.run("prune", "--keep", "10", check=(0,))
            place.check_whole()
            codex.check(lines)
            place.run(*words, check=(0, 1, 2))
            place.check_whole()
    if blows < len(wheres["crash"]):
        raise Mismatch(f"{words}: only {blows} of {len(wheres['crash'])} visits were struck")
    print(f"{' '.join(words)}: {blows} blows", flush=True)


def kill_at_random(place, words, chance):
    for _ in range(RANDOM_KILLS):
        place.restore()
        codex = Codex(place)
        process = subprocess.Popen([place.args.trueup, "codex", *words, "--codex-home", place.home],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment(more={"HOME": place.home}))
        time.sleep(chance.random() * 0.3)  # The moment of the blow, not a wait for anything.
        process.kill()
        process.wait()
        codex.check(codex.stop())
        place.run(*words, check=(0, 1, 2))
        place.check_whole()
    print(f"{' '.join(words)}: {RANDOM_KILLS} random kills", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trueup", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    args = parser.parse_args()
    args.trueup = os.path.abspath(args.trueup)
    print(f"seed {args.seed}")
    chance = random.Random(args.seed)
    try:
        with Scratch() as folder:
            place = Place(args, folder)
            place.save()
            walk(place, ["sync"])
            walk(place, ["prepare"], actions=("crash",))
            kill_at_random(place, ["sync"], chance)
            place.restore()
            place.run("sync", check=(0, 2))
            place.save()
            walk(place, ["undo"])
            place.restore()
            for _ in range(3):
                place.run("undo", check=(0, 1, 2))
                place.run("sync", check=(0, 2))
            place.save()
            walk(place, ["prune", "--keep", "1"], actions=("crash",))
    except Mismatch as wrong:
        print(f"FAILED: {wrong}")
        return 1
    print("5 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
