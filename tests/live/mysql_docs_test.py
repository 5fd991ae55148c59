"""Runs every ```sh block of the guide to MySQL and MariaDB against a server with a small shop in it."""

import sys

import guides
from loopback import PASSWORD
from mysql_server import MysqlServer

SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(10) NOT NULL, total decimal(12,2), note text,
        placed_at timestamp(6) NOT NULL);
    INSERT INTO orders SELECT seq, ELT(1 + seq % 3, 'open', 'paid', 'sent'), seq * 1.25,
        IF(seq % 5, NULL, 'gift, "wrapped"'), '2026-01-01' + INTERVAL seq MINUTE FROM seq_1_to_20000;
    CREATE TABLE customers (id binary(16) PRIMARY KEY, name varchar(50), born date, kind enum('new', 'old'));
    INSERT INTO customers SELECT UNHEX(MD5(seq)), CONCAT('customer ', seq), '1970-01-01' + INTERVAL seq DAY,
        'new' FROM seq_1_to_500;
    ANALYZE TABLE orders, customers"""


def main():
    with MysqlServer() as server:
        server.execute(SHOP)
        return guides.follow("mysql.md", sys.argv[1], {
            "MYSQL_PWD": PASSWORD, "MYSQL_HOST": "127.0.0.1", "MYSQL_TCP_PORT": str(server.port),
            "DATABASE_URL": f"mysql://owner@127.0.0.1:{server.port}/shop"})


if __name__ == "__main__":
    sys.exit(main())
