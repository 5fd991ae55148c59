"""The crash walk of tests/crash over a copy of a live PostgreSQL server: killed at every visit of a fault
point and at random times, the next undisturbed run makes the copy exact."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
import crash_walk  # noqa: E402
from postgres_server import PostgresServer  # noqa: E402


def place_on(server):
    class PostgresPlace(crash_walk.Place):
        """Each has a database of its own: two walks at once do not see each other's changes."""

        def open_source(self, scratch, name):
            self.database = name.replace("-", "_")
            server.execute(f"CREATE DATABASE {self.database}")
            server.execute("CREATE TABLE t (id bigint PRIMARY KEY, v text, x double precision)",
                           database=self.database)
            return server.source(database=self.database)

        def write_source(self, rows):
            values = ", ".join(f"({key}, {'NULL' if text is None else repr(text)}, {number})"
                               for key, text, number in rows)
            server.execute(f"BEGIN; TRUNCATE t; INSERT INTO t VALUES {values}; COMMIT; ANALYZE t",
                           database=self.database)

    return PostgresPlace


def main():
    args = crash_walk.arguments(__doc__)
    # What becomes of the destination afterwards is the same for every source: its walk strikes that.
    walks = [walk for walk in crash_walk.WALKS if walk.name in ("run", "resume", "repair")]
    with PostgresServer() as server:
        crash_walk.walk_all(args, place_on(server), walks)


if __name__ == "__main__":
    main()
