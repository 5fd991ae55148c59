"""What `doctor` says of a live PostgreSQL server, and of the same server with each thing amiss: grants, row security,
a pooler, a replica, too few connections, no TLS, a server that is not there. It changes nothing."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402
from jobs import Job, certificates, checks, expect, health_must_be  # noqa: E402
from loopback import PASSWORD, free_port  # noqa: E402
from postgres_server import PostgresServer, Replica  # noqa: E402
from postgres_test import truth  # noqa: E402
from transaction_pooler import TransactionPooler  # noqa: E402

ROWS = 30_000
MAKE_SHOP = f"""
    CREATE TABLE orders (id bigint PRIMARY KEY, note text, amount numeric(12,2), placed_at timestamptz);
    INSERT INTO orders SELECT i, 'note ' || i, i * 1.25, timestamptz '2026-01-01' + i * interval '1 s'
        FROM generate_series(1, {ROWS}) i;
    CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
    GRANT SELECT ON orders TO reader;
    ANALYZE orders"""


def listing(folder):
    return sorted(os.path.join(at, name) for at, folders, names in os.walk(folder)
                  for name in folders + names)


def job_of(tools, scratch, name, source, **export):
    return Job(tools, os.path.join(scratch, name), source, **export)


def reader(server, **more):
    return server.source(user="reader", **more)


def all_is_well(tools, server, scratch):
    job = job_of(tools, scratch, "well", reader(server))
    before = listing(scratch)
    transactions = "SELECT pg_current_xact_id_if_assigned() IS NULL, pg_current_snapshot()::text"
    state = server.rows(transactions)
    ran = job.run("doctor", "--json")
    expect(ran, 0)
    found = checks(ran)
    for topic in ("reach", "server", "user", "encoding", "replication", "connections", "limits", "pooler",
                  "tls", "ledger", "orders: relation", "orders: access", "orders: destination",
                  "orders: space", "orders: earlier run"):
        health_must_be(found, topic, "ok")
    health_must_be(found, "warning 1", "warn", "source.password stands in the file")
    health_must_be(found, "orders: relation", "ok", "4 columns", f"about {ROWS:,} rows")
    if listing(scratch) != before or server.rows(transactions) != state:
        raise Mismatch("doctor changed something")
    expect(job.run("run"), 0)
    found = checks(job.run("doctor", "--json"))
    health_must_be(found, "orders: earlier run", "ok", "is complete")
    for_people = job.run("doctor")
    expect(for_people, 0)
    if "OK    reach" not in for_people.out or " checks: " not in for_people.out:
        raise Mismatch(f"not for people: {for_people.out}")


def grants_are_named(tools, server, scratch):
    server.execute("CREATE TABLE secret (id int PRIMARY KEY, name text, salary int); CREATE SCHEMA hidden; "
                   "CREATE TABLE hidden.t (id int); GRANT SELECT (id, name) ON secret TO reader")
    of = {"columns": {"table": "secret"}, "schema": {"table": "hidden.t"},
          "query": {"table": None, "query": "SELECT o.id FROM orders o JOIN secret s ON s.salary = o.id"},
          "table": {"table": "kept"}}
    server.execute("CREATE TABLE kept (id int PRIMARY KEY)")
    said = {}
    for name, export in of.items():
        job = job_of(tools, scratch, "grants-" + name, reader(server), **export)
        ran = job.run("doctor", "--json")
        if ran.status == 0:
            raise Mismatch(f"{name}: nothing failed")
        said[name] = checks(ran)
    health_must_be(said["columns"], "orders: access", "fail", "salary of ", "GRANT SELECT ON ",
                   "\"secret\" TO reader")
    health_must_be(said["table"], "orders: access", "fail", "reader may not read", "\"kept\"")
    health_must_be(said["schema"], "orders: relation", "fail", "permission denied for schema hidden")
    health_must_be(said["query"], "orders: access", "fail", "permission denied for table secret")
    server.execute("GRANT SELECT ON secret TO reader; ALTER TABLE secret ENABLE ROW LEVEL SECURITY")
    job = job_of(tools, scratch, "grants-rows", reader(server), table="secret")
    ran = job.run("doctor", "--json")
    expect(ran, 0)
    health_must_be(checks(ran), "orders: access", "warn", "row security hides rows")


def a_pooler_is_recognised_and_used(tools, server, scratch):
    for consistency in ("snapshot", "chunk"):
        with TransactionPooler(server.port, size=6) as pooler:
            source = server.source(port=pooler.port, consistency=consistency)
            job = job_of(tools, scratch, "pooler-" + consistency, source)
            ran = job.run("doctor", "--json")
            health_must_be(checks(ran), "pooler", "warn", "lends a process to each transaction")
            expect(ran, 0)
            expect(job.run(), 0)
            job.must_be_exact(truth(server, "orders"))
            expect(job.run("reconcile"), 0)
            # What a session of the pool was told ended with the transaction it was told in.
            for setting, usual in (("default_transaction_read_only", "off"), ("IntervalStyle", "postgres"),
                                   ("max_parallel_workers_per_gather", "2"), ("jit", "on")):
                told = set(pooler.ask_all(f"SHOW {setting}"))
                if told != {usual}:
                    raise Mismatch(f"{setting} is {told} in the pool, not {usual}")


def connections_are_counted(tools, server, scratch):
    server.execute("ALTER ROLE reader CONNECTION LIMIT 3")
    job = job_of(tools, scratch, "connections", reader(server), tuning={"parallel": 4})
    ran = job.run("doctor", "--json")
    expect(ran, 2)
    health_must_be(checks(ran), "connections", "fail", "a run takes 6", "tuning.parallel")
    server.execute("ALTER ROLE reader CONNECTION LIMIT -1; ALTER ROLE reader SET statement_timeout = '9s'")
    job = job_of(tools, scratch, "limits", reader(server), tuning={"parallel": 2, "profile": "fast"})
    found = checks(job.run("doctor", "--json"))
    health_must_be(found, "limits", "warn", "may take 9s")
    server.execute("ALTER ROLE reader RESET statement_timeout")


def what_is_not_there_fails(tools, server, scratch):
    of_port = job_of(tools, scratch, "no-server", reader(server, port=free_port()))
    ran = of_port.run("doctor", "--json")
    expect(ran, 2)
    found = checks(ran)
    health_must_be(found, "reach", "fail", "Connection refused")
    health_must_be(found, "orders: relation", "unknown")
    health_must_be(found, "orders: destination", "ok")
    job = job_of(tools, scratch, "no-password", reader(server, password="wrong"))
    ran = job.run("doctor")
    expect(ran, 1, "reach")
    job = job_of(tools, scratch, "no-table", reader(server), table="ordesr")
    ran = job.run("doctor", "--json")
    expect(ran, 78)
    health_must_be(checks(ran), "orders: relation", "fail", "did you mean \"orders\"")
    job = job_of(tools, scratch, "no-folder", reader(server),
                 destination={"type": "local", "path": "/proc/self/out"})
    ran = job.run("doctor", "--json")
    expect(ran, 1)
    health_must_be(checks(ran), "orders: destination", "fail", "/proc/self")


def an_earlier_run_is_seen(tools, server, scratch):
    job = job_of(tools, scratch, "earlier", server.source())
    expect(job.run(), 0)
    other = job_of(tools, scratch, "earlier-other", server.source(),
                   destination={"type": "local", "path": job.prefix})
    found = checks(other.run("doctor", "--json"))
    health_must_be(found, "orders: earlier run", "warn", "a run of another configuration")


def a_replica_is_told_from_a_primary(tools, server, scratch):
    with Replica(server) as replica:
        server.execute("INSERT INTO orders VALUES (0, 'new', 1, now())")
        server.rows(f"SELECT pg_current_wal_lsn()")
        replica.catch_up(server)
        job = job_of(tools, scratch, "replica", reader(replica))
        ran = job.run("doctor", "--json")
        expect(ran, 0)
        health_must_be(checks(ran), "replication", "warn", "a replica; ", "is cancelled after 30s",
                       "hot_standby_feedback")
        expect(job.run(), 0)
        job.must_be_exact(truth(server, "orders"))
        server.execute("DELETE FROM orders WHERE id = 0")


def init_takes_a_whole_schema(tools, server, scratch):
    """What it writes is what check accepts, and tables that may not be read are left out by name."""
    server.execute("CREATE SCHEMA sales; CREATE TABLE sales.invoices (id int PRIMARY KEY, total numeric); "
                   "CREATE TABLE sales.lines (invoice int, line int, PRIMARY KEY (invoice, line)); "
                   "CREATE VIEW sales.open AS SELECT * FROM sales.invoices; "
                   "CREATE TABLE sales.hidden (id int PRIMARY KEY); INSERT INTO sales.invoices VALUES (1, 2); "
                   "GRANT USAGE ON SCHEMA sales TO reader; "
                   "GRANT SELECT ON sales.invoices, sales.lines, sales.open TO reader; ANALYZE")
    url = f"postgres://reader@127.0.0.1:{server.port}/postgres"
    environment = {"PGPASSWORD": PASSWORD}

    def init(*words):
        return oracle.run(tools.trueup, "extract", "init", url, *words, env=environment)

    def names(*words):
        ran = init("--json", *words)
        expect(ran, 0)
        return [one["table"] for one in json.loads(ran.out)["exports"]], ran.err

    tables, said = names("--schema", "sales")
    if tables != ["sales.invoices", "sales.lines"] or "left out sales.hidden" not in said:
        raise Mismatch(f"{tables}: {said}")
    if names("--schema", "sales", "--views")[0] != ["sales.invoices", "sales.lines", "sales.open"]:
        raise Mismatch("--views does not bring the view")
    if "orders" not in names("--schema", "public")[0]:
        raise Mismatch("--schema public does not bring what needs no schema in its name")
    if names("--schema", "sales", "--exclude", "l*")[0] != ["sales.invoices"]:
        raise Mismatch("--exclude leaves lines in")
    expect(init("--schema", "salse"), 1, "did you mean \"sales\"")
    config = os.path.join(scratch, "init.yaml")
    ran = init("--schema", "sales", "--views", "-o", config)
    expect(ran, 0)
    if "(invoice, line)" not in ran.out or "sales.invoices" not in ran.out:
        raise Mismatch(f"what was found is not shown: {ran.out}")
    for command in ("check", "doctor", "run", "reconcile"):
        expect(oracle.run(tools.trueup, "extract", command, "-c", config, env=environment), 0)


def tls_is_told(tools, server, scratch):
    ca_file = os.path.join(server.folder, "ca.crt")
    for mode, host, health, words in (
            ("verify-full", "localhost", "ok", "TLSv1.3, with a certificate for localhost from"),
            ("verify-ca", "127.0.0.1", "warn", "whichever host"),
            ("require", "127.0.0.1", "warn", "whoever answers is believed"),
            ("disable", "127.0.0.1", "ok", "on this machine")):
        tls = {"mode": mode, **({"ca_file": ca_file} if mode.startswith("verify") else {})}
        job = job_of(tools, scratch, "tls-" + mode, server.source(host=host, tls=tls))
        health_must_be(checks(job.run("doctor", "--json")), "tls", health, words)


def trusting(folder):
    """The pool of the go-between comes without a password."""
    path = os.path.join(folder, "data", "pg_hba.conf")
    with open(path, encoding="utf-8") as file:
        rules = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("host postgres owner 127.0.0.1/32 trust\n" + rules)


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch:
        with PostgresServer(prepare=trusting, settings=[("wal_level", "replica")]) as server:
            server.execute(MAKE_SHOP)
            for name, work in (("well", all_is_well), ("grants", grants_are_named),
                               ("pooler", a_pooler_is_recognised_and_used),
                               ("connections", connections_are_counted),
                               ("missing", what_is_not_there_fails),
                               ("earlier run", an_earlier_run_is_seen),
                               ("init", init_takes_a_whole_schema),
                               ("replica", a_replica_is_told_from_a_primary)):
                if tools.only in name:
                    tally.case(name, work, tools, server, scratch)
        if tools.only in "tls":
            with PostgresServer(prepare=certificates, settings=[
                    ("ssl", "on"), ("ssl_cert_file", "../server.crt"),
                    ("ssl_key_file", "../server.key")]) as server:
                server.execute(MAKE_SHOP)
                tally.case("tls", tls_is_told, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
