"""Copies of a live MariaDB server, compared with the server's own text of every value: every table that
is hard to copy x every way to cut it x Parquet and CSV x 1 and 4 workers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import once  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from mysql_tables import TABLES  # noqa: E402
from oracle import Mismatch  # noqa: E402


def quote_name(text):
    return "`" + text.replace("`", "``") + "`"


def text_of(column):
    """The expression that the server writes as a part should hold it."""
    name = quote_name(column["name"])
    source, part = column["source_type"], column["type"]
    if part == "BLOB":
        return f"HEX(ST_AsWKB({name}))" if source == "geometry" else f"HEX({name})"
    if part == "BOOLEAN":
        return f"ELT({name} + 1, 'false', 'true')"
    if part == "UUID" and source == "binary":
        return f"HEX({name})"
    if source == "geometry":
        return f"ST_AsText({name})"
    if source.startswith("bit"):
        return f"CAST({name} + 0 AS CHAR)"
    # Written as a float it has six digits.
    return f"CAST({name} + 0e0 AS CHAR)" if source == "float" else f"CAST({name} AS CHAR)"


def truth(server, relation):
    def rows(manifest):
        types = oracle.types_of(manifest)
        return [[None if value is None else oracle.from_text(value, type_)
                 for value, type_ in zip(row, types)]
                for row in server.rows(map(text_of, manifest["columns"]), relation)]
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
                entry["table"] = oracle.quote_name(name_in_server(table))
            if table.columns:
                entry["columns"] = table.columns
            if chunking.get("mode") != "full" and chunking:
                entry["mode"] = "chunked"
            entry.update(chunking)
            exports.append(entry)
    return exports


def name_in_server(table):
    return 'or`der "x"' if table.name == "weird" else table.name


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
    relation = f"({query}) q" if query else quote_name(name_in_server(table))
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
    with oracle.Scratch(tools.keep) as scratch, MysqlServer() as server:
        wanted = [table for table in TABLES if tools.only in table.name]
        for table in TABLES:
            server.execute(table.sql)
        for table in wanted:
            tally.case(table.name, copies_agree, tools, server, table, scratch)
    tally.end()


if __name__ == "__main__":
    main()
