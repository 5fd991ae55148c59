"""Configurations as people have them, run unchanged against a live MariaDB server."""

import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from mysql_server import MysqlServer  # noqa: E402
from mysql_test import truth  # noqa: E402
from shapes import runs_unchanged  # noqa: E402

MAKE_SHOP = """
    CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20) NOT NULL, total decimal(12,2),
        placed_at datetime(6) NOT NULL);
    INSERT INTO orders SELECT seq, IF(seq % 3, 'paid', 'open'), seq * 0.25,
        timestamp '2026-01-01 00:00:00' + INTERVAL seq MINUTE FROM seq_1_to_20000"""
SHAPES = ("mysql-full", "mysql-scaffold")


def main():
    tools = oracle.arguments(__doc__).parse_args()
    tally = oracle.Tally()
    with oracle.Scratch(tools.keep) as scratch, MysqlServer() as server:
        server.execute(MAKE_SHOP)
        url = f"mysql://owner:{urllib.parse.quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/shop"
        for shape in SHAPES:
            if tools.only in shape:
                tally.case(shape, runs_unchanged, tools, scratch, {"MYSQL_URL": url}, shape,
                           {"orders": truth(server, "orders")})
    tally.end()


if __name__ == "__main__":
    main()
