"""Copies of a live MariaDB server that is under strain: fewer workers read as long as it lasts."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
import pressure  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from mysql_test import truth  # noqa: E402

MAKE_SHOP = f"""
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    INSERT INTO orders SELECT seq, CONCAT('note ', seq) FROM seq_1_to_{pressure.ROWS};
    CREATE TABLE blocked (id integer PRIMARY KEY, version integer);
    INSERT INTO blocked VALUES (1, 0);
    ANALYZE TABLE orders"""


def end_sessions(server, clients):
    for number in server.execute("SELECT id FROM information_schema.processlist WHERE (info LIKE "
                                 "'%3600%' OR info LIKE '%blocked%') AND id <> CONNECTION_ID()").split():
        with contextlib.suppress(RuntimeError):  # It may have ended by itself.
            server.execute(f"KILL {number}")
    clients.end()


@contextlib.contextmanager
def busy_sessions(server):
    clients = pressure.Clients(server)
    for _ in range(24):
        clients.say("SELECT SLEEP(3600)")
    while int(server.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'").split()[1]) < 25:
        pass
    yield
    end_sessions(server, clients)


@contextlib.contextmanager
def lock_waiters(server):
    clients = pressure.Clients(server)
    clients.say("BEGIN; UPDATE blocked SET version = version + 1; SELECT SLEEP(3600)")
    # innodb_trx would not tell: who asks again within 0.1 s gets the old answer.
    while int(server.execute("SELECT COUNT(*) FROM information_schema.processlist WHERE info = "
                             "'SELECT SLEEP(3600)'")) < 1:
        pass
    for _ in range(4):
        clients.say("SET innodb_lock_wait_timeout = 3600; UPDATE blocked SET version = version + 1")
    while int(server.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'").split()[1]) < 4:
        pass
    yield
    end_sessions(server, clients)


def busy_sessions_are_noticed(tools, server, scratch):
    """In production nobody has to ask for it."""
    pressure.comes_and_goes(tools, scratch, "busy", server.source(environment="production"),
                            busy_sessions(server), "other sessions at work", truth(server, "orders"))


def lock_waiters_are_noticed(tools, server, scratch):
    """They would keep the lock waiting that a common snapshot takes, too."""
    pressure.comes_and_goes(tools, scratch, "locks", server.source(tuning={"adaptive": True}, consistency="chunk"),
                            lock_waiters(server), "sessions that wait for a lock",
                            truth(server, "orders"))


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, MysqlServer() as server:
        server.execute(MAKE_SHOP)
        for name, work in (("busy", busy_sessions_are_noticed), ("locks", lock_waiters_are_noticed)):
            if tools.only in name:
                tally.case(name, work, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
