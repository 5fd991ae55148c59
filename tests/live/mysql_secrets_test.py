"""No secret of a MySQL or MariaDB source leaves its place."""

import secrets_walk
from mysql_server import MysqlServer

MAKE_SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, note text);
    INSERT INTO orders SELECT seq, CONCAT('note ', seq) FROM seq_1_to_5000;
    ANALYZE TABLE orders"""

if __name__ == "__main__":
    secrets_walk.walk(__doc__, MysqlServer, MAKE_SHOP, "MYSQL_PWD")
