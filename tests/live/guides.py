"""Runs every ```sh block of a guide against a server."""

import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "docs"))
import run_docs  # noqa: E402
from loopback import PASSWORD  # noqa: E402


def follow(guide, program, environment):
    """`environment` on top of what documents are run in. No file may hold the password; 0 or 1."""
    folder = tempfile.mkdtemp(prefix="trueup-docs-")
    try:
        around = run_docs.environment_in(folder, program)
        path = environment.pop("PATH", "")
        around.update(environment, PATH=f"{around['PATH']}:{path}")
        ran, failed = run_docs.run_blocks(os.path.join(HERE, "..", "..", "docs", "guides", guide), folder,
                                          around)
        leaks = [name for name in files_below(folder) if PASSWORD in content(name)]
        print(f"{ran} commands, {failed} failed, {len(leaks)} files with the password {leaks}")
        return 1 if failed or leaks or not ran else 0
    finally:
        shutil.rmtree(folder)


def files_below(folder):
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
            if os.path.basename(at) != "bin"]


def content(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
