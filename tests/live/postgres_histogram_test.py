"""Chunks of a live PostgreSQL server that are cut by the histogram of its statistics: on keys of every type
that lie unevenly, with statistics that are fresh, old, hidden or missing. The copy is whole, whatever they
say; with fresh ones the chunks are even, too."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, expect  # noqa: E402
from oracle import Mismatch  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

ROWS = 70_000  # The planner walks every key of smaller tables.
CHUNKS = 20
# Nine rows of ten in a thousandth of the span, on both sides of zero.
SKEWED = "CASE WHEN i % 10 = 0 THEN (i - 40000) * 1000000::bigint ELSE i END"
KEYS = {
    "integers": ("bigint", SKEWED),
    "numerics": ("numeric(20,3)", f"({SKEWED}) / 7.0 + i / 1000.0"),
    "moments": ("timestamptz", f"'2020-01-01Z'::timestamptz + ({SKEWED}) * interval '1 millisecond'"),
    "days": ("date", "'2020-01-01'::date + (CASE WHEN i % 10 = 0 THEN i ELSE i / 10 END)"),
    "uuids": ("uuid", "('00000000-0000-4000-8000-' || substr(md5(i::text), 1, 12))::uuid"),
    "texts": ("text", "CASE WHEN i % 3 = 0 THEN 'Ähre, \"' ELSE 'ähre{' END || md5(i::text)"),
    "c_texts": ('varchar(60) COLLATE "C"', "repeat('\\', i % 2) || md5(i::text)"),
    "icu_texts": ('text COLLATE "de-x-icu"', "(ARRAY['ß', 'Z', 'a', 'Ä'])[1 + i % 4] || md5(i::text)"),
    "reals": ("double precision", f"({SKEWED}) * 1.25e-3"),
    "bytes": ("bytea", "decode(md5(i::text), 'hex')"),
}


def analyze(server, table):
    """In a session of its own: a session tells the server late of what it wrote."""
    server.execute(f"ANALYZE {table}")


def make(server, name, type_, key, unique="PRIMARY KEY"):
    distinct = "DISTINCT ON (k)" if unique else ""
    server.execute(f"CREATE TABLE {name} (k {type_} NOT NULL {unique}, n integer); "
                   f"INSERT INTO {name} SELECT {distinct} k, i FROM (SELECT {key} AS k, i FROM "
                   f"generate_series(1, {ROWS}) i) s")
    analyze(server, name)


def job_of(tools, server, scratch, name, table, **export):
    return Job(tools, os.path.join(scratch, name), server.source(), table=table,
               **{"chunk_column": "k", "chunk_count": CHUNKS, "chunk_size": None, **export})


def cut_by(job):
    ran = job.run("check", "--json")
    expect(ran, 0)
    return json.loads(ran.out)["exports"][0]["chunks"]["cut_by"]


def rows_of_chunks(job):
    with open(os.path.join(job.prefix, "manifest.json"), encoding="utf-8") as file:
        return [part["rows"] for part in json.load(file)["parts"]]


def must_hold_each_row_once(job, server, table):
    """Each has a number of its own. What the values are is compared in postgres_test.py."""
    numbers = "count(*), count(DISTINCT n), sum(n), count(k)"
    wanted = [int(number) for number in server.rows(f"SELECT {numbers} FROM {table}")[0]]
    duckdb = oracle.DuckDb(job.tools.duckdb_sql)
    found, = duckdb.rows(f"SELECT {numbers} FROM '{job.prefix}/*.parquet'")
    duckdb.close()
    if list(map(int, found)) != wanted:
        raise Mismatch(f"{numbers}: {found}, not {wanted}")


def must_be(job, way, server, table, is_wanted=True):
    if ((found := cut_by(job)) == way) != is_wanted:
        raise Mismatch(f"cut by {found}")
    expect(job.run(), 0)
    must_hold_each_row_once(job, server, table)


def must_not_be(job, way, server, table):
    must_be(job, way, server, table, is_wanted=False)


def fresh_statistics_cut_evenly(tools, server, scratch, name, type_, key):
    unique = "" if name == "days" else "PRIMARY KEY"
    make(server, name, type_, key, unique)
    if not unique:
        server.execute(f"CREATE INDEX ON {name} (k)")
    job = job_of(tools, server, scratch, name, name)
    must_be(job, "histogram", server, name)
    rows = rows_of_chunks(job)
    if len(rows) != CHUNKS or max(rows) > 1.5 * sum(rows) / CHUNKS:
        raise Mismatch(f"chunks have {rows}")


def common_values_count(tools, server, scratch):
    """One value that a third of the rows have, and is no place to cut twice."""
    server.execute(f"CREATE TABLE often (k integer NOT NULL, n integer); INSERT INTO often SELECT CASE WHEN "
                   f"i % 3 = 0 THEN 7000 ELSE i END, i FROM generate_series(1, {ROWS}) i; CREATE INDEX ON "
                   "often (k)")
    analyze(server, "often")
    job = job_of(tools, server, scratch, "often", "often")
    must_be(job, "histogram", server, "often")
    rows = sorted(rows_of_chunks(job))
    if rows[-1] < ROWS / 3 or rows[-2] > 2 * ROWS / CHUNKS:
        raise Mismatch(f"chunks have {rows}")


def several_columns_are_looked_up(tools, server, scratch):
    server.execute(f"CREATE TABLE pairs (k integer, l text, n integer, PRIMARY KEY (k, l)); INSERT INTO pairs "
                   f"SELECT i * i / 1000, md5(i::text), i FROM generate_series(1, {ROWS // 2}) i; INSERT INTO "
                   f"pairs SELECT -i, 'x', -i FROM generate_series(1, {ROWS // 2}) i")
    analyze(server, "pairs")
    job = job_of(tools, server, scratch, "pairs", "pairs", chunk_column=None, chunk_count=None,
                 chunk_by_key=["k", "l"], chunk_size=5000)
    must_be(job, "histogram", server, "pairs")


def old_statistics_are_left(tools, server, scratch):
    """Two rows in ten changed: it is known, and the index is looked at; when it is not known, the copy is exact
    all the same."""
    make(server, "old", *KEYS["moments"])
    server.execute("UPDATE old SET k = k + interval '100 years' WHERE n % 5 = 0")
    known = job_of(tools, server, scratch, "known", "old")
    must_not_be(known, "histogram", server, "old")
    server.execute("SELECT pg_stat_reset_single_table_counters('old'::regclass)")
    must_be(job_of(tools, server, scratch, "hidden", "old"), "histogram", server, "old")
    server.execute("DELETE FROM old WHERE n % 5 <> 0; SELECT pg_stat_reset_single_table_counters("
                   "'old'::regclass)")
    expect(job_of(tools, server, scratch, "moved", "old").run(), 0)


def without_statistics_keys_are_looked_at(tools, server, scratch):
    make(server, "unseen", *KEYS["integers"])
    server.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON unseen TO reader; ALTER TABLE "
                   "unseen ENABLE ROW LEVEL SECURITY; CREATE POLICY all_rows ON unseen USING (true)")
    job = Job(tools, os.path.join(scratch, "unseen"), server.source(user="reader", password="reader"),
              table="unseen", chunk_size=None, chunk_column="k", chunk_count=CHUNKS)
    must_not_be(job, "histogram", server, "unseen")
    server.execute(f"CREATE TABLE never (k bigint PRIMARY KEY, n integer); INSERT INTO never SELECT {SKEWED}, "
                   f"i FROM generate_series(1, {ROWS}) i")
    must_not_be(job_of(tools, server, scratch, "never", "never"), "histogram", server, "never")


def statistics_that_are_withheld_stop_nothing(tools, server, scratch):
    """The question is asked inside the snapshot's transaction, which goes on."""
    make(server, "withheld", *KEYS["integers"])
    server.execute("CREATE ROLE outsider LOGIN PASSWORD 'outsider'; GRANT SELECT ON withheld TO outsider; "
                   "REVOKE SELECT ON pg_stats FROM PUBLIC")
    for workers in (1, 2):
        job = Job(tools, os.path.join(scratch, f"withheld{workers}"), server.source(
            user="outsider", password="outsider"), table="withheld", chunk_size=None, chunk_column="k",
            chunk_count=CHUNKS, tuning={"parallel": workers})
        must_not_be(job, "histogram", server, "withheld")
    server.execute("GRANT SELECT ON pg_stats TO PUBLIC")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        for name, (type_, key) in KEYS.items():
            if tools.only in name:
                tally.case(name, fresh_statistics_cut_evenly, tools, server, scratch, name, type_, key)
        for name, work in (("common values", common_values_count),
                           ("several columns", several_columns_are_looked_up),
                           ("old", old_statistics_are_left),
                           ("without", without_statistics_keys_are_looked_at),
                           ("withheld", statistics_that_are_withheld_stop_nothing)):
            if tools.only in name:
                tally.case(name, work, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
