"""The oracle: every way to cut a table x Parquet and CSV x 1 and 4 workers, on troublesome tables,
compared row by row with what other programs read from source and parts, and with digests taken by
a second implementation. One trueup process copies one table in all ways."""

import concurrent.futures
import json
import os
import sqlite3
import sys

import oracle
import tables
from oracle import Mismatch

# The words of the configuration, and what the manifest should call the chunks then.
CHUNKINGS = ("auto", "full", "range", "keyset", "physical", "count", "days", "dense")
FULL_MATRIX = ("null_keys", "nocase_duplicates", "types")
KIND_OF = {"auto": "whole", "full": "whole"}


def chunking_of(table, name):
    column = table.range_key
    return {
        "auto": {},
        "full": {"mode": "full"},
        "range": {"chunk_column": column, "chunk_size": table.size},
        "keyset": {"chunk_by_key": table.keyset, "chunk_size": table.size},
        "physical": {"chunk_column": "rowid", "chunk_size": table.size},
        "count": {"chunk_count": 5},
        "days": {"chunk_column": table.days, "chunk_by_days": table.window},
        "dense": {"chunk_dense": True, "chunk_size": table.size},
    }[name]


def exports_of(table, folder, number=0):
    exports = []
    for name, file_format, workers in oracle.combinations(CHUNKINGS, number, table.name in FULL_MATRIX):
        entry = {"name": f"{name}-{file_format}-{workers}", "format": file_format,
                 "tuning": {"parallel": workers},
                 "destination": {"type": "local", "path": f"{folder}/{{export}}"}}
        if table.query:
            entry["query"] = table.query
        else:
            entry["table"] = oracle.quote_name(table.relation or table.name)
        if table.columns:
            entry["columns"] = table.columns
        entry.update(chunking_of(table, name))
        exports.append(entry)
    return exports


def misfits_settled(table, connection):
    """The truth of a table with columns of other types: what a misfit becomes is the table's to say."""
    def rows(manifest):
        out = []
        for row in connection.execute(table.source()):
            values = []
            for column, value, type_ in zip(manifest["columns"], row, oracle.types_of(manifest)):
                wanted = (table.columns or {}).get(column["name"])
                try:
                    values.append(oracle.of_sqlite(value, type_))
                except (ValueError, ArithmeticError, KeyError):
                    if not isinstance(wanted, dict) or wanted["on_value_error"] != "null":
                        raise
                    values.append(None)
            out.append(values)
        return out
    return rows


def check_kinds(table, name, manifest, prefix):
    parts = oracle.committed(manifest)
    kinds = {part["chunk"]["kind"] for part in parts}
    if kinds - {KIND_OF.get(name) or table.kinds.get(name, name)}:
        raise Mismatch(f"{prefix}: chunks of the kind {kinds}, not {name}")
    is_cut = KIND_OF.get(name) != "whole" and not (table.few_keys and name != "physical")
    if is_cut and len(table.rows) > 1 and len(parts) < 3:
        raise Mismatch(f"{prefix}: only {len(parts)} parts, so no edge of a chunk was tried")
    if oracle.types_of(manifest) != table.types:
        raise Mismatch(f"{prefix}: types {oracle.types_of(manifest)}, not {table.types}")


def refusals_in(errors):
    """{export: message} of the errors that a --json run wrote."""
    found = {}
    for line in errors.splitlines():
        if not line.startswith('{"error"'):
            continue
        error = json.loads(line)["error"]
        export, _, message = error["message"].removeprefix("export ").partition(": ")
        found[export] = (error["class"], message)
    return found


def check_table(args, scratch, database, table):
    folder = os.path.join(scratch, f"table{tables.ALL.index(table)}")
    os.makedirs(folder)
    exports = exports_of(table, folder, tables.ALL.index(table))
    config = oracle.write_config(f"{folder}/trueup.yaml", {"type": "sqlite", "path": database}, exports)
    ran = oracle.run(args.trueup, "extract", "run", "-c", config, "--json")
    refused = refusals_in(ran.err)
    if ran.status != (78 if table.refused else 0):
        raise Mismatch(f"status {ran.status}: {ran.err[:2000]}")
    duckdb = oracle.DuckDb(args.duckdb_sql)
    connection = sqlite3.connect(database)
    failures, checks = [], 0
    for entry in exports:
        name = entry["name"].split("-")[0]
        prefix = os.path.join(folder, entry["name"])
        words = table.refused.get(name)
        try:
            checks += 1
            if words is not None:
                kind, message = refused.pop(entry["name"], ("accepted", ""))
                if kind != "config" or words not in message:
                    raise Mismatch(f"{entry['name']}: should be refused for its {words}: {kind} {message}")
                if os.path.exists(prefix):
                    raise Mismatch(f"{prefix}: refused, and yet begun")
                continue
            if entry["name"] in refused:
                raise Mismatch(f"{entry['name']} was refused: {refused[entry['name']]}")
            manifest = oracle.check_export(duckdb, prefix, misfits_settled(table, connection))
            check_kinds(table, name, manifest, prefix)
        except Mismatch as mismatch:
            failures.append(str(mismatch))
    duckdb.close()
    if failures:
        shown = "\n  ".join(failures[:6])
        raise Mismatch(f"{len(failures)} of {checks} exports\n  {shown}")


# Values that have no place in their column -----------------------------------------------------------

MISFITS = [  # Declared type, a value that is none, words of the refusal.
    ("INTEGER", "twelve", "BIGINT"), ("INTEGER", 1.5, "BIGINT"), ("BOOLEAN", 2, "BOOLEAN"),
    ("DECIMAL(5,2)", 1234.5, "DECIMAL"), ("DECIMAL(5,2)", "1.005", "DECIMAL"),
    ("DATE", "2023-02-29", "DATE"), ("DATE", 20230228, "DATE"), ("TIMESTAMP", "yesterday", "TIMESTAMP"),
    ("TIMESTAMP", "2024-01-01T00:00:00Z", "TIMESTAMP"), ("TIME", "25:00:00", "TIME"),
    ("UUID", "not-a-uuid", "UUID"), ("BLOB", "text", "BLOB"), ("TEXT", b"\xff\xfe", "VARCHAR"),
    ("TEXT", b"bytes", "VARCHAR"), ("REAL", "x", "DOUBLE")]


def check_misfits(args, scratch):
    """Never a silent NULL: the run of that table fails, names table, column and key, and leaves nothing
    that a reader could take for an export."""
    folder = os.path.join(scratch, "misfits")
    os.makedirs(folder)
    database = f"{folder}/misfits.db"
    connection = sqlite3.connect(database)
    exports = []
    for i, (declared, value, _) in enumerate(MISFITS):
        connection.execute(f"CREATE TABLE m{i} (id INTEGER PRIMARY KEY, v {declared})")
        connection.executemany(f"INSERT INTO m{i} VALUES (?, ?)", [(1, None), (4711, value)])
        exports.append({"name": f"m{i}", "table": f"m{i}", "format": "parquet",
                        "destination": {"type": "local", "path": f"{folder}/{{export}}"}})
    connection.commit()
    connection.close()
    config = oracle.write_config(f"{folder}/trueup.yaml", {"type": "sqlite", "path": database}, exports)
    ran = oracle.run(args.trueup, "extract", "run", "-c", config, "--json")
    refused = refusals_in(ran.err)
    for i, (declared, value, words) in enumerate(MISFITS):
        kind, message = refused.get(f"m{i}", ("accepted", ""))
        if kind != "failed" or not all(word in message for word in (f"m{i}.v", "4711", words)):
            raise Mismatch(f"{declared} {value!r}: {kind} {message}")
        if oracle.marker_state(f"{folder}/m{i}") != "missing":
            raise Mismatch(f"m{i}: failed, and has _SUCCESS")
    if ran.status != 1:
        raise Mismatch(f"status {ran.status}")


# CSV as the configuration wants it ------------------------------------------------------------------

CSV_SHAPES = [{"delimiter": ";"}, {"delimiter": "\t", "header": False}, {"delimiter": "|", "quote": "'"},
              {"null": "\\N"}, {"null": "NULL", "delimiter": ";"}]


def check_csv_shapes(args, scratch, database):
    folder = os.path.join(scratch, "csv")
    os.makedirs(folder)
    table = next(table for table in tables.ALL if table.name == "types")
    exports = [{"name": f"csv{i}", "table": "types", "format": "csv", "csv": shape, "chunk_column": "id",
                "chunk_size": 20, "compression": ("none", "gzip", "zstd")[i % 3],
                "destination": {"type": "local", "path": f"{folder}/{{export}}"}}
               for i, shape in enumerate(CSV_SHAPES + [{}, {}, {}])]
    config = oracle.write_config(f"{folder}/trueup.yaml", {"type": "sqlite", "path": database}, exports)
    ran = oracle.run(args.trueup, "extract", "run", "-c", config, "--json")
    if ran.status != 0:
        raise Mismatch(f"status {ran.status}: {ran.err[:2000]}")
    duckdb = oracle.DuckDb(args.duckdb_sql)
    connection = sqlite3.connect(database)
    for entry in exports:
        oracle.check_export(duckdb, os.path.join(folder, entry["name"]),
                            oracle.sqlite_rows(connection, table.source()))
    duckdb.close()


# Meta columns ---------------------------------------------------------------------------------------

META = [{"exported_at": True}, {"row_hash": True}, {"exported_at": True, "row_hash": True},
        {"exported_at": True, "row_hash": ["id"]}]


def check_meta_columns(args, scratch, database):
    """Every type, in chunks and whole, to both formats; then the copies are proven, and so are mended ones."""
    folder = os.path.join(scratch, "meta")
    os.makedirs(folder)
    table = next(table for table in tables.ALL if table.name == "types")
    exports = [{"name": f"meta{i}-{file_format}", "table": "types", "format": file_format, "meta_columns": meta,
                "destination": {"type": "local", "path": f"{folder}/{{export}}"},
                **({"chunk_column": "id", "chunk_size": 20} if i % 2 else {"mode": "full"})}
               for i, meta in enumerate(META) for file_format in ("parquet", "csv")]
    config = oracle.write_config(f"{folder}/trueup.yaml", {"type": "sqlite", "path": database}, exports)
    duckdb = oracle.DuckDb(args.duckdb_sql)
    connection = sqlite3.connect(database)
    damaged = os.path.join(folder, "meta3-parquet")
    for command, status in (("run", 0), ("reconcile", 0), ("repair --execute", 0), ("validate", 0)):
        ran = oracle.run(args.trueup, "extract", *command.split(), "-c", config, "--json")
        if ran.status != status:
            raise Mismatch(f"{command}: status {ran.status}: {ran.err[:2000]}{ran.out[:2000]}")
        for entry in exports:
            prefix = os.path.join(folder, entry["name"])
            manifest = oracle.check_export(duckdb, prefix, oracle.sqlite_rows(connection, table.source()))
            wanted = [name for name, key in ((oracle.EXPORTED_AT, "exported_at"), (oracle.ROW_HASH, "row_hash"))
                      if key in entry["meta_columns"]]
            names = [column["name"] for column in manifest["columns"]]
            if names[-len(wanted):] != wanted:
                raise Mismatch(f"{prefix}: columns {names}")
        if command == "reconcile":
            os.remove(os.path.join(damaged, oracle.committed(oracle.load_manifest(damaged))[1]["path"]))
    if oracle.load_manifest(damaged)["generation"] != 2:
        raise Mismatch(f"{damaged} was not repaired")
    duckdb.close()


# A DuckDB source ------------------------------------------------------------------------------------

DUCKDB_DDL = """
CREATE TABLE shop AS SELECT
  (CASE WHEN i = 0 THEN -9223372036854775808 WHEN i = 199 THEN 9223372036854775807 ELSE i - 100 END)::BIGINT AS id,
  CASE WHEN i % 9 = 0 THEN NULL ELSE 'Key' || (i % 23) END AS k,
  i::UTINYINT AS u8, (18446744073709551615 - i)::UBIGINT AS u64, (i - 100)::TINYINT AS i8,
  (i / 8.0)::FLOAT AS f, CASE WHEN i % 7 = 0 THEN 'nan'::DOUBLE WHEN i % 7 = 1 THEN '-inf'::DOUBLE
    WHEN i % 7 = 2 THEN '-0.0'::DOUBLE ELSE i / 3.0::DOUBLE END AS x,
  (i * 1.01)::DECIMAL(9,2) AS d9, (i * -1.000001)::DECIMAL(38,10) AS d38,
  DATE '2020-01-01' + (i * 5)::INTEGER AS d, TIME '00:00:00' + INTERVAL (i) SECOND AS tm,
  TIMESTAMP '1999-12-31 23:59:59.999999' + INTERVAL (i) HOUR AS ts,
  TIMESTAMPTZ '2024-03-31 01:30:00+01' + INTERVAL (i) MINUTE AS tz,
  i % 2 = 0 AS flag, CASE WHEN i % 4 = 0 THEN ''::BLOB ELSE ('\\x00\\xFF'::BLOB || encode('b' || i)) END AS b,
  ('{"i": ' || i || '}')::JSON AS j, ('00000000-0000-4000-8000-' || lpad(i::VARCHAR, 12, '0'))::UUID AS u,
  CASE i % 5 WHEN 0 THEN '' WHEN 1 THEN NULL WHEN 2 THEN 'a,"b"' ELSE 'line' || chr(10) || i END AS s
FROM range(200) t(i);
CREATE TABLE keyed (a VARCHAR, b INTEGER, v VARCHAR, PRIMARY KEY (a, b));
INSERT INTO keyed SELECT 'k' || (i % 11), i, 'v' || i FROM range(120) t(i);
CREATE TABLE nothing (id INTEGER PRIMARY KEY, v VARCHAR);
"""


def duckdb_truth(duckdb, relation):
    def rows(manifest):
        types = oracle.types_of(manifest)
        names = ", ".join(oracle.quote_name(column["name"]) for column in manifest["columns"])
        return [[oracle.of_duckdb(value, type_) for value, type_ in zip(row, types)]
                for row in duckdb.rows(f"SELECT {names} FROM truth.{relation}")]
    return rows


def check_duckdb_source(args, scratch):
    folder = os.path.join(scratch, "duckdb")
    os.makedirs(folder)
    duckdb = oracle.DuckDb(args.duckdb_sql)
    database = f"{folder}/shop.duckdb"
    duckdb.rows(f"ATTACH {oracle.quote(database)} AS truth")
    duckdb.rows("USE truth")
    duckdb.rows(DUCKDB_DDL)
    duckdb.rows("USE memory")
    duckdb.rows("DETACH truth")
    exports = []
    wanted = [("shop", tables.Table("shop", "", [], [], "id", ["k", "id"], "ts")),
              ("keyed", tables.Table("keyed", "", [], [], "b", ["a", "b"], None)),
              ("nothing", tables.Table("nothing", "", [], [], "id", ["id"], None))]
    for relation, table in wanted:
        for entry in exports_of(table, folder, len(exports)):
            chunking = entry["name"].split("-")[0]
            if chunking == "days" and relation != "shop":
                continue
            if relation == "shop" and chunking == "days":
                entry["chunk_by_days"] = 2
            if relation == "shop":
                entry["meta_columns"] = {"exported_at": True, "row_hash": True}
            exports.append({**entry, "name": f"{relation}-{entry['name']}", "table": relation})
    config = oracle.write_config(f"{folder}/trueup.yaml", {"type": "duckdb", "path": database}, exports)
    ran = oracle.run(args.trueup, "extract", "run", "-c", config, "--json")
    refused = refusals_in(ran.err)
    if ran.status != 0:
        raise Mismatch(f"status {ran.status}: {json.dumps(refused, indent=1) or ran.err[:2000]}")
    duckdb.rows(f"ATTACH {oracle.quote(database)} AS truth (READ_ONLY)")
    failures = []
    for entry in exports:
        prefix = os.path.join(folder, entry["name"])
        try:
            manifest = oracle.check_export(duckdb, prefix, duckdb_truth(duckdb, entry["table"]))
            chunking = entry["name"].split("-")[1]
            if manifest["totals"]["rows"] > 1 and chunking not in KIND_OF and manifest["totals"]["parts"] < 3:
                raise Mismatch(f"{prefix}: only {manifest['totals']['parts']} parts")
        except Mismatch as mismatch:
            failures.append(str(mismatch))
    duckdb.close()
    if failures:
        raise Mismatch("\n  ".join(failures[:6]))


def main():
    args = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(args.keep) as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        database = f"{scratch}/source.db"
        tables.create_all(database)
        cases = [(table.name, check_table, args, scratch, database, table) for table in tables.ALL]
        cases += [("misfits", check_misfits, args, scratch),
                  ("csv shapes", check_csv_shapes, args, scratch, database),
                  ("meta columns", check_meta_columns, args, scratch, database),
                  ("DuckDB source", check_duckdb_source, args, scratch)]
        chosen = [case for case in cases if args.only in case[0]]
        list(pool.map(lambda case: tally.case(*case), chosen))
    tally.end()


if __name__ == "__main__":
    sys.exit(main())
