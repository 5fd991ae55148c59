"""Configurations as people have them, run unchanged against a live PostgreSQL server."""

import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402
from postgres_test import truth  # noqa: E402
from shapes import runs_unchanged  # noqa: E402

MAKE_SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL, total numeric(12,2),
        placed_at timestamptz NOT NULL);
    INSERT INTO orders SELECT i, CASE i % 3 WHEN 0 THEN 'open' ELSE 'paid' END, i * 0.25,
        timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 20000) i;
    CREATE TABLE customers (id uuid PRIMARY KEY, name text);
    INSERT INTO customers SELECT md5(i::text)::uuid, 'customer ' || i FROM generate_series(1, 500) i;
    ANALYZE"""
WANTED = {"postgres-chunked": {name: "orders" for name in (
              "orders_by_range", "orders_by_key", "orders_by_count", "orders_by_day", "orders_dense",
              "orders_by_memory")},
          "postgres-full": {"orders": "(SELECT id, status, total FROM orders WHERE total > 10) q",
                            "customers": "customers"},
          "postgres-meta-columns": {"orders": "orders"},
          "postgres-quality": {"orders": "orders"},
          "postgres-scaffold": {"orders": "orders", "customers": "customers"},
          "postgres-gates": {"orders": "orders", "customers": "customers"}}


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, PostgresServer() as server:
        server.execute(MAKE_SHOP)
        url = f"postgres://owner:{urllib.parse.quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/postgres"
        environment = {"DATABASE_URL": url, "MINIMUM": "10"}
        for shape, wanted in WANTED.items():
            if tools.only in shape:
                truths = {name: truth(server, relation) for name, relation in wanted.items()}
                tally.case(shape, runs_unchanged, tools, scratch, environment, shape, truths)
    tally.end()


if __name__ == "__main__":
    main()
