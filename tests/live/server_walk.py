"""The crash walk of tests/crash over a copy of a live server: killed at every fault point and at random
times, the next undisturbed run makes the copy exact."""

import dataclasses
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "crash"))
import crash_walk  # noqa: E402


def place_on(server, analyze):
    """`analyze` is what the server calls learning about a table."""
    class ServerPlace(crash_walk.Place):
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
            server.execute(f"BEGIN; DELETE FROM t; INSERT INTO t VALUES {values}; COMMIT; {analyze} t",
                           database=self.database)

    return ServerPlace


def walk(description, server_type, analyze, names):
    """What becomes of the destination, at every visit of a point and afterwards, is the same for every source: its
    walk strikes that."""
    args = crash_walk.arguments(description)
    walks = [dataclasses.replace(one, at_points=one.actions) for one in crash_walk.WALKS if one.name in names]
    with server_type() as server:
        crash_walk.walk_all(args, place_on(server, analyze), walks)
