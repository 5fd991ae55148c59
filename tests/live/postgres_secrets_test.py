"""No secret of a PostgreSQL source leaves its place."""

import secrets_walk
from postgres_server import PostgresServer

MAKE_SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 5000) i;
    ANALYZE orders"""

if __name__ == "__main__":
    secrets_walk.walk(__doc__, PostgresServer, MAKE_SHOP, "PGPASSWORD")
