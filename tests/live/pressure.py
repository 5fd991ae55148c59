"""A server under strain, whichever it is: a run of four workers goes down to one, and comes back when the
strain is over; the copy is exact."""

import json
import os
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from jobs import Job, expect  # noqa: E402
from oracle import Mismatch  # noqa: E402

ROWS = 80_000
CHUNK = 500
# A chunk takes a moment, so that the run outlasts several looks at the source.
PACE = {"parallel": 4, "batch_size": 250, "throttle_ms": 150}


class Clients:
    """Processes that keep the server busy."""

    def __init__(self, server):
        self._server = server
        self._running = []

    def say(self, sql):
        self._running.append(self._server.client(sql))

    def end(self):
        for client in self._running:
            client.kill()
            client.wait()
        self._running = []


def chunks_at_work(job):
    ledger = sqlite3.connect(f"file:{os.path.dirname(job.config)}/.trueup/ledger.db?mode=ro", uri=True)
    (count,), = ledger.execute("SELECT count(*) FROM chunk WHERE status = 'running'")
    ledger.close()
    return count


def wait_for_line(process, said, text):
    for line in process.stderr:
        said.append(line)
        if text in line:
            return
    raise Mismatch(f"no \"{text}\" was said: {said}")


def must_work_alone(process, job):
    """A while after the number went down no two chunks are read at once, however often one looks: a chunk that was
    about to be taken then may still come."""
    alone = 0
    while alone < 50:
        if process.poll() is not None:
            raise Mismatch("it ended before it came down to one chunk")
        alone = alone + 1 if chunks_at_work(job) <= 1 else 0
        time.sleep(0.01)


def comes_and_goes(tools, scratch, name, source, strain, signal, truth):
    """`strain` puts the server under it while in its `with`."""
    job = Job(tools, os.path.join(scratch, name), source, chunk_size=CHUNK, tuning=PACE)
    said = []
    with strain:
        process = subprocess.Popen(
            [tools.trueup, "extract", "run", "--json", "--verbose", "-c", job.config],
            env=oracle.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for_line(process, said, "1 instead of 2 workers read chunks")
        must_work_alone(process, job)
    wait_for_line(process, said, "4 instead of 3 workers read chunks: the source is calm")
    out, err = process.communicate()
    expect(oracle.Ran(process.returncode, out, "".join(said) + err), 0)
    governed = json.loads(out)["exports"][0]["governed_workers"]
    if governed["least"] != 1 or governed["most"] != 4 or governed["changes"] < 5:
        raise Mismatch(f"the run says {governed}")
    if not any(signal in reason for reason in governed["reasons"]):
        raise Mismatch(f"no \"{signal}\" in {governed}")
    told = job.run("journal", "--json")
    steps = [event["detail"] for event in json.loads(told.out)["events"]
             if event["kind"] == "workers_changed"]
    if {(step["from"], step["to"]) for step in steps} < {(4, 2), (2, 1), (1, 2), (2, 3), (3, 4)}:
        raise Mismatch(f"the journal has {steps}")
    job.must_be_exact(truth)
