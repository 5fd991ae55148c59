"""Copies of a live PostgreSQL server, compared with the server's own text of every value: every table
that is hard to copy x every way to cut it x Parquet and CSV x 1 and 4 workers."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from oracle import Mismatch  # noqa: E402
from jobs import once  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402
from postgres_tables import TABLES  # noqa: E402


def text_of(column):
    """The expression that the server writes as a part should hold it; of a list, the texts of its
    elements as JSON."""
    name, type_ = oracle.quote_name(column["name"]), column["type"]
    if type_.endswith("[]"):
        element = text_of_value("e", type_[:-2])
        return (f"CASE WHEN {name} IS NOT NULL THEN (SELECT coalesce(json_agg(CASE WHEN e IS NOT NULL THEN "
                f"concat({element}) END ORDER BY n), '[]') FROM unnest({name}) WITH ORDINALITY u(e, n)) END")
    if column["source_type"].endswith("[]") and type_ == "JSON":
        return f"to_json({name})"
    return text_of_value(name, type_)


def text_of_value(name, type_):
    if type_ == "BLOB":
        return f"encode({name}, 'hex')"
    return f"{name}::text" if type_ == "BOOLEAN" else name


def truth(server, relation):
    def rows(manifest):
        columns = manifest["columns"]
        query = f"SELECT {', '.join(map(text_of, columns))} FROM {relation}"
        types = oracle.types_of(manifest)
        return [[None if value is None else oracle.from_text(value, type_)
                 for value, type_ in zip(row, types)] for row in server.rows(query)]
    return rows


def exports_of(table, folder):
    exports = []
    for i, (name, chunking) in enumerate(table.chunkings.items()):
        for j, file_format in enumerate(("parquet", "csv")):
            workers = (1, 4)[(i + j) % 2]
            entry = {"name": f"{name}-{file_format}-{workers}", "format": file_format,
                     "tuning": {"parallel": workers}, "destination": {
                         "type": "local", "path": f"{folder}/{{export}}"}}
            if table.query:
                entry["query"] = table.query
            else:
                entry["table"] = table.relation or oracle.quote_name(table.name)
            if table.columns:
                entry["columns"] = table.columns
            if chunking.get("mode") != "full" and chunking:
                entry["mode"] = "chunked"
            entry.update(chunking)
            exports.append(entry)
    return exports


def copies_agree(tools, server, table, scratch):
    folder = os.path.join(scratch, table.name)
    os.makedirs(folder)
    config = oracle.write_config(os.path.join(folder, "trueup.yaml"), server.source(),
                                 exports_of(table, folder))
    ran = oracle.run(tools.trueup, "extract", "run", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"run ended with {ran.status}: {ran.err}")
    if PASSWORD in ran.out + ran.err:
        raise Mismatch("the password was printed")
    query = table.query.rstrip(";") if table.query else None
    relation = f"({query}) q" if query else table.relation or oracle.quote_name(table.name)
    wanted = once(truth(server, relation))
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    for entry in exports_of(table, folder):
        prefix = entry["destination"]["path"].replace("{export}", entry["name"])
        oracle.check_export(duckdb, prefix, wanted)
    duckdb.close()
    ran = oracle.run(tools.trueup, "extract", "reconcile", "-c", config)
    if ran.status != 0:
        raise Mismatch(f"reconcile ended with {ran.status}: {ran.out}{ran.err}")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        for table in TABLES:
            server.execute(table.sql)
        for table in TABLES:
            if tools.only in table.name:
                tally.case(table.name, copies_agree, tools, server, table, scratch)
    tally.end()


if __name__ == "__main__":
    main()
