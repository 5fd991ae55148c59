"""Copies of the tables of a live server in every way, compared with the server's own text of every value."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import once  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from oracle import Mismatch  # noqa: E402

FULL_MATRIX = ("types", "null_keys")
SUMS = ("count(*)", "count(DISTINCT id)", "sum(amount)")


def exports_of(table, relation, folder, number):
    """`table` is the `number`-th of those that a server has; `relation` its name there."""
    exports = []
    for way, file_format, workers in oracle.combinations(table.chunkings, number, table.name in FULL_MATRIX):
        chunking = table.chunkings[way]
        entry = {"name": f"{way}-{file_format}-{workers}", "format": file_format,
                 "tuning": {"parallel": workers},
                 "destination": {"type": "local", "path": f"{folder}/{{export}}"}}
        if table.query:
            entry["query"] = table.query
        else:
            entry["table"] = relation
        if table.columns:
            entry["columns"] = table.columns
        if chunking.get("mode") != "full" and chunking:
            entry["mode"] = "chunked"
        entry.update(chunking)
        exports.append(entry)
    return exports


def sums_must_agree(duckdb, prefix, wanted):
    """Of a large table: each row once."""
    manifest = oracle.load_manifest(prefix)
    if oracle.marker_state(prefix) != "valid":
        raise Mismatch(f"{prefix} has no _SUCCESS")
    oracle.check_files(prefix, manifest)
    paths = [os.path.join(prefix, part["path"]) for part in oracle.committed(manifest)]
    sums = ", ".join(f"CAST({one} AS VARCHAR)" for one in SUMS)
    found, = duckdb.rows(f"SELECT {sums} FROM ({oracle.parts_query(manifest, paths)})")
    if found != wanted:
        raise Mismatch(f"{prefix}: {SUMS} are {found}, not {wanted}")


def agree(tools, server, table, names, engine, scratch, number):
    in_config, relation = names
    folder = os.path.join(scratch, table.name)
    os.makedirs(folder)
    exports = exports_of(table, in_config, folder, number)
    config = oracle.write_config(os.path.join(folder, "trueup.yaml"), server.source(), exports)
    ran = oracle.run(tools.trueup, "extract", "run", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"run ended with {ran.status}: {ran.err}")
    if PASSWORD in ran.out + ran.err:
        raise Mismatch("the password was printed")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    wanted = engine.ask(server, SUMS, relation)[0] if table.is_large else once(engine.truth(server, relation))
    for entry in exports:
        prefix = os.path.join(folder, entry["name"])
        if table.is_large:
            sums_must_agree(duckdb, prefix, wanted)
        else:
            oracle.check_export(duckdb, prefix, wanted)
    duckdb.close()
    ran = oracle.run(tools.trueup, "extract", "reconcile", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"reconcile ended with {ran.status}: {ran.out}{ran.err}")


def walk(tools, server, tables, engine):
    """`engine` is a module: `name_in_server(table)` is how a configuration and the server's SQL spell a table's name;
    `ask(server, expressions, relation)` is the server's text of each, in rows; `truth(server, relation)` is for
    the oracle: the rows that copies should hold."""
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch:
        for table in tables:
            server.execute(table.sql)
        for number, table in enumerate(tables):
            if tools.only in table.name:
                in_config, in_sql = engine.name_in_server(table)
                relation = f"({table.query.rstrip(';')}) q" if table.query else in_sql
                tally.case(table.name, agree, tools, server, table, (in_config, relation), engine, scratch, number)
    tally.end()
