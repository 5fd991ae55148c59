"""Kills trueup at every visit of a fault point, and at random times, and makes the step of every point fail.

TRUEUP_FAULT=crash:N kills the process at visit N, crash:NAME at the first visit of that point, fail: makes
that step fail, count says which visits there are. After each blow a valid _SUCCESS must stand for a whole export or be missing; after the
next undisturbed command the committed parts hold exactly the rows of the source, once, and gc leaves
no file that nothing owns. What is right is decided by oracle.py, not by trueup.

Visits of two workers come in any order and a few more or less of them, so a number may lie beyond the end
of the very run that was to be struck there: that run says so itself. A point which every counted run
visits must be struck in the end, by its name if not by a number.
"""

import collections.abc
import concurrent.futures
import dataclasses
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402

WORKERS = 2
CHUNK_ROWS = 4
RANDOM_KILLS = 20
COUNTS = 3  # How often the visits are counted: workers race.


FIRST = [(i, f"v{i}" if i % 3 else None, i / 4) for i in range(11)]
# Differs from FIRST inside one chunk: a row changed, one gone.
SECOND = [row if row[0] != 5 else (5, "changed", -0.5) for row in FIRST if row[0] != 6]


class Place:
    """One export in one folder, which can be put back to what it was before the blow. It keeps its path:
    ledger and manifest know it."""

    def __init__(self, args, scratch, name, rows_many=0):
        self.args = args
        self.folder = os.path.join(scratch, name)
        self.saved = self.folder + ".saved"
        self.prefix = os.path.join(self.folder, "out")
        os.makedirs(self.folder)
        self.rows = FIRST if not rows_many else [(i, f"v{i}" * 20, i / 8) for i in range(rows_many)]
        source = self.open_source(scratch, name)
        self.write_source(self.rows)
        chunk = CHUNK_ROWS if not rows_many else rows_many // 12
        oracle.write_config(f"{self.folder}/trueup.yaml", source, [{
            "name": "e", "table": "t", "format": "parquet", "chunk_column": "id", "chunk_size": chunk,
            "meta_columns": {"exported_at": True, "row_hash": True}, "quality": {"unique_columns": ["id"]},
            "tuning": {"parallel": WORKERS}, "destination": {"type": "local", "path": "out"}}])
        self.truths = [self.rows]
        self.duckdb = oracle.DuckDb(args.duckdb_sql)

    def open_source(self, scratch, name):
        """The place of a source of this one's own, as the configuration names it."""
        self.source = os.path.join(scratch, name + ".db")
        return {"type": "sqlite", "path": self.source}

    def write_source(self, rows):
        connection = sqlite3.connect(self.source)
        connection.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT, x REAL)")
        connection.execute("DELETE FROM t")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.commit()
        connection.close()

    def close(self):
        self.duckdb.close()

    def words(self, command):
        return ["extract", command[0], "-c", f"{self.folder}/trueup.yaml", *command[1:]]

    def run(self, command, fault=None):
        return oracle.run(self.args.trueup, *self.words(command), fault=fault)

    def must_run(self, command, statuses=(0,)):
        ran = self.run(command)
        if ran.status not in statuses:
            raise Mismatch(f"{' '.join(command)}, undisturbed: status {ran.status}: {ran.err}")
        return ran

    def change_source(self, rows):
        self.write_source(rows)
        self.truths = [self.rows, rows]
        self.rows = rows

    def save(self):
        shutil.copytree(self.folder, self.saved)

    def restore(self):
        shutil.rmtree(self.folder)
        shutil.copytree(self.saved, self.folder)

    def check(self, truths, needs_marker):
        """The export is whole and holds one of these; returns its manifest, or None without a marker."""
        def rows(wanted):
            return lambda manifest: [list(row) for row in wanted]
        for i, wanted in enumerate(truths):
            try:
                return oracle.check_export(self.duckdb, self.prefix, rows(wanted), needs_marker)
            except Mismatch:
                if i + 1 == len(truths):
                    raise

    def check_after_blow(self):
        if os.path.isdir(self.prefix):
            self.check(self.truths, needs_marker=False)

    def check_owned(self):
        self.must_run(("gc", "--execute", "--superseded"))
        stray = oracle.stray_files(self.prefix)
        if stray:
            raise Mismatch(f"gc left files that no manifest owns: {stray}")


@dataclasses.dataclass
class Walk:
    """`command` is what is struck; done again undisturbed, it makes the copy follow the source."""
    name: str
    prepare: collections.abc.Callable  # Of a place, before it is saved.
    command: tuple
    actions: tuple = ("crash", "fail")
    cleans: bool = False  # Run gc in the end: nothing may be left that nothing owns.
    at_points: tuple = ("fail",)  # The actions that strike the first visit of each point, not every visit.


def nothing(place):
    del place


def after_a_run(place):
    place.must_run(("run",))
    place.change_source(SECOND)


def after_a_crash(place):
    visits = sum(count_visits(place, ("run",)).values())
    place.restore_empty()
    struck = place.run(("run",), fault=f"crash:{visits // 2}")
    if struck.status != -signal.SIGKILL:
        raise Mismatch(f"visit {visits // 2} of {visits} was not reached: status {struck.status}")


def with_strays(place):
    """What a run that was given up leaves, and what no run left."""
    visits = sum(count_visits(place, ("run",)).values())
    place.restore_empty()
    place.run(("run",), fault=f"crash:{visits // 2}")
    place.must_run(("run", "--fresh"))
    parts = [name for name in os.listdir(place.prefix) if name.endswith(".parquet")]
    shutil.copy(f"{place.prefix}/{parts[0]}", f"{place.prefix}/e-20200101T000000Z-0000-000007.parquet")
    with open(f"{place.prefix}/.e-20200101T000000Z-0000-000001.parquet.tmp-e-20200101T000000Z-0000", "w") as file:
        file.write("half")


def restore_empty(place):
    for name in os.listdir(place.folder):
        path = os.path.join(place.folder, name)
        if name != "trueup.yaml":
            shutil.rmtree(path)


Place.restore_empty = restore_empty


def count_visits(place, command):
    found = oracle.visits_in(place.run(command, fault="count").err)
    if not found:
        raise Mismatch(f"{' '.join(command)} passes no fault point")
    return found


WALKS = [Walk("run", nothing, ("run",), ("crash",)),
         Walk("run again", after_a_run, ("run",), cleans=True),
         Walk("resume", after_a_crash, ("run",), ("crash",)),
         Walk("repair", after_a_run, ("repair", "--execute"), cleans=True),
         Walk("gc", with_strays, ("gc", "--execute", "--superseded"), cleans=True)]


def has_command(args, name):
    listed = oracle.run(args.trueup, "extract", "--help").out.split()
    return name in listed


def crashed_at(ran):
    """The name of the point where the run was killed; None when it ended by itself."""
    found = re.search(r"^injected crash at (.+)$", ran.err, re.MULTILINE)
    if (found is not None) != (ran.status == -signal.SIGKILL):
        raise Mismatch(f"status {ran.status}: {ran.err}")
    return found.group(1) if found else None


def strike(place, walk, action, where, can_gc):
    """One blow and what follows; the run that was to be struck."""
    place.restore()
    ran = place.run(walk.command, fault=f"{action}:{where}")
    if action == "crash" and ran.status not in (0, -signal.SIGKILL):
        raise Mismatch(f"status {ran.status}: {ran.err}")
    if ran.status == 0:
        # Whatever failed inside, it was said to be done.
        place.check(place.truths[-1:], needs_marker=True)
    else:
        place.check_after_blow()
    place.must_run(walk.command)
    place.check(place.truths[-1:], needs_marker=True)
    if can_gc and walk.cleans and action == "crash":
        place.check_owned()
        place.check(place.truths[-1:], needs_marker=True)
    return ran


class Struck:
    """What one walk has struck so far, from one place."""

    def __init__(self, action):
        self.action = action
        self.blows = 0
        self.names = set()
        self.counts = []

    def add(self, ran, where):
        """The run either was struck where it was to be, or never came there."""
        name = crashed_at(ran)
        if name is not None:
            self.names.add(name)
            self.blows += 1
            return
        visits = oracle.visits_in(ran.err)
        is_passed = visits.get(where, 0) > 0 if isinstance(where, str) else sum(visits.values()) >= where
        if is_passed and self.action == "crash":
            raise Mismatch(f"{where} was passed without a blow: {visits}")
        # A step that failed and was rightly dropped, as the release of a lease, leaves no words.
        self.blows += is_passed


def every_visit(share, shares):
    return lambda counts: range(1 + share, max(sum(count.values()) for count in counts) + 3, shares)


def every_point(share, shares):
    return lambda counts: sorted(set.intersection(*map(set, counts)))[share::shares]


def walk_at(place_type, args, scratch, walk, action, share, wheres, can_gc):
    """Strikes in a place of its own at all `wheres` of the counted visits."""
    place = place_type(args, scratch, f"{walk.name}-{action}-{share}".replace(" ", "_"))
    try:
        walk.prepare(place)
        place.save()
        struck = Struck(action)
        for _ in range(COUNTS):
            place.restore()
            struck.counts.append(count_visits(place, walk.command))
        totals = [sum(count.values()) for count in struck.counts]
        for where in wheres(struck.counts):
            try:
                struck.add(strike(place, walk, action, where, can_gc), where)
            except Mismatch as mismatch:
                raise Mismatch(f"{action} at {where} of {totals}: {mismatch}") from mismatch
        if struck.blows == 0:
            raise Mismatch(f"no visit was reached, of {totals}")
        return struck
    finally:
        place.close()


def check_walk(place_type, args, scratch, pool, walk, action, can_gc):
    shares = 2
    started = time.monotonic()
    wheres = every_point if action in walk.at_points else every_visit
    futures = [pool.submit(walk_at, place_type, args, scratch, walk, action, share, wheres(share, shares), can_gc)
               for share in range(shares)]
    done = [future.result() for future in futures]
    counts = [count for struck in done for count in struck.counts]
    certain = set.intersection(*(set(count) for count in counts))
    missed = certain.difference(*(struck.names for struck in done)) if action == "crash" else set()
    if missed:
        # No number hit them, as workers race; the first visit of a point needs none.
        done.append(walk_at(place_type, args, scratch, walk, action, "named", lambda _: sorted(missed),
                            can_gc))
        if not missed <= done[-1].names:
            raise Mismatch(f"never struck: {sorted(missed - done[-1].names)}")
    print(f"{walk.name}, {action}: {sum(struck.blows for struck in done)} blows, "
          f"{sum(counts[0].values())} visits of {len(certain)} points, "
          f"{time.monotonic() - started:.0f} s", flush=True)


def check_random_kills(place_type, args, scratch, seed):
    """Any instruction, not only those with a name. Most runs are resumed more than once."""
    chance = random.Random(seed)
    place = place_type(args, scratch, "random", rows_many=12_000)
    kills = 0
    try:
        started = time.monotonic()
        place.must_run(("run",))
        whole = time.monotonic() - started
        place.restore_empty()
        for _ in range(RANDOM_KILLS):
            process = subprocess.Popen([args.trueup, *place.words(("run",))], env=oracle.environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            try:
                process.wait(chance.uniform(0.02, whole))
            except subprocess.TimeoutExpired:
                process.kill()
            _, error = process.communicate()
            kills += process.returncode == -signal.SIGKILL
            if process.returncode not in (0, -signal.SIGKILL):
                raise Mismatch(f"status {process.returncode}: {error.decode()}")
            place.check_after_blow()
            if process.returncode == 0:
                place.check(place.truths, needs_marker=True)
                place.restore_empty()
        place.must_run(("run",))
        place.check(place.truths, needs_marker=True)
        if kills == 0:
            raise Mismatch("every run was over before it was killed")
        print(f"random: {kills} of {RANDOM_KILLS} killed, seed {seed}", flush=True)
    except Mismatch as mismatch:
        raise Mismatch(f"seed {seed}: {mismatch}") from mismatch
    finally:
        place.close()


def arguments(description):
    parser = oracle.arguments(description)
    parser.add_argument("--seed", type=int, default=20261121)
    return parser.parse_args()


def walk_all(args, place_type, walks):
    tally = oracle.Tally()
    can_gc = has_command(args, "gc")
    with oracle.Scratch(args.keep) as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for walk in walks:
            if not has_command(args, walk.command[0]):
                print(f"there is no command {walk.command[0]}")
                continue
            for action in walk.actions:
                name = f"{walk.name}, {action}"
                if args.only in name:
                    tally.case(name, check_walk, place_type, args, scratch, pool, walk, action,
                               can_gc)
        if args.only in "random":
            tally.case("random", check_random_kills, place_type, args, scratch, args.seed)
    tally.end()


if __name__ == "__main__":
    walk_all(arguments(__doc__), Place, WALKS)
