"""Copies of a live MariaDB server, compared with the server's own text of every value: every table that
is hard to copy x every way to cut it, to Parquet and CSV by 1 and 4 workers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import copies  # noqa: E402
import oracle  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from mysql_tables import TABLES  # noqa: E402


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


def ask(server, expressions, relation):
    return server.rows(expressions, relation)


def truth(server, relation):
    def rows(manifest):
        types = oracle.types_of(manifest)
        return [[None if value is None else oracle.from_text(value, type_)
                 for value, type_ in zip(row, types)]
                for row in ask(server, map(text_of, manifest["columns"]), relation)]
    return rows


def name_in_server(table):
    name = 'or`der "x"' if table.name == "weird" else table.name
    return oracle.quote_name(name), quote_name(name)


def main():
    tools = oracle.arguments(__doc__).parse_args()
    with MysqlServer() as server:
        copies.walk(tools, server, TABLES, sys.modules[__name__])


if __name__ == "__main__":
    main()
