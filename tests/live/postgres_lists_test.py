"""Arrays of a live PostgreSQL server as lists: what the configuration may ask of them, what is said of
those that are no lists, and that a copy with lists is proven and repaired like any other. Their values
are compared in postgres_test.py, those of one array after the other."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, expect  # noqa: E402
from oracle import Mismatch  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402
from postgres_test import truth  # noqa: E402

MAKE = """
    CREATE TABLE plain (id integer PRIMARY KEY, note text, numbers integer[], days date[]);
    INSERT INTO plain SELECT i, 'n' || i, ARRAY[i, NULL, -i], ARRAY[date '2024-01-01' + i]
        FROM generate_series(1, 2000) i;
    CREATE TABLE deeper (id integer PRIMARY KEY, cells integer[]);
    INSERT INTO deeper SELECT i, CASE WHEN i = 77 THEN '{{1,2},{3,4}}'::integer[] ELSE ARRAY[i] END
        FROM generate_series(1, 100) i;
    CREATE TABLE endless (id integer PRIMARY KEY, days date[]);
    INSERT INTO endless VALUES (1, '{2024-01-01}'), (2, '{2024-01-01,infinity}');
    CREATE TABLE long (id integer PRIMARY KEY, words text, bytes bytea, list text[]);
    INSERT INTO long VALUES
        (1, repeat('ä', 1 << 19), decode(repeat('00ff', 1 << 19), 'hex'),
            ARRAY[repeat('x', 1 << 20), 'y']),
        (2, repeat('0123456789abcdef', 1 << 22), NULL, NULL),
        (3, NULL, decode(repeat('00ff80', (1 << 26) / 3), 'hex'), NULL),
        (4, NULL, NULL, ARRAY['a', repeat('z', 1 << 26), NULL]), (5, NULL, NULL, '{}');
    ANALYZE"""


class Lists:
    """The cases: each one a method that takes a folder of its own."""

    def __init__(self, tools, server):
        self.tools, self.server = tools, server

    def job(self, folder, table, **export):
        return Job(self.tools, folder, self.server.source(), table=table, **export)

    def types_of(self, job):
        return {column["name"]: column["type"] for column in oracle.load_manifest(job.prefix)["columns"]}

    def rows_of(self, job, sql):
        duckdb = oracle.DuckDb(self.tools.duckdb_sql)
        rows = duckdb.rows(sql.replace("PARTS", f"read_parquet('{job.prefix}/*.parquet')"))
        duckdb.close()
        return rows

    def must_be(self, found, wanted):
        if found != wanted:
            raise Mismatch(f"{found} is not {wanted}")

    def a_deeper_array_is_named(self, folder):
        job = self.job(folder, "deeper")
        expect(job.run(), 1, "deeper.cells, id 77: the integer[] of 2 dimensions is no INTEGER[]",
               "columns: {cells: json}", 'columns: {cells: {type: "integer[]", on_value_error: null}}')

    def a_deeper_array_can_be_json(self, folder):
        job = self.job(folder, "deeper", columns={"cells": "json"})
        expect(job.run(), 0)
        self.must_be(self.rows_of(job, "SELECT cells::VARCHAR FROM PARTS WHERE id IN (76, 77) ORDER BY id"),
                     [["[76]"], ["[[1,2],[3,4]]"]])
        job.must_be_exact(truth(self.server, "deeper"))

    def a_deeper_array_can_be_null(self, folder):
        job = self.job(folder, "deeper", columns={"cells": {"type": "integer[]", "on_value_error": "null"}})
        expect(job.run(), 0)
        self.must_be(self.rows_of(job, "SELECT id FROM PARTS WHERE cells IS NULL"), [[77]])
        parts = oracle.committed(oracle.load_manifest(job.prefix))
        self.must_be(sum(part["value_errors"] for part in parts), 1)

    def a_deeper_array_can_be_text(self, folder):
        job = self.job(folder, "deeper", columns={"cells": {"type": "integer[]", "on_value_error": "text"}})
        expect(job.run(), 0)
        self.must_be(self.rows_of(job, "SELECT cells FROM PARTS WHERE id IN (76, 77) ORDER BY id"),
                     [["{76}"], ["{{1,2},{3,4}}"]])

    def an_infinity_in_an_array_is_named(self, folder):
        expect(self.job(folder, "endless").run(), 1,
               "endless.days, id 2: the date[] with infinity in it is no DATE[]")

    def the_elements_can_be_of_another_type(self, folder):
        job = self.job(folder, "plain", columns={"numbers": "bigint[]", "days": "text[]"})
        expect(job.run(), 0)
        self.must_be({name: self.types_of(job)[name] for name in ("numbers", "days")},
                     {"numbers": "BIGINT[]", "days": "VARCHAR[]"})
        job.must_be_exact(truth(self.server, "plain"))
        expect(job.run("reconcile"), 0)

    def an_element_that_does_not_fit_its_override_is_named(self, folder):
        expect(self.job(folder, "plain", columns={"numbers": "utinyint[]"}).run(), 1,
               "plain.numbers, id 1: the integer[] with -1 in it is no UTINYINT[]")

    def an_array_can_be_the_servers_text(self, folder):
        job = self.job(folder, "plain", columns={"numbers": "text"})
        expect(job.run(), 0)
        self.must_be(self.rows_of(job, "SELECT numbers FROM PARTS WHERE id = 7"), [["{7,NULL,-7}"]])

    def what_is_no_array_is_no_list(self, folder):
        expect(self.job(folder, "plain", columns={"note": "text[]"}).run(), 78,
               "plain.note: the type VARCHAR[] is one of lists, and text is none")
        expect(self.job(folder + "-deep", "plain", columns={"numbers": "integer[][]"}).run(), 78,
               "plain.numbers: the type INTEGER[][] is not available for parts")

    def csv_has_no_lists(self, folder):
        job = self.job(folder, "plain", format="csv", columns={"numbers": "integer[]"})
        expect(job.run(), 78, "plain.numbers: the type INTEGER[] is one of lists, and CSV has none",
               "columns: {numbers: json}")
        job = self.job(folder + "-plain", "plain", format="csv")
        expect(job.run(), 0)
        self.must_be(self.types_of(job)["numbers"], "JSON")
        for command in ("reconcile", "validate"):
            expect(job.run(command), 0)

    def a_query_has_lists(self, folder):
        query = "SELECT id, numbers || 7 AS more, array_agg(note) OVER (PARTITION BY id % 3) AS notes FROM plain"
        job = self.job(folder, None, query=query, mode="full", chunk_size=None)
        expect(job.run(), 0)
        self.must_be(self.types_of(job), {"id": "INTEGER", "more": "INTEGER[]", "notes": "VARCHAR[]"})
        job.must_be_exact(truth(self.server, f"({query}) q"))

    def check_tells_how_arrays_are_kept(self, folder):
        job = self.job(folder, "plain")
        shown = job.run("check", "--json").out
        columns = {column["name"]: column for column in json.loads(shown)["exports"][0]["columns"]}
        self.must_be([columns["numbers"][key] for key in ("source_type", "type", "fidelity")],
                     ["integer[]", "INTEGER[]", "compatible"])

    def a_list_that_changed_is_found_and_repaired(self, folder):
        job = self.job(folder, "plain", chunk_column="id", chunk_size=500)
        expect(job.run(), 0)
        for command in (("reconcile",), ("validate", "--depth", "full"), ("reconcile", "--evidence", "rows")):
            expect(job.run(*command), 0)
        # Another list in each of them: a NULL in the place of an element, no elements, no list.
        self.server.execute("UPDATE plain SET numbers = CASE id WHEN 7 THEN '{7,NULL,NULL}'::integer[] "
                            "WHEN 700 THEN '{}' END WHERE id IN (7, 700, 1400)")
        ran = job.run("reconcile", "--evidence", "rows")
        expect(ran, 3)
        for words in ('"numbers":"[7, NULL, NULL]"', '"numbers":"[7, NULL, -7]"', '"numbers":"[]"'):
            if words not in ran.out:
                raise Mismatch(f"no {words} in: {ran.out}")
        expect(job.run("reconcile"), 3)
        expect(job.run("repair", "--execute"), 0)
        expect(job.run("reconcile"), 0)
        job.must_be_exact(truth(self.server, "plain"))

    def long_values_agree(self, folder):
        """Of a megabyte and of 64, by their sums: as texts they would be waited for."""
        job = self.job(folder, "long", mode="full", chunk_size=None, tuning={"memory_limit_mb": 2048})
        expect(job.run(), 0)
        wanted = self.server.rows("SELECT id, octet_length(words), md5(words), octet_length(bytes), md5(bytes), "
                                  "cardinality(list), md5(array_to_string(list, ',')) FROM long ORDER BY id")
        found = self.rows_of(job, "SELECT id::VARCHAR, strlen(words)::VARCHAR, md5(words), "
                                  "octet_length(bytes)::VARCHAR, md5(bytes), len(list)::VARCHAR, "
                                  "CASE WHEN list IS NOT NULL THEN md5(coalesce(array_to_string(list, ','), '')) "
                                  "END FROM PARTS ORDER BY id")
        self.must_be(found, wanted)
        for command in ("reconcile", "validate"):
            expect(job.run(command), 0)

    def a_list_beyond_the_limit_is_an_error(self, folder):
        expect(self.job(folder, "long", query=None, mode="full", chunk_size=None,
                        columns={"words": "text"}, tuning={"max_value_mb": 1}).run(), 1,
               "is longer than tuning.max_value_mb allows")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        server.execute(MAKE)
        lists = Lists(tools, server)
        cases = [name for name in vars(Lists) if not name.startswith("_") and name not in
                 ("job", "types_of", "rows_of", "must_be")]
        for name in cases:
            if tools.only in name.replace("_", " "):
                tally.case(name.replace("_", " "), getattr(lists, name), os.path.join(scratch, name))
    tally.end()


if __name__ == "__main__":
    main()
