"""Copies of the tables of a live server in every way, compared with the server's own text of every value."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import once  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from oracle import Mismatch  # noqa: E402

FULL_MATRIX = ("types", "null_keys")


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


def agree(tools, server, table, relation, truth, scratch, number):
    """`truth` is the rows that the copies should hold."""
    folder = os.path.join(scratch, table.name)
    os.makedirs(folder)
    exports = exports_of(table, relation, folder, number)
    config = oracle.write_config(os.path.join(folder, "trueup.yaml"), server.source(), exports)
    ran = oracle.run(tools.trueup, "extract", "run", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"run ended with {ran.status}: {ran.err}")
    if PASSWORD in ran.out + ran.err:
        raise Mismatch("the password was printed")
    wanted = once(truth)
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    for entry in exports:
        oracle.check_export(duckdb, os.path.join(folder, entry["name"]), wanted)
    duckdb.close()
    ran = oracle.run(tools.trueup, "extract", "reconcile", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"reconcile ended with {ran.status}: {ran.out}{ran.err}")


def walk(tools, server, tables, name_in_server, truth):
    """`name_in_server` spells a table's name as a configuration and the server's SQL do; `truth` is asked of
    (server, what stands behind FROM)."""
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch:
        for table in tables:
            server.execute(table.sql)
        for number, table in enumerate(tables):
            if tools.only in table.name:
                in_config, in_sql = name_in_server(table)
                relation = f"({table.query.rstrip(';')}) q" if table.query else in_sql
                tally.case(table.name, agree, tools, server, table, in_config, truth(server, relation),
                           scratch, number)
    tally.end()
