"""Runs every ```sh block of the guide to PostgreSQL against a server with a small shop in it."""

import sys

import guides
from loopback import PASSWORD
from postgres_server import PostgresServer, binaries

SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, status text NOT NULL, total numeric(12,2), note text,
        placed_at timestamptz NOT NULL);
    INSERT INTO orders SELECT i, CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'sent' END,
        i * 1.25, CASE WHEN i % 5 = 0 THEN 'gift, "wrapped"' END,
        timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 20000) i;
    CREATE TABLE customers (id uuid PRIMARY KEY, name text, born date, tags text[]);
    INSERT INTO customers SELECT md5(i::text)::uuid, 'customer ' || i, date '1970-01-01' + i,
        ARRAY['a', 'b'] FROM generate_series(1, 500) i;
    ANALYZE"""


def main():
    with PostgresServer() as server:
        server.execute(SHOP)
        return guides.follow("postgres.md", sys.argv[1], {
            "PGPASSWORD": PASSWORD, "PATH": binaries(),
            "DATABASE_URL": f"postgres://owner@127.0.0.1:{server.port}/postgres"})


if __name__ == "__main__":
    sys.exit(main())
