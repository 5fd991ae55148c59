"""Long values of a live MariaDB server: of a megabyte and of 64, compared by their sums, as texts would be
waited for."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, expect  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from oracle import Mismatch  # noqa: E402

MAKE = """
    CREATE TABLE orders (id int PRIMARY KEY, words longtext, bytes longblob, doc json);
    INSERT INTO orders VALUES (1, REPEAT('日本語', 116508), REPEAT(x'00ff', 524288), '{}'),
        (2, NULL, NULL, NULL), (3, REPEAT('0123456789abcdef', 4194304), '', '[]'),
        (4, '', REPEAT(x'00', 67108864), CONCAT('"', REPEAT('ü', 2097152), '"'));
    ANALYZE TABLE orders"""


def sums(length, md5, text):
    """In SQL: the length in bytes and the MD5 of each column."""
    return ", ".join([text("id")] + [text(f"{function}({column})") for column in ("words", "bytes", "doc")
                                     for function in (length, md5)])


def long_values_agree(tools, server, scratch, workers):
    job = Job(tools, os.path.join(scratch, f"long-{workers}"), server.source(), chunk_column="id", chunk_size=2,
              tuning={"memory_limit_mb": 2048, "parallel": workers})
    expect(job.run(), 0)
    lines = server.execute(f"SELECT {sums('LENGTH', 'MD5', str)} FROM orders ORDER BY id").splitlines()
    wanted = [[None if one == "NULL" else one for one in line.split("\t")] for line in lines]
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    found = duckdb.rows("SELECT id::VARCHAR, strlen(words)::VARCHAR, md5(words), octet_length(bytes)::VARCHAR, "
                        "md5(bytes), strlen(doc::VARCHAR)::VARCHAR, md5(doc::VARCHAR) "
                        f"FROM '{job.prefix}/*.parquet' ORDER BY id")
    duckdb.close()
    if found != wanted:
        raise Mismatch(f"found {found}, not {wanted}")
    for command in ("reconcile", "validate"):
        expect(job.run(command), 0)


def a_value_beyond_the_limit_is_an_error(tools, server, scratch):
    expect(Job(tools, os.path.join(scratch, "limit"), server.source(), mode="full", chunk_size=None,
               tuning={"max_value_mb": 1}).run(), 1, "is longer than tuning.max_value_mb allows")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, MysqlServer(
            settings=[("max-allowed-packet", "256M"), ("innodb-log-file-size", "1G")]) as server:
        server.execute(MAKE)
        for workers in (1, 2):
            tally.case(f"{workers} workers", long_values_agree, tools, server, scratch, workers)
        tally.case("limit", a_value_beyond_the_limit_is_an_error, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
