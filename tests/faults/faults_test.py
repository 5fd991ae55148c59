"""What the world does to a run: another run, writers, a full or vanished or read-only disk, a ledger that
is locked, damaged or of the future, signals, a reader that goes away. Each time: the right status, one
sentence that names the thing, nothing lost, and a later run that makes the copy whole."""

import concurrent.futures
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402

ROWS = 24_000
SLOW = {"parallel": 2, "batch_size": 1000, "throttle_ms": 100}


def expect(condition, what):
    if not condition:
        raise Mismatch(what)


def wait_until(question, process, what):
    """Polls until true; no limit but ctest's. The process must not end before."""
    while not question():
        expect(process is None or process.poll() is None, f"the run ended before {what}")
        time.sleep(0.005)


class Place:
    """A folder with a source, a configuration and one export."""

    def __init__(self, args, scratch, name, rows=ROWS, tuning=None, prefix=None, blobs=0):
        self.args = args
        self.folder = os.path.join(scratch, name)
        os.makedirs(self.folder)
        self.prefix = prefix or os.path.join(self.folder, "out")
        self.source = os.path.join(self.folder, "source.db")
        self.config = os.path.join(self.folder, "trueup.yaml")
        chance = random.Random(name)
        connection = sqlite3.connect(self.source)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        values = ((i, chance.randbytes(blobs) if blobs else i * 7) for i in range(rows))
        connection.executemany("INSERT INTO t VALUES (?, ?)", values)
        connection.commit()
        connection.close()
        self.write_config(self.config, rows, tuning)

    def write_config(self, path, rows=ROWS, tuning=None):
        oracle.write_config(path, {"type": "sqlite", "path": self.source}, [{
            "name": "e", "table": "t", "format": "parquet", "chunk_column": "id",
            "chunk_size": max(rows // 12, 1), "tuning": tuning or {"parallel": 2},
            "destination": {"type": "local", "path": self.prefix}}])

    def words(self, config=None):
        return ["extract", "run", "-c", config or self.config, "--json"]

    def run(self, config=None):
        return oracle.run(self.args.trueup, *self.words(config))

    def start(self, **more):
        return subprocess.Popen([self.args.trueup, *self.words()], env=oracle.environment(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def ledger(self):
        return os.path.join(self.folder, ".trueup", "ledger.db")

    def ask_ledger(self, sql):
        """The first row, or None while there is no such ledger yet."""
        try:
            connection = sqlite3.connect(f"file:{self.ledger()}?mode=ro", uri=True)
            with contextlib.closing(connection):
                return connection.execute(sql).fetchone()
        except sqlite3.Error:
            return None

    def chunks_done(self):
        row = self.ask_ledger("SELECT count(*) FROM chunk WHERE status = 'done'")
        return row[0] if row else 0

    def check(self):
        duckdb = oracle.DuckDb(self.args.duckdb_sql)
        with contextlib.closing(sqlite3.connect(self.source)) as connection:
            try:
                return oracle.check_export(duckdb, self.prefix,
                                           oracle.sqlite_rows(connection, "SELECT * FROM t"))
            finally:
                duckdb.close()

    def finish(self, is_resumed=None):
        """The world is as it should be again: the next run ends well and the copy is exact."""
        ran = self.run()
        expect(ran.status == 0, f"afterwards: status {ran.status}: {ran.err}")
        answer = json.loads(ran.out)["exports"][0]
        expect(is_resumed in (None, answer["resumed"]), f"resumed is {answer['resumed']}")
        self.check()

    def expect_failure(self, ran, statuses, *words):
        error = message_of(ran)
        expect(ran.status in statuses, f"status {ran.status}, not one of {statuses}: {ran.err}")
        for word in words:
            expect(word in error, f"the message does not say {word!r}: {error}")
        expect("\n" not in error and len(error) < 500, f"not one sentence: {error}")
        if os.path.isdir(self.prefix):
            expect(oracle.marker_state(self.prefix) == "missing", "failed, and _SUCCESS is there")

    def expect_untouched(self):
        expect(not os.path.exists(self.prefix), f"{self.prefix} was made before the ledger was trusted")


def message_of(ran):
    for line in ran.err.splitlines():
        if line.startswith('{"error"'):
            error = json.loads(line)["error"]
            return f"{error['message']} ({error['hint']})" if error["hint"] else error["message"]
    return f"no error in: {ran.err}"


# Two at once ----------------------------------------------------------------------------------------


def can_write(ledger):
    """Nobody holds the ledger's write lock."""
    with contextlib.closing(sqlite3.connect(ledger, timeout=0.2, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


def stop(process):
    """The signal only asks: all of it stands still once the kernel says so."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def stopped_run(place):
    """A run in the middle of its work, standing still."""
    process = place.start()
    wait_until(lambda: place.chunks_done() > 0, process, "its first chunk was done")
    stop(process)
    # Not inside a write: then the ledger's lock would keep others out before the lease could.
    while not can_write(place.ledger()):
        process.send_signal(signal.SIGCONT)
        stop(process)
    expect(place.ask_ledger("SELECT 1 FROM lease"), "no lease while the run is at work")
    return process


def go_on(process):
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate()
    return oracle.Ran(process.returncode, out, err)


def two_of_one_config(args, scratch):
    place = Place(args, scratch, "two", tuning=SLOW)
    first = stopped_run(place)
    place.expect_failure(place.run(), (2,), str(first.pid), place.prefix)
    fresh = oracle.run(args.trueup, *place.words(), "--fresh")
    place.expect_failure(fresh, (2,), str(first.pid))
    ran = go_on(first)
    expect(ran.status == 0, f"the first run: status {ran.status}: {ran.err}")
    place.check()


def two_of_two_configs(args, scratch):
    place = Place(args, scratch, "two_configs", tuning=SLOW)
    other = os.path.join(place.folder, "other", "trueup.yaml")
    os.makedirs(os.path.dirname(other))
    place.write_config(other, tuning=SLOW)
    first = stopped_run(place)
    place.expect_failure(place.run(other), (2,), place.prefix, "another trueup process")
    ran = go_on(first)
    expect(ran.status == 0, f"the first run: status {ran.status}: {ran.err}")
    place.check()
    ran = place.run(other)
    expect(ran.status == 0, f"the other configuration's turn: status {ran.status}: {ran.err}")
    place.check()


def many_at_once(args, scratch):
    """Five processes race to resume one run: those that do not get it say so, and the copy is exact."""
    place = Place(args, scratch, "many", tuning=SLOW)
    killed = place.start()
    wait_until(lambda: place.chunks_done() > 2, killed, "three chunks were done")
    killed.kill()
    killed.communicate()
    place.write_config(place.config)
    processes = [place.start() for _ in range(5)]
    for process in processes:
        out, err = process.communicate()
        ran = oracle.Ran(process.returncode, out, err)
        expect(ran.status in (0, 2), f"status {ran.status}: {err}")
        expect(ran.status == 0 or place.prefix in message_of(ran), message_of(ran))
    expect(any(process.returncode == 0 for process in processes), "nobody got the prefix")
    place.check()


# A source in use ------------------------------------------------------------------------------------

ACCOUNTS = 6000


def transfer(state, number):
    """The state after transaction `number`: money moves, an account moves to another key."""
    chance = random.Random(number)
    one, other = chance.sample(sorted(chance.sample(range(ACCOUNTS), 8)), 2)
    amount = chance.randint(1, 1000)
    changes = {-1: number, one: state[one] - amount, other: state[other] + amount}
    gone = ACCOUNTS + number - 1 if number > 1 else None
    return changes, gone, ACCOUNTS + number


def write_transfers(path, until):
    """Applies transactions 1, 2, … until told to stop; returns how many."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    state = {i: 1000 for i in range(ACCOUNTS)}
    number = 0
    while not until.is_set():
        number += 1
        changes, gone, come = transfer(state, number)
        state.update(changes)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("UPDATE t SET v = ? WHERE id = ?",
                               [(value, key) for key, value in changes.items()])
        connection.execute("DELETE FROM t WHERE id = ?", (gone,))
        connection.execute("INSERT INTO t VALUES (?, ?)", (come, number))
        connection.execute("COMMIT")
        time.sleep(0.002)
    connection.close()
    return number


def state_after(number):
    state = {-1: 0, **{i: 1000 for i in range(ACCOUNTS)}}
    for i in range(1, number + 1):
        changes, gone, come = transfer(state, i)
        state.update(changes)
        state.pop(gone, None)
        state[come] = i
    return sorted(state.items())


def source_in_use(args, scratch):
    """The copy is one state of the source: that after as many transactions as it says itself."""
    place = Place(args, scratch, "in_use", rows=0)
    connection = sqlite3.connect(place.source)
    connection.executemany("INSERT INTO t VALUES (?, ?)", state_after(0))
    connection.commit()
    connection.close()
    place.write_config(place.config, ACCOUNTS, {"parallel": 4, "batch_size": 500, "throttle_ms": 60})
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write_transfers, place.source, stop)
        try:
            process = place.start()
            out, err = process.communicate()
        finally:
            stop.set()
        transactions = writer.result()
    ran = oracle.Ran(process.returncode, out, err)
    expect(ran.status == 0, f"status {ran.status}: {ran.err}")
    duckdb = oracle.DuckDb(args.duckdb_sql)
    manifest = oracle.load_manifest(place.prefix)
    rows = [row for part in oracle.rows_of_parts(duckdb, place.prefix, manifest).values() for row in part]
    number = dict(map(tuple, rows))[-1]
    expect(number < transactions, f"no transaction was committed meanwhile: {number} of {transactions}")
    oracle.check_export(duckdb, place.prefix,
                        lambda _: [[key, value] for key, value in state_after(number)])
    duckdb.close()
    expect(manifest["source"]["consistency"] == "snapshot", manifest["source"]["consistency"])
    print(f"source in use: the state after {number} of {transactions} transactions", flush=True)


# Disks ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(folder, options):
    """A tmpfs, or None where this user may not mount."""
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
    try:
        yield folder if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", folder], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True, capture_output=True)


def full_disk(args, scratch):
    disk = os.path.join(scratch, "small_disk")
    with mounted(disk, "size=1m") as is_mounted:
        place = Place(args, scratch, "full", rows=300, blobs=10_000, prefix=f"{disk}/out")
        if not is_mounted:
            return full_disk_by_limit(place)
        place.expect_failure(place.run(), (2,), "room")
        place.expect_failure(place.run(), (2,), "room")
        done = place.chunks_done()
        remount(disk, "size=16m")
        place.finish(is_resumed=True)
        expect(done > 0, "no chunk fitted, so nothing was resumed")
    return None


def full_disk_by_limit(place):
    """Without a right to mount: files may not grow beyond 64 KiB."""
    print("full disk: cannot mount here, RLIMIT_FSIZE stands for it", flush=True)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    process = place.start(preexec_fn=limit)
    out, err = process.communicate()
    place.expect_failure(oracle.Ran(process.returncode, out, err), (1, 2))
    place.finish()


def full_ledger_disk(args, scratch):
    disk = os.path.join(scratch, "ledger_disk")
    with mounted(disk, "size=4m") as is_mounted:
        if not is_mounted:
            return
        place = Place(args, disk, "place", rows=100, prefix=os.path.join(scratch, "ledger_disk_out"))
        with open(f"{disk}/junk", "wb") as junk, contextlib.suppress(OSError):
            while True:
                os.write(junk.fileno(), bytes(4096))
        place.expect_failure(place.run(), (2,), "room")
        os.remove(f"{disk}/junk")
        place.finish()


def read_only_destination(args, scratch):
    disk = os.path.join(scratch, "read_only")
    with mounted(disk, "size=8m") as is_mounted:
        if not is_mounted:
            print("read-only: cannot mount here, not tested", flush=True)
            return
        place = Place(args, scratch, "ro", rows=100, prefix=f"{disk}/out")
        remount(disk, "ro")
        place.expect_failure(place.run(), (1,), f"{disk}/out", "ead-only")
        remount(disk, "rw")
        place.finish()
        # An export that is there and may not be changed stays what it is.
        with contextlib.closing(sqlite3.connect(place.source)) as connection:
            before = connection.execute("SELECT * FROM t").fetchall()
            connection.execute("UPDATE t SET v = v + 1 WHERE id = 50")
            connection.commit()
        remount(disk, "ro")
        ran = place.run()
        expect(ran.status == 1, f"status {ran.status}: {ran.err}")
        duckdb = oracle.DuckDb(args.duckdb_sql)
        oracle.check_export(duckdb, place.prefix, lambda _: before)
        duckdb.close()
        remount(disk, "rw")
        place.finish()


def file_in_the_way(args, scratch):
    for name, below in (("in_way", "out"), ("in_way_above", "out/deeper")):
        place = Place(args, scratch, name, rows=50)
        in_way = place.prefix
        place.prefix = os.path.join(place.folder, below)
        place.write_config(place.config, 50)
        with open(in_way, "w", encoding="utf-8") as file:
            file.write("mine")
        ran = place.run()
        place.expect_failure(ran, (1,), in_way)
        with open(in_way, encoding="utf-8") as file:
            expect(file.read() == "mine", f"{in_way} was changed")
        os.remove(in_way)
        place.finish()


def vanishing_destination(args, scratch):
    place = Place(args, scratch, "vanish", tuning=SLOW)
    process = stopped_run(place)
    shutil.rmtree(place.prefix)
    ran = go_on(process)
    expect(ran.status in (1, 2, 3), f"status {ran.status}: {ran.err}")
    if os.path.isdir(place.prefix):
        expect(oracle.marker_state(place.prefix) == "missing", "half of it is gone, and _SUCCESS is there")
    place.finish()


def vanishing_part(args, scratch):
    place = Place(args, scratch, "vanish_part", tuning=SLOW)
    process = stopped_run(place)
    part = next(name for name in sorted(os.listdir(place.prefix)) if name.endswith(".parquet")
                and not name.startswith("."))
    os.remove(os.path.join(place.prefix, part))
    ran = go_on(process)
    place.expect_failure(ran, (3,), part)
    place.finish(is_resumed=True)


# The ledger -----------------------------------------------------------------------------------------


def ledger_locked(args, scratch):
    place = Place(args, scratch, "locked", rows=50)
    place.finish()
    shutil.rmtree(place.prefix)
    with contextlib.closing(sqlite3.connect(place.ledger(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ran = place.run()
        place.expect_failure(ran, (2,), "ledger.db", "locked")
        place.expect_untouched()
        other.execute("ROLLBACK")
    place.finish()


def damage_of(name, data):
    return {"future": data, "garbage": os.urandom(len(data)), "text": b"this is no database\n" * 400,
            "half": data[:len(data) // 2 // 4096 * 4096], "uneven": data[:len(data) // 3 + 100],
            "header only": data[:100],
            "zeros": data[:4096] + bytes(len(data) - 4096)}[name]


def ledger_damaged(args, scratch, name):
    place = Place(args, scratch, "ledger_" + name.replace(" ", "_"), rows=50)
    place.finish()
    shutil.rmtree(place.prefix)
    if name == "future":
        with contextlib.closing(sqlite3.connect(place.ledger())) as connection:
            connection.execute("PRAGMA user_version = 999")
    for more in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.remove(place.ledger() + more)
    with open(place.ledger(), "rb") as file:
        good = file.read()
    bad = damage_of(name, good)
    with open(place.ledger(), "wb") as file:
        file.write(bad)
    place.expect_failure(place.run(), (1, 3), place.ledger())
    place.expect_untouched()
    with open(place.ledger(), "rb") as file:
        expect(file.read() == bad, "the ledger was changed")
    os.remove(place.ledger())
    place.finish()


# Signals and pipes ----------------------------------------------------------------------------------


def signalled(args, scratch, number, status):
    place = Place(args, scratch, f"signal{number}", tuning=SLOW)
    process = place.start()
    wait_until(lambda: place.chunks_done() > 0, process, "its first chunk was done")
    sent = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate()
    took = time.monotonic() - sent
    place.expect_failure(oracle.Ran(process.returncode, out, err), (status,), "signal")
    done = place.chunks_done()
    expect(0 < done < 12, f"{done} of 12 chunks were done")
    place.finish(is_resumed=True)
    print(f"signal {number}: ended {took:.2f} s after it, {done} of 12 chunks kept", flush=True)


def closed_stdout(args, scratch):
    place = Place(args, scratch, "pipe", rows=50)
    for words in (place.words(), place.words()[:-1]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([args.trueup, *words, "--fresh"], env=oracle.environment(), stdout=write,
                              stderr=subprocess.PIPE, text=True)
        os.close(write)
        expect(done.returncode == 0, f"status {done.returncode}: {done.stderr}")
        expect("error" not in done.stderr.lower() and "pipe" not in done.stderr.lower(), done.stderr)
        place.check()


CASES = [("two of one configuration", two_of_one_config),
         ("two of two configurations", two_of_two_configs),
         ("many at once", many_at_once), ("source in use", source_in_use), ("full disk", full_disk),
         ("full disk of the ledger", full_ledger_disk), ("read-only", read_only_destination),
         ("file in the way", file_in_the_way), ("vanishing destination", vanishing_destination),
         ("vanishing part", vanishing_part), ("ledger locked", ledger_locked),
         *((f"ledger: {name}", ledger_damaged, name)
           for name in ("future", "garbage", "text", "half", "uneven", "header only", "zeros")),
         ("SIGINT", signalled, signal.SIGINT, 130), ("SIGTERM", signalled, signal.SIGTERM, 143),
         ("closed stdout", closed_stdout)]


def main():
    args = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(args.keep) as scratch, concurrent.futures.ThreadPoolExecutor(3) as pool:
        chosen = [case for case in CASES if args.only in case[0]]
        list(pool.map(lambda case: tally.case(case[0], case[1], args, scratch, *case[2:]), chosen))
    tally.end()


if __name__ == "__main__":
    main()
