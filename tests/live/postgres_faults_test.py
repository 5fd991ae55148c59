"""What the world does to a copy of a live PostgreSQL server: sessions that are ended, a server that
restarts, writers, wrong passwords, certificates. Afterwards the copy is exact, or the run says in one
sentence what was wrong, without a secret in it."""

import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import jobs  # noqa: E402
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402
from jobs import Job, certificates, expect, finish, held, slow  # noqa: E402
from loopback import free_port  # noqa: E402
from postgres_server import PostgresServer, Replica  # noqa: E402
from postgres_test import truth  # noqa: E402

ROWS = 20_000
TRIES = 20  # Until a blow meets a statement that runs.
# So wide that a chunk does not fit into the buffers of a socket: the server waits for us.
WIDEN = ("ALTER TABLE orders ADD wide text; UPDATE orders SET wide = repeat(md5(id::text), 60); "
         "ANALYZE orders")
MAKE_ORDERS = f"""
    CREATE TABLE orders (id bigint PRIMARY KEY, note text, amount numeric(12,2), version integer);
    INSERT INTO orders SELECT i, rpad('note ' || i, 130, '.'), i * 1.25, 0 FROM generate_series(1, {ROWS}) i;
    ANALYZE orders"""


def end_sessions(server):
    """Of those that read rows; how many there were."""
    return len(server.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                           "application_name = 'trueup' AND query LIKE 'COPY%' AND state = 'active'"))


def wait_for(server, process, query):
    """Until it has sent such a statement; asking takes long enough to need no pause."""
    while process.poll() is None:
        if server.rows("SELECT 1 FROM pg_stat_activity WHERE application_name = 'trueup' AND query "
                       f"LIKE '{query}'"):
            return
    raise Mismatch("it ended before it could be disturbed")


def sessions_that_end_come_back(tools, server, scratch, consistency):
    server.execute(WIDEN)
    for number in range(TRIES):
        job = Job(tools, os.path.join(scratch, f"ended-{consistency}-{number}"),
                  server.source(consistency=consistency), chunk_size=5000,
                  tuning=slow())
        process = job.start()
        ended = 0
        while process.poll() is None and ended < 8:
            time.sleep(0.03)  # It works.
            with held(process):
                ended += end_sessions(server)
        ran = finish(process)
        expect(ran, 0)
        job.must_be_exact(truth(server, "orders"))
        # None may have run at any of the looks.
        if "will be tried again" in ran.err:
            return
    raise Mismatch(f"no session was ended while it worked: {ran.err}")


def a_restart_is_survived_or_resumed(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "restart"), server.source(consistency="chunk"),
              tuning=slow())
    with job.stopped_amid() as process:
        server.stop(signal.SIGINT)
        server.start()
    ran = finish(process)
    if ran.status not in (0, 2):
        raise Mismatch(f"status {ran.status}: {ran.err}")
    if ran.status == 2:
        expect(job.run(), 0)
    job.must_be_exact(truth(server, "orders"))


def a_lost_snapshot_is_said_and_resumed(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "lost-snapshot"), server.source(), tuning=slow(max_retries=2))
    with job.stopped_amid() as process:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
                       "'trueup'")
    expect(finish(process), 2, "the snapshot is gone")
    if os.path.exists(os.path.join(job.prefix, "_SUCCESS")):
        raise Mismatch("a failed run left a _SUCCESS")
    expect(job.run(), 0)
    job.must_be_exact(truth(server, "orders"))


def end_workers(server, count):
    """And the one that keeps their snapshot: without it nobody can come back."""
    for keeps, number in (("LIKE", 1), ("NOT LIKE", count)):
        ended = server.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trueup' AND "
            f"xact_start IS NOT NULL AND query {keeps} '%pg_export_snapshot%' LIMIT {number}")
        if len(ended) != number:
            raise Mismatch(f"{len(ended)} sessions {keeps} the one that keeps the snapshot")


def lost_sessions_leave_their_work(tools, server, scratch):
    jobs.lose_sessions(tools, server, scratch, server.source(), ROWS, lambda: end_workers(server, 2))


def a_reconcile_loses_sessions(tools, server, scratch):
    server.execute(WIDEN)
    jobs.lose_sessions_of_reconcile(tools, server, scratch, server.source(), ROWS,
                                    lambda count: end_workers(server, count))


def a_broken_network_is_survived(tools, server, scratch, kind, consistency):
    jobs.break_network(tools, server, scratch, kind, consistency, truth(server, "orders"))


def a_server_that_falls_silent_is_given_up(tools, server, scratch):
    jobs.fall_silent(tools, server, scratch, "not a byte for 16 s", truth(server, "orders"))


def all_chunks_see_one_snapshot(tools, server, scratch):
    """Writers change every row, again and again: a snapshot holds one version of all of them."""
    job = Job(tools, os.path.join(scratch, "snapshot"), server.source(), tuning=slow(parallel=4, throttle_ms=100))
    stop = threading.Event()

    def write():
        while not stop.is_set():
            server.execute("UPDATE orders SET version = version + 1; "
                           "INSERT INTO orders SELECT max(id) + 1, 'late', 0, min(version) FROM orders")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ran = job.run()
    finally:
        stop.set()
        writer.join()
    expect(ran, 0)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    (versions, rows, ids), = duckdb.rows(
        f"SELECT count(DISTINCT version), count(*), count(DISTINCT id) FROM '{job.prefix}/*.parquet'")
    duckdb.close()
    if versions != 1 or rows != ids or rows < ROWS:
        raise Mismatch(f"{versions} versions in {rows} rows of {ids} ids")


def writers_do_not_break_the_tiling(tools, server, scratch):
    """Each chunk sees its own state, but rows that nobody touches are there once."""
    job = Job(tools, os.path.join(scratch, "tiling"), server.source(consistency="chunk"), tuning=slow(throttle_ms=100))
    stop = threading.Event()

    def write():
        number = 10_000_000
        while not stop.is_set():
            number += 1
            server.execute(f"INSERT INTO orders VALUES ({number}, 'new', 1, 1); "
                           f"DELETE FROM orders WHERE id = {number - 5}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ran = job.run()
    finally:
        stop.set()
        writer.join()
    expect(ran, 0)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    (rows, ids), = duckdb.rows(f"SELECT count(*), count(DISTINCT id) FROM '{job.prefix}/*.parquet' "
                               f"WHERE id <= {ROWS}")
    duckdb.close()
    if rows != ROWS or ids != ROWS:
        raise Mismatch(f"{rows} rows of {ids} ids, not {ROWS}")


def each_chunk_sees_one_state(tools, server, scratch):
    """Without a snapshot of the run: however many statements read a chunk, and writers between them."""
    server.execute(WIDEN)
    job = Job(tools, os.path.join(scratch, "one-state"), server.source(consistency="chunk"),
              chunk_size=10_000, tuning=slow(parallel=1, throttle_ms=100))
    stop = threading.Event()

    def write():
        while not stop.is_set():
            server.execute("UPDATE orders SET version = version + 1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ran = job.run("run", "--json")
    finally:
        stop.set()
        writer.join()
    expect(ran, 0)
    done, = json.loads(ran.out)["exports"]
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    (versions, versions_in_part), = duckdb.rows(
        "SELECT count(DISTINCT version), (SELECT max(n) FROM (SELECT count(DISTINCT version) AS n FROM "
        f"read_parquet('{job.prefix}/*.parquet', filename = true) GROUP BY filename)) FROM "
        f"'{job.prefix}/*.parquet'")
    duckdb.close()
    if versions < 2 or done["source_load"]["statements"] < 4 * done["chunks"]:
        raise Mismatch(f"nothing came between: {versions} versions, {done}")
    if versions_in_part != 1:
        raise Mismatch(f"a chunk holds {versions_in_part} states")


def an_interrupt_ends_at_once(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "interrupt"), server.source(),
              table=None, query="SELECT 1 AS id FROM pg_sleep(60)", mode="full", chunk_size=None)
    process = job.start()
    wait_for(server, process, "COPY%pg_sleep(60)%")
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    if time.monotonic() - begun > 30:
        raise Mismatch("it waited for the statement")
    expect(ran, 130)
    left = server.rows("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND "
                       "application_name = 'trueup'")
    if left != [["0"]]:
        raise Mismatch(f"the server goes on with it: {left}")


def a_statement_may_take_too_long(tools, server, scratch):
    job = Job(tools, os.path.join(scratch, "timeout"), server.source(), table=None,
              query="SELECT 1 AS id FROM pg_sleep(60)", mode="full", chunk_size=None,
              tuning={"statement_timeout_s": 1})
    expect(job.run(), 1, "statement timeout", "tuning.statement_timeout_s")


def wrong_addresses_are_said(tools, server, scratch):
    def of(name, **more):
        return Job(tools, os.path.join(scratch, name), server.source(**more)).run()

    expect(of("password", password="not it"), 1, "password authentication failed")
    expect(of("database", database="nowhere"), 1, "database \"nowhere\" does not exist")
    expect(of("port", port=free_port()), 2, "Connection refused")
    expect(of("host", host="no-such-host.invalid", tls={"mode": "disable"}), 1,
           "no-such-host.invalid:")
    expect(of("tls", tls={"mode": "require"}), 1, "SSL")


def what_is_missing_is_named(tools, server, scratch):
    def of(name, **more):
        return Job(tools, os.path.join(scratch, name), server.source(), **more).run()

    expect(of("table", table="ordres"), 78, "no table or view \"ordres\"", "did you mean \"orders\"?")
    expect(of("column", chunk_column="idd"), 78, "no column \"idd\"")
    expect(of("query", table=None, query="SELECT nope FROM orders", mode="full", chunk_size=None), 78,
           "column \"nope\" does not exist")
    server.execute("CREATE TABLE secrets (id integer); CREATE ROLE reader LOGIN PASSWORD 'reader'")
    denied = Job(tools, os.path.join(scratch, "denied"),
                 server.source(user="reader", password="reader"), table="secrets", mode="full",
                 chunk_size=None).run()
    expect(denied, 1, "permission denied for table secrets", "grant SELECT")


def values_that_no_type_holds(tools, server, scratch):
    server.execute("CREATE TABLE ends (id integer PRIMARY KEY, at timestamptz, amount numeric(9,2)); "
                   "INSERT INTO ends VALUES (1, now(), 1), (2, 'infinity', 'NaN')")

    def of(name, **columns):
        return Job(tools, os.path.join(scratch, name), server.source(), table="ends", mode="full",
                   chunk_size=None, columns=columns)

    expect(of("fail").run(), 1, "ends.at", "infinity")
    expect(of("fail-2", at="text").run(), 1, "ends.amount", "NaN")
    job = of("settled", at={"type": "timestamptz", "on_value_error": "null"},
             amount={"type": "decimal(9,2)", "on_value_error": "text"})
    expect(job.run(), 0)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    rows = duckdb.rows(f"SELECT id, \"at\" IS NULL, amount FROM '{job.prefix}/*.parquet' ORDER BY id")
    duckdb.close()
    if rows != [[1, False, "1.00"], [2, True, "NaN"]]:
        raise Mismatch(f"found {rows}")


def conflicts(replica):
    """What it has taken back so far."""
    return int(replica.rows("SELECT confl_snapshot + confl_lock FROM pg_stat_database_conflicts WHERE datname = "
                            "'postgres'")[0][0])


def a_replica_that_takes_rows_back(tools, server, scratch, consistency):
    """It replays a VACUUM over what is being read: the session is ended, and an old snapshot is no more. Short
    statements that see a state of their own hold nothing that is old."""
    server.execute(WIDEN)
    with Replica(server, settings=[("max_standby_streaming_delay", "0")]) as replica:
        job = Job(tools, os.path.join(scratch, f"replica-{consistency}"),
                  replica.source(consistency=consistency), chunk_size=5000, tuning=slow(throttle_ms=200, max_retries=5))

        def take_back():
            server.execute("UPDATE orders SET version = version WHERE id % 10 = 0; VACUUM orders")
            replica.catch_up(server)

        with job.stopped_amid() as process:
            take_back()
        for _ in range(2):
            take_back()
        ran = finish(process)
        if consistency == "chunk":
            expect(ran, 0)
        else:
            expect(ran, 2, "the snapshot is gone")
            if conflicts(replica) == 0 or os.path.exists(os.path.join(job.prefix, "_SUCCESS")):
                raise Mismatch(f"{conflicts(replica)} conflicts: {ran.err}")
            expect(job.run(), 0)
        job.must_be_exact(truth(server, "orders"))


def tls_modes(tools, server, scratch):
    authority = os.path.join(server.folder, "ca.crt")

    def of(name, host, **tls):
        return Job(tools, os.path.join(scratch, "tls-" + name), server.source(host=host, tls=tls),
                   mode="full", chunk_size=None).run()

    expect(of("require", "127.0.0.1", mode="require"), 0)
    expect(of("full", "localhost", mode="verify-full", ca_file=authority), 0)
    expect(of("ca", "127.0.0.1", mode="verify-ca", ca_file=authority), 0)
    expect(of("name", "127.0.0.1", mode="verify-full", ca_file=authority), 1, "127.0.0.1")
    expect(of("system", "localhost", mode="verify-full"), 1, "certificate")
    encrypted = server.log().count("SSL enabled")
    if encrypted == 0:
        raise Mismatch("no connection was encrypted")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch:
        with PostgresServer(settings=[("wal_level", "replica")]) as server:
            for name, work, *more in (
                    ("sessions end, chunk", sessions_that_end_come_back, "chunk"),
                    ("sessions end, snapshot", sessions_that_end_come_back, "snapshot"),
                    ("restart", a_restart_is_survived_or_resumed),
                    ("lost snapshot", a_lost_snapshot_is_said_and_resumed),
                    ("lost sessions", lost_sessions_leave_their_work),
                    ("lost while reconciling", a_reconcile_loses_sessions),
                    ("network drop, snapshot", a_broken_network_is_survived, "drop", "snapshot"),
                    ("network drop, chunk", a_broken_network_is_survived, "drop", "chunk"),
                    ("network truncate, snapshot", a_broken_network_is_survived, "truncate", "snapshot"),
                    ("network truncate, chunk", a_broken_network_is_survived, "truncate", "chunk"),
                    ("silence", a_server_that_falls_silent_is_given_up),
                    ("snapshot", all_chunks_see_one_snapshot),
                    ("tiling", writers_do_not_break_the_tiling),
                    ("one state", each_chunk_sees_one_state),
                    ("replica, snapshot", a_replica_that_takes_rows_back, "snapshot"),
                    ("replica, chunk", a_replica_that_takes_rows_back, "chunk"),
                    ("interrupt", an_interrupt_ends_at_once),
                    ("timeout", a_statement_may_take_too_long),
                    ("addresses", wrong_addresses_are_said),
                    ("missing", what_is_missing_is_named),
                    ("values", values_that_no_type_holds)):
                if tools.only in name:
                    server.execute("DROP TABLE IF EXISTS orders; " + MAKE_ORDERS)
                    tally.case(name, work, tools, server, scratch, *more)
        if tools.only in "tls":
            with PostgresServer(prepare=certificates, settings=[
                    ("ssl", "on"), ("ssl_cert_file", "../server.crt"),
                    ("ssl_key_file", "../server.key"), ("log_connections", "on")]) as server:
                server.execute(MAKE_ORDERS)
                tally.case("tls", tls_modes, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
