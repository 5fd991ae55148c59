"""Runs every ```sh block of the guide to PostgreSQL against a server with a small shop in it."""

import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "docs"))
import run_docs  # noqa: E402
from postgres_server import PASSWORD, PostgresServer, binaries  # noqa: E402

GUIDE = os.path.join(HERE, "..", "..", "docs", "guides", "postgres.md")
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
    folder = tempfile.mkdtemp(prefix="trueup-docs-")
    try:
        with PostgresServer() as server:
            server.execute(SHOP)
            environment = run_docs.environment_in(folder, sys.argv[1])
            environment.update(PGPASSWORD=PASSWORD, PATH=f"{environment['PATH']}:{binaries()}",
                               DATABASE_URL=f"postgres://owner@127.0.0.1:{server.port}/postgres")
            ran, failed = run_docs.run_blocks(GUIDE, folder, environment)
        leaks = [name for name in files_below(folder) if PASSWORD in content(name)]
        print(f"{ran} commands, {failed} failed, {len(leaks)} files with the password {leaks}")
        return 1 if failed or leaks else 0
    finally:
        shutil.rmtree(folder)


def files_below(folder):
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
            if os.path.basename(at) != "bin"]


def content(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main())
