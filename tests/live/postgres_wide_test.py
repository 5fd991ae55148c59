"""The tables of the benchmark, smaller: all values of the copy agree with those of the source, for
several ways to cut them and with 1 and 4 workers. Here one number stands for all values; postgres_test.py
compares them one by one."""

import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
import value_sums  # noqa: E402
from jobs import Job, expect  # noqa: E402
from oracle import Mismatch  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402

GENERATOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "gen_postgres.sql")
CUTS = {"by default": {}, "by rows": {"mode": "chunked", "chunk_size": 9_000},
        "by place": {"mode": "chunked", "chunk_column": "ctid", "chunk_size": 9_000},
        "in a count": {"mode": "chunked", "chunk_column": "id", "chunk_count": 7}, "whole": {"mode": "full"}}


def sums_agree(tools, server, scratch, table, cut, workers):
    export = {"mode": None, "chunk_size": None, **CUTS[cut]}
    job = Job(tools, os.path.join(scratch, f"{table}-{cut}-{workers}".replace(" ", "_")), server.source(),
              table=table, tuning={"parallel": workers}, **export)
    expect(job.run(), 0)
    columns, wanted = value_sums.of_postgres(server, table)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    found = value_sums.of_parts(duckdb, columns, sorted(glob.glob(f"{job.prefix}/*.parquet")))
    duckdb.close()
    if found != wanted:
        raise Mismatch(f"{table}: {found} is not {wanted}")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        with open(GENERATOR, encoding="utf-8") as file:
            server.execute("\\set wide_rows 40000\n\\set narrow_rows 150000\n" + file.read())
        for table in ("t_wide", "t_narrow"):
            for number, cut in enumerate(CUTS):
                for workers in ((1, 4) if table == "t_wide" else ((1, 4)[number % 2],)):
                    name = f"{table} {cut}, {workers} workers"
                    if tools.only in name:
                        tally.case(name, sums_agree, tools, server, scratch, table, cut, workers)
    tally.end()


if __name__ == "__main__":
    main()
