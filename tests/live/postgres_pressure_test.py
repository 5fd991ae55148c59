"""Copies of a live PostgreSQL server that is under strain: fewer workers read as long as it lasts."""

import contextlib
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
import pressure  # noqa: E402
from jobs import Job, expect  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402
from postgres_test import truth  # noqa: E402

MAKE_SHOP = f"""
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, {pressure.ROWS}) i;
    CREATE TABLE blocked (id integer);
    CREATE ROLE reader LOGIN PASSWORD 'reader' CONNECTION LIMIT 6;
    GRANT SELECT ON orders TO reader;
    ANALYZE"""


@contextlib.contextmanager
def lock_waiters(server):
    clients = pressure.Clients(server)
    clients.say("BEGIN; LOCK TABLE blocked; SELECT pg_sleep(3600)")
    while server.rows("SELECT 1 FROM pg_locks WHERE relation = 'blocked'::regclass AND granted") == []:
        pass
    for _ in range(4):
        clients.say("SELECT * FROM blocked")
    while server.rows("SELECT 1 FROM pg_locks WHERE NOT granted OFFSET 3") == []:
        pass
    yield
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%blocked%' "
                   "AND pid <> pg_backend_pid()")
    clients.end()


@contextlib.contextmanager
def checkpoints(server):
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            server.execute("CHECKPOINT")

    asker = threading.Thread(target=ask)
    asker.start()
    yield
    stop.set()
    asker.join()


def lock_waiters_are_noticed(tools, server, scratch):
    """In production nobody has to ask for it."""
    pressure.comes_and_goes(tools, scratch, "locks", server.source(environment="production"),
                            lock_waiters(server), "sessions that wait for a lock",
                            truth(server, "orders"))


def checkpoints_are_noticed(tools, server, scratch):
    pressure.comes_and_goes(tools, scratch, "checkpoints", server.source(tuning={"adaptive": True}),
                            checkpoints(server), "checkpoints that were asked for",
                            truth(server, "orders"))


def the_last_connection_is_left(tools, server, scratch):
    """Four workers and the snapshot take five of six; then nobody watches, and the copy is made."""
    job = Job(tools, os.path.join(scratch, "budget"),
              server.source(user="reader", password="reader", tuning={"adaptive": True}),
              chunk_size=pressure.CHUNK, tuning=pressure.PACE)
    expect(job.run(), 0, "no connection can be spared", "so all workers work")
    job.must_be_exact(truth(server, "orders"))


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        server.execute(MAKE_SHOP)
        for name, work in (("locks", lock_waiters_are_noticed),
                           ("checkpoints", checkpoints_are_noticed),
                           ("budget", the_last_connection_is_left)):
            if tools.only in name:
                tally.case(name, work, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
