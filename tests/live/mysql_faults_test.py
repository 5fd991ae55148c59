"""What the world does to a copy of a live MariaDB server: sessions that are killed, a server that
restarts, writers, wrong passwords, certificates, rights that are missing. Afterwards the copy is exact,
or the run says in one sentence what was wrong, without a secret in it."""

import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import jobs  # noqa: E402
import oracle  # noqa: E402
from jobs import Job, certificates, checks, expect, finish, health_must_be, held, slow  # noqa: E402
from loopback import free_port  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from mysql_test import truth  # noqa: E402
from oracle import Mismatch  # noqa: E402

ROWS = 20_000
MAKE_ORDERS = f"""
    CREATE TABLE orders (id bigint PRIMARY KEY, note text, amount decimal(12,2), version int);
    INSERT INTO orders SELECT seq, RPAD(CONCAT('note ', seq), 130, '.'), seq * 1.25, 0 FROM seq_1_to_{ROWS};
    ANALYZE TABLE orders"""
# So wide that a chunk does not fit into the buffers of a socket: the server waits for us.
WIDEN = ("ALTER TABLE orders ADD wide text; UPDATE orders SET wide = REPEAT(MD5(id), 60); "
         "ANALYZE TABLE orders")
TRIES = 20  # Until a blow meets a statement that runs.


def rows_of(server, query):
    return server.rows(["a"], f"({query}) q")


def statements(server, like):
    """The ids of our sessions that run such a statement."""
    return [row[0] for row in rows_of(
        server, "SELECT CAST(id AS CHAR) a FROM information_schema.processlist WHERE user = 'owner' AND "
                f"command IN ('Query', 'Execute') AND info LIKE '{like}'")]


def wait_for(server, process, like):
    """Until it runs such a statement; asking takes long enough to need no pause."""
    while process.poll() is None:
        if statements(server, like):
            return
    raise Mismatch("it ended before it could be disturbed")


def kill(server, ids, what="CONNECTION"):
    ended = 0
    for number in ids:
        try:
            server.execute(f"KILL {what} {number}")
            ended += 1
        except RuntimeError:  # It ended by itself.
            pass
    return ended


def sessions_that_are_killed_come_back(tools, server, scratch, what):
    server.execute(WIDEN)
    for number in range(TRIES):
        job = Job(tools, os.path.join(scratch, f"killed-{what}-{number}"),
                  server.source(consistency="chunk"), chunk_size=5000, tuning=slow())
        process = job.start()
        killed = 0
        while process.poll() is None and killed < 8:
            time.sleep(0.03)  # It works.
            with held(process):
                killed += kill(server, statements(server, "SELECT%trueup_rows%"), what)
        ran = finish(process)
        expect(ran, 0)
        job.must_be_exact(truth(server, "orders"))
        # None may have run at any of the looks.
        if "will be tried again" in ran.err:
            return
    raise Mismatch(f"no session was killed while it worked: {ran.err}")


def a_lost_snapshot_is_said_and_resumed(tools, server, scratch):
    server.execute(WIDEN)
    job = Job(tools, os.path.join(scratch, "lost-snapshot"), server.source(), chunk_size=2000,
              tuning=slow(max_retries=2, throttle_ms=100))
    with job.stopped_amid() as process:
        kill(server, [row[0] for row in rows_of(
            server, "SELECT CAST(id AS CHAR) a FROM information_schema.processlist WHERE user = 'owner'")])
    expect(finish(process), 2, "snapshot")
    if os.path.exists(os.path.join(job.prefix, "_SUCCESS")):
        raise Mismatch("a failed run left a _SUCCESS")
    ran = job.run()
    expect(ran, 0, "more than one state")
    job.must_be_exact(truth(server, "orders"))
    if oracle.load_manifest(job.prefix)["source"]["consistency"] != "chunk":
        raise Mismatch("the manifest says that it is one snapshot")


def end_workers(server, count):
    """Sessions of those that see a snapshot."""
    workers = rows_of(server, "SELECT CAST(trx_mysql_thread_id AS CHAR) a FROM information_schema.innodb_trx")
    if kill(server, [row[0] for row in workers[:count]]) != count:
        raise Mismatch(f"sessions with a snapshot: {workers}")


def lost_sessions_leave_their_work(tools, server, scratch):
    jobs.lose_sessions(tools, server, scratch, server.source(), ROWS, lambda: end_workers(server, 2))


def a_reconcile_loses_sessions(tools, server, scratch):
    server.execute(WIDEN)
    jobs.lose_sessions_of_reconcile(tools, server, scratch, server.source(), ROWS,
                                    lambda count: end_workers(server, count))


def a_restart_is_survived_or_resumed(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "restart"), server.source(consistency="chunk"),
              tuning=slow())
    with job.stopped_amid() as process:
        server.stop()
        server.start()
    ran = finish(process)
    if ran.status not in (0, 2):
        raise Mismatch(f"status {ran.status}: {ran.err}")
    if ran.status == 2:
        expect(job.run(), 0)
    job.must_be_exact(truth(server, "orders"))


class Writer:
    """Writes from `with` to its end, each time what `sql(number)` says."""

    def __init__(self, server, sql):
        self._stop = threading.Event()
        self.number = 0

        def write():
            while not self._stop.is_set():
                self.number += 1
                server.execute(sql(self.number))
        self._thread = threading.Thread(target=write)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def a_broken_network_is_survived(tools, server, scratch, kind, consistency):
    jobs.break_network(tools, server, scratch, kind, consistency, truth(server, "orders"))


def a_server_that_falls_silent_is_given_up(tools, server, scratch):
    jobs.fall_silent(tools, server, scratch, "will be tried again", truth(server, "orders"))


def all_chunks_see_one_snapshot(tools, server, scratch):
    """Writers change every row, again and again: a snapshot holds one version of all of them."""
    job = Job(tools, os.path.join(scratch, "snapshot"), server.source(), tuning=slow(parallel=4, throttle_ms=100))
    with Writer(server, lambda _: "BEGIN; UPDATE orders SET version = version + 1; INSERT INTO orders "
                "SELECT MAX(id) + 1, 'late', 0, MIN(version) FROM orders; COMMIT") as writer:
        ran = job.run()
    expect(ran, 0)
    if "one worker" in ran.err or writer.number < 3:
        raise Mismatch(f"{writer.number} writes; {ran.err}")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    (versions, rows, ids), = duckdb.rows(
        f"SELECT count(DISTINCT version), count(*), count(DISTINCT id) FROM '{job.prefix}/*.parquet'")
    duckdb.close()
    if versions != 1 or rows != ids or rows < ROWS:
        raise Mismatch(f"{versions} versions in {rows} rows of {ids} ids")


def writers_do_not_break_the_tiling(tools, server, scratch):
    """Each chunk sees its own state, but rows that nobody touches are there once."""
    job = Job(tools, os.path.join(scratch, "tiling"), server.source(consistency="chunk"), tuning=slow(throttle_ms=100))
    with Writer(server, lambda number: f"INSERT INTO orders VALUES ({10_000_000 + number}, 'new', 1, 1); "
                f"DELETE FROM orders WHERE id = {10_000_000 + number - 5}"):
        ran = job.run()
    expect(ran, 0)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    (rows, ids), = duckdb.rows(f"SELECT count(*), count(DISTINCT id) FROM '{job.prefix}/*.parquet' "
                               f"WHERE id <= {ROWS}")
    duckdb.close()
    if rows != ROWS or ids != ROWS:
        raise Mismatch(f"{rows} rows of {ids} ids, not {ROWS}")


def without_the_lock_one_worker_reads(tools, server, scratch):
    server.execute("CREATE USER IF NOT EXISTS reader IDENTIFIED BY 'reader'; "
                   "GRANT SELECT ON shop.* TO reader")
    job = Job(tools, os.path.join(scratch, "unlocked"),
              server.source(user="reader", password="reader"), tuning=slow(parallel=4, throttle_ms=100))
    with Writer(server, lambda _: "UPDATE orders SET version = version + 1"):
        ran = job.run()
    expect(ran, 0, "one worker reads all", "grant RELOAD")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    found = duckdb.rows(f"SELECT count(DISTINCT version), count(*) FROM '{job.prefix}/*.parquet'")
    duckdb.close()
    if found != [[1, ROWS]]:
        raise Mismatch(f"versions and rows: {found}")


def a_writer_that_stays_is_not_waited_for(tools, server, scratch):
    """A lock that another session holds keeps ours waiting, and ours would keep everybody."""
    job = Job(tools, os.path.join(scratch, "held"), server.source(),
              tuning=slow(lock_timeout_s=1, max_retries=0))
    done = threading.Event()
    holder = threading.Thread(target=lambda: (server.execute(
        "LOCK TABLES orders WRITE; DO SLEEP(15)"), done.set()))
    holder.start()
    try:
        while not rows_of(server, "SELECT '1' a FROM information_schema.processlist WHERE info LIKE "
                          "'DO SLEEP%'"):
            pass
        ran = job.run()
        held = not done.is_set()
    finally:
        kill(server, [row[0] for row in rows_of(
            server, "SELECT CAST(id AS CHAR) a FROM information_schema.processlist WHERE info LIKE "
                    "'DO SLEEP%'")], "QUERY")
        holder.join()
    if not held:
        raise Mismatch("it waited until the lock was gone")
    expect(ran, 2, "consistency: chunk")


def an_interrupt_ends_at_once(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "interrupt"), server.source(), table=None,
              query="SELECT 1 AS id FROM (SELECT SLEEP(60)) s", mode="full", chunk_size=None)
    process = job.start()
    wait_for(server, process, "%SLEEP(60)%")
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    if time.monotonic() - begun > 30:
        raise Mismatch("it waited for the statement")
    expect(ran, 130)
    left = statements(server, "SELECT 1%SLEEP(60)%")
    if left:
        raise Mismatch(f"the server goes on with it: {left}")


def a_statement_may_take_too_long(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "timeout"), server.source(), table=None,
              query="SELECT 1 AS id FROM (SELECT SLEEP(60)) s", mode="full", chunk_size=None,
              tuning={"statement_timeout_s": 1})
    expect(job.run(), 1, "max_statement_time", "tuning.statement_timeout_s")


def wrong_addresses_are_said(tools, server, scratch):
    def of(name, **more):
        return Job(tools, os.path.join(scratch, name), server.source(**more)).run()

    expect(of("password", password="not it"), 1, "Access denied")
    expect(of("database", database="nowhere"), 1, "Unknown database 'nowhere'")
    expect(of("port", port=free_port()), 2, "Can't connect")
    expect(of("host", host="no-such-host.invalid", tls={"mode": "disable"}), 1,
           "no-such-host.invalid:")
    for mode in ("require", "verify-ca"):
        expect(of("plain-" + mode, tls={"mode": mode}), 1, "the server has no TLS")
    expect(of("plain-full", tls={"mode": "verify-full"}), 1, "SSL")


def what_is_missing_is_named(tools, server, scratch):
    def of(name, **more):
        return Job(tools, os.path.join(scratch, name), server.source(), **more).run()

    expect(of("table", table="ordres"), 78, "no table or view \"ordres\"", "did you mean \"orders\"?")
    expect(of("column", chunk_column="idd"), 78, "no column \"idd\"")
    expect(of("query", table=None, query="SELECT nope FROM orders", mode="full", chunk_size=None), 78,
           "Unknown column 'nope'")
    expect(of("twice", table=None, query="SELECT 1 AS a, 2 AS A", mode="full", chunk_size=None), 78,
           "a")
    server.execute("CREATE TABLE IF NOT EXISTS things (g point, j json, id int); "
                   "CREATE OR REPLACE USER stranger IDENTIFIED BY 'stranger'; "
                   "GRANT SELECT (id) ON shop.things TO stranger")
    expect(of("order", table="things", chunk_column="g"), 78, "things cannot be cut by g")
    denied = Job(tools, os.path.join(scratch, "denied"),
                 server.source(user="stranger", password="stranger"), table="things", mode="full",
                 chunk_size=None).run()
    expect(denied, 78, "denied", "grant SELECT")


def values_that_no_type_holds(tools, server, scratch):
    server.execute("CREATE TABLE ends (id int PRIMARY KEY, day date, at datetime, clock time, name text); "
                   "INSERT INTO ends VALUES (1, '2024-01-01', '2024-01-01', '01:00:00', 'a'), "
                   "(2, '0000-00-00', '2024-00-10', '-25:00:00', 'b')")

    def of(name, table="ends", **columns):
        return Job(tools, os.path.join(scratch, name), server.source(), table=table, mode="full",
                   chunk_size=None, columns=columns)

    expect(of("fail").run(), 1, "ends.day", "0000-00-00")
    expect(of("fail-2", day="text").run(), 1, "ends.at", "2024-00-10 00:00:00")
    expect(of("fail-3", day="text", at="text").run(), 1, "ends.clock", "-25:00:00")
    job = of("settled", day={"type": "date", "on_value_error": "null"}, at="text",
             clock={"type": "time", "on_value_error": "text"})
    expect(job.run(), 0)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    rows = duckdb.rows(f"SELECT id, day IS NULL, \"at\", clock FROM '{job.prefix}/*.parquet' ORDER BY id")
    duckdb.close()
    if rows != [[1, False, "2024-01-01 00:00:00", "01:00:00"],
                [2, True, "2024-00-10 00:00:00", "-25:00:00"]]:
        raise Mismatch(f"found {rows}")
    # Bytes that the configuration calls a text, and a number that it calls true or false.
    server.execute("CREATE TABLE raw (id int PRIMARY KEY, b varbinary(9)); INSERT INTO raw VALUES "
                   "(7, x'61ff'); CREATE TABLE tiny (id int PRIMARY KEY, t tinyint(1)); "
                   "INSERT INTO tiny VALUES (1, 1), (2, 2)")
    expect(of("utf8", table="raw", b="text").run(), 1, "raw.b", "x'61ff'")
    flags = Job(tools, os.path.join(scratch, "tinyint1"), server.source(tinyint1="bool"),
                table="tiny", mode="full", chunk_size=None)
    expect(flags.run(), 1, "tiny.t", "the tinyint(1) 2 is no BOOLEAN")


def texts_that_unicode_does_not_have(tools, server, scratch):
    """The server would send "?", or U+FFFD, and say nothing."""
    lost = {"cp1251": "98", "gbk": "A140", "tis620": "DB", "big5": "A15A", "greek": "61FF3F", "cp932": "81AD",
            "dec8": "A4", "hebrew": "A1", "euckr": "A2E8", "ascii": "80"}
    for charset, bytes_ in lost.items():
        server.execute(f"CREATE TABLE in_{charset} (id int PRIMARY KEY, v varchar(9) CHARACTER SET {charset}, "
                       f"x text CHARACTER SET {charset}); "
                       f"INSERT INTO in_{charset} VALUES (1, 'why?', '?'), (2, '', NULL), (3, 'plain', 'a?b?')")
        job = Job(tools, os.path.join(scratch, "in-" + charset), server.source(), table=f"in_{charset}",
                  chunk_size=1)
        expect(job.run(), 0)
        job.must_be_exact(truth(server, f"in_{charset}"))
        server.execute(f"INSERT INTO in_{charset} VALUES (4, x'{bytes_}', 'fine')")
        again = Job(tools, os.path.join(scratch, "lost-" + charset), server.source(), table=f"in_{charset}",
                    chunk_size=1)
        expect(again.run(), 1, f"in_{charset}.v", f"x'ff{bytes_.lower()}'")
    nulled = Job(tools, os.path.join(scratch, "nulled"), server.source(), table="in_gbk", mode="full",
                 chunk_size=None, columns={"v": {"type": "text", "on_value_error": "null"}})
    expect(nulled.run(), 0, "1 values did not fit")


def tables_without_snapshots_are_named(tools, server, scratch):
    for engine in ("MyISAM", "Aria", "MEMORY", "CSV"):
        key = "NOT NULL" if engine == "CSV" else "PRIMARY KEY"
        name = "in_" + engine.lower()
        server.execute(f"CREATE TABLE {name} (id int {key}, v varchar(9) NOT NULL) ENGINE = {engine}; "
                       f"INSERT INTO {name} SELECT seq, CONCAT('v', seq) FROM seq_1_to_5000")
        job = Job(tools, os.path.join(scratch, engine), server.source(), table=name, chunk_column="id")
        sentence = f"{name} is a {engine} table, which no snapshot holds"
        expect(job.run("check"), 0, sentence)
        ran = job.run()
        expect(ran, 0, sentence)
        job.must_be_exact(truth(server, name))
        with open(os.path.join(job.prefix, "manifest.json"), encoding="utf-8") as file:
            source = json.load(file)["source"]
        if source["consistency"] != "none" or source["snapshot_id"] != "":
            raise Mismatch(f"the manifest says {source}")
        told = job.run("doctor", "--json")
        expect(told, 0)
        health_must_be(checks(told), "orders: snapshot", "warn", sentence)
    steady = Job(tools, os.path.join(scratch, "innodb"), server.source())
    ran = steady.run()
    expect(ran, 0)
    if "snapshot" in ran.err:
        raise Mismatch(f"a table of InnoDB is warned of: {ran.err}")


def tls_modes(tools, server, scratch):
    authority = os.path.join(server.folder, "ca.crt")
    stranger = os.path.join(scratch, "stranger")
    os.mkdir(stranger)
    certificates(stranger)

    def of(name, host, **tls):
        return Job(tools, os.path.join(scratch, "tls-" + name), server.source(host=host, tls=tls),
                   mode="full", chunk_size=None).run()

    expect(of("require", "127.0.0.1", mode="require"), 0)
    expect(of("full", "localhost", mode="verify-full", ca_file=authority), 0)
    expect(of("ca", "127.0.0.1", mode="verify-ca", ca_file=authority), 0)
    expect(of("name", "127.0.0.1", mode="verify-full", ca_file=authority), 1, "SSL")
    expect(of("system", "localhost", mode="verify-full"), 1, "certificate")
    expect(of("stranger", "localhost", mode="verify-full", ca_file=os.path.join(stranger, "ca.crt")), 1,
           "certificate")
    expect(of("stranger-ca", "localhost", mode="verify-ca", ca_file=os.path.join(stranger, "ca.crt")), 1,
           "certificate")
    # The server takes this user over TLS alone: plain text is what "disable" means.
    server.execute("ALTER USER owner REQUIRE SSL")
    expect(of("encrypted", "127.0.0.1", mode="require"), 0)
    expect(of("plain", "127.0.0.1", mode="disable"), 1, "Access denied")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch:
        with MysqlServer() as server:
            for name, work, *more in (
                    ("killed sessions", sessions_that_are_killed_come_back, "CONNECTION"),
                    ("killed statements", sessions_that_are_killed_come_back, "QUERY"),
                    ("lost snapshot", a_lost_snapshot_is_said_and_resumed),
                    ("lost sessions", lost_sessions_leave_their_work),
                    ("lost while reconciling", a_reconcile_loses_sessions),
                    ("restart", a_restart_is_survived_or_resumed),
                    ("network drop, snapshot", a_broken_network_is_survived, "drop", "snapshot"),
                    ("network drop, chunk", a_broken_network_is_survived, "drop", "chunk"),
                    ("network truncate, chunk", a_broken_network_is_survived, "truncate", "chunk"),
                    ("silence", a_server_that_falls_silent_is_given_up),
                    ("snapshot", all_chunks_see_one_snapshot),
                    ("tiling", writers_do_not_break_the_tiling),
                    ("without lock", without_the_lock_one_worker_reads),
                    ("held", a_writer_that_stays_is_not_waited_for),
                    ("interrupt", an_interrupt_ends_at_once),
                    ("timeout", a_statement_may_take_too_long),
                    ("addresses", wrong_addresses_are_said),
                    ("missing", what_is_missing_is_named),
                    ("values", values_that_no_type_holds),
                    ("unicode", texts_that_unicode_does_not_have),
                    ("engines", tables_without_snapshots_are_named)):
                if tools.only in name:
                    server.execute("DROP TABLE IF EXISTS orders; " + MAKE_ORDERS)
                    tally.case(name, work, tools, server, scratch, *more)
        if tools.only in "tls":
            with MysqlServer(prepare=certificates, settings=[
                    ("ssl-ca", "{folder}/ca.crt"), ("ssl-cert", "{folder}/server.crt"),
                    ("ssl-key", "{folder}/server.key")]) as server:
                server.execute(MAKE_ORDERS)
                tally.case("tls", tls_modes, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
