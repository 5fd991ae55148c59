"""Copies of a live PostgreSQL server, compared with the server's own text of every value: every table
that is hard to copy x every way to cut it, to Parquet and CSV by 1 and 4 workers."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import copies  # noqa: E402
import oracle  # noqa: E402
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


def ask(server, expressions, relation):
    return server.rows(f"SELECT {', '.join(expressions)} FROM {relation}")


def truth(server, relation):
    def rows(manifest):
        types = oracle.types_of(manifest)
        return [[None if value is None else oracle.from_text(value, type_)
                 for value, type_ in zip(row, types)]
                for row in ask(server, map(text_of, manifest["columns"]), relation)]
    return rows


def name_in_server(table):
    name = table.relation or oracle.quote_name(table.name)
    return name, name


def main():
    tools = oracle.arguments(__doc__).parse_args()
    with PostgresServer() as server:
        copies.walk(tools, server, TABLES, sys.modules[__name__])


if __name__ == "__main__":
    main()
