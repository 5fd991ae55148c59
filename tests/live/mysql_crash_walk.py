"""The crash walk over a copy of a live MariaDB server."""

import server_walk
from mysql_server import MysqlServer

if __name__ == "__main__":
    server_walk.walk(__doc__, MysqlServer, "ANALYZE TABLE", ("run", "resume"))
