"""The crash walk over a copy of a live PostgreSQL server."""

import server_walk
from postgres_server import PostgresServer

if __name__ == "__main__":
    server_walk.walk(__doc__, PostgresServer, "ANALYZE", ("run", "resume"))
