"""Copies of PostgreSQL databases whose texts are stored in another encoding than UTF-8, or in none that the
server knows of."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, expect  # noqa: E402
from oracle import Mismatch  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402
from postgres_test import truth  # noqa: E402

# Each with a text that it has a byte of its own for.
STORED = {"LATIN1": "grün", "LATIN9": "5 €", "WIN1251": "Привет", "EUC_JP": "日本", "KOI8R": "мир", "EUC_KR": "한국"}


class Database:
    """One of its own on the server."""

    def __init__(self, tools, server, scratch, encoding):
        self.tools, self.server, self.scratch, self.name = tools, server, scratch, encoding.lower()
        server.execute(f"CREATE DATABASE {self.name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")

    def execute(self, sql):
        return self.server.execute(f"SET client_encoding = 'UTF8'; {sql}", database=self.name)

    def rows(self, query):
        return self.server.rows(query, database=self.name)

    def job(self, name, table, **export):
        return Job(self.tools, os.path.join(self.scratch, f"{self.name}-{name}"),
                   self.server.source(database=self.name), table=table, **export)


def stored_texts_become_utf8(tools, server, scratch, encoding):
    database = Database(tools, server, scratch, encoding)
    text = STORED[encoding]
    database.execute(f"CREATE TABLE words (k text PRIMARY KEY, \"{text}\" text[], n integer); INSERT INTO words "
                     f"SELECT '{text}' || i, ARRAY['{text}', NULL, i::text], i FROM generate_series(1, 400) i; "
                     "ANALYZE words")
    for workers in (1, 4):
        job = database.job(f"words-{workers}", "words", chunk_column="k", chunk_size=100,
                           tuning={"parallel": workers})
        expect(job.run(), 0)
        job.must_be_exact(truth(database, "words"))
        expect(job.run("reconcile"), 0)


def bytes_that_are_no_text_are_value_errors(tools, server, scratch):
    database = Database(tools, server, scratch, "SQL_ASCII")
    server.execute("CREATE TABLE fine (id integer PRIMARY KEY, t text, l text[]); INSERT INTO fine SELECT i, "
                   "'gr\u00fcn ' || i, ARRAY['\u65e5'] FROM generate_series(1, 300) i; CREATE TABLE broken (LIKE "
                   "fine INCLUDING ALL); INSERT INTO broken SELECT * FROM fine; UPDATE broken SET t = "
                   "convert_from('\\xff61', 'SQL_ASCII') WHERE id = 7; ANALYZE", database=database.name)
    fine = database.job("fine", "fine", chunk_size=100)
    expect(fine.run(), 0)
    fine.must_be_exact(truth(database, "fine"))
    expect(database.job("broken", "broken", chunk_size=100).run(), 1, "broken.t", "7")
    job = database.job("nulled", "broken", chunk_size=100, columns={
        "t": {"type": "text", "on_value_error": "null"}})
    expect(job.run(), 0, "did not fit")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    found = duckdb.rows(f"SELECT t FROM '{job.prefix}/*.parquet' WHERE id = 7")
    duckdb.close()
    if found != [[None]]:
        raise Mismatch(f"found {found}")
    server.execute("CREATE TABLE keyed (k text PRIMARY KEY); INSERT INTO keyed SELECT convert_from('\\xff61', "
                   "'SQL_ASCII') || i FROM generate_series(1, 300) i; ANALYZE", database=database.name)
    expect(database.job("key", "keyed", chunk_column="k", chunk_size=100, columns={
        "k": {"type": "text", "on_value_error": "null"}}).run(), 1, "is no UTF-8: it can be no name and no bound")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        for encoding in STORED:
            if tools.only in encoding:
                tally.case(encoding, stored_texts_become_utf8, tools, server, scratch, encoding)
        if tools.only in "SQL_ASCII":
            tally.case("SQL_ASCII", bytes_that_are_no_text_are_value_errors, tools, server, scratch)
    tally.end()


if __name__ == "__main__":
    main()
