"""What `trueup extract doctor` says of a live MariaDB server."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, checks, expect, health_must_be  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402

MAKE = """
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    INSERT INTO orders SELECT seq, CONCAT('note ', seq) FROM seq_1_to_1000;
    CREATE TABLE secrets (id bigint PRIMARY KEY);
    CREATE USER reader IDENTIFIED BY 'reader';
    GRANT SELECT ON shop.orders TO reader;
    ANALYZE TABLE orders"""


def job_of(tools, scratch, name, source, **export):
    return Job(tools, os.path.join(scratch, name), source, **export)


def all_is_well(tools, server, scratch):
    ran = job_of(tools, scratch, "well", server.source()).run("doctor", "--json")
    expect(ran, 0)
    found = checks(ran)
    for topic in ("reach", "server", "user", "snapshot", "replication", "connections", "limits", "pooler",
                  "ledger", "orders: relation", "orders: access", "orders: destination",
                  "orders: space", "orders: earlier run"):
        health_must_be(found, topic, "ok")
    health_must_be(found, "server", "ok", "MariaDB 10.")
    health_must_be(found, "snapshot", "ok", "brief lock")


def rights_that_are_missing(tools, server, scratch):
    source = server.source(user="reader", password="reader")
    ran = job_of(tools, scratch, "lock", source).run("doctor", "--json")
    expect(ran, 0)
    health_must_be(checks(ran), "snapshot", "warn", "one worker reads all", "grant RELOAD")
    one = job_of(tools, scratch, "one", source, tuning={"parallel": 1}).run("doctor", "--json")
    health_must_be(checks(one), "snapshot", "ok")
    hidden = job_of(tools, scratch, "hidden", source, table="secrets").run("doctor", "--json")
    if hidden.status == 0:
        raise oracle.Mismatch(f"a table that may not be read is fine: {hidden.out}")
    health_must_be(checks(hidden), "orders: relation", "fail", "secrets")


def too_few_connections(tools, server, scratch):
    server.execute("SET GLOBAL max_connections = 10")
    many = job_of(tools, scratch, "many", server.source(), tuning={"parallel": 16}).run("doctor", "--json")
    expect(many, 2)
    health_must_be(checks(many), "connections", "fail", "lower tuning.parallel")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, MysqlServer() as server:
        server.execute(MAKE)
        for name, work in (("well", all_is_well), ("rights", rights_that_are_missing),
                           ("connections", too_few_connections)):
            if tools.only in name:
                tally.case(name, work, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
