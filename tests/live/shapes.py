"""Configurations as people have them (tests/data/config_shapes), run unchanged against a live server."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import expect  # noqa: E402
from oracle import Mismatch  # noqa: E402

SHAPES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "config_shapes")


def prefixes(folder):
    """The folder of every manifest below, by the name of its export."""
    found = {}
    for at, _, names in os.walk(folder):
        if "_SUCCESS" in names:
            found[os.path.relpath(at, os.path.join(folder, "output")).split(os.sep)[0]] = at
    return found


def runs_unchanged(tools, scratch, environment, shape, wanted):
    """`wanted`: the truth of the oracle for each export."""
    folder = os.path.join(scratch, shape)
    os.makedirs(folder)
    config = shutil.copy(os.path.join(SHAPES, shape + ".yaml"), folder)
    for command in ("doctor", "check", "run", "reconcile", "validate"):
        expect(oracle.run(tools.trueup, "extract", command, "-c", config, env=environment), 0)
    found = prefixes(folder)
    if set(found) != set(wanted):
        raise Mismatch(f"there are copies of {sorted(found)}, not of {sorted(wanted)}")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    for name, truth in wanted.items():
        oracle.check_export(duckdb, found[name], truth)
    duckdb.close()
