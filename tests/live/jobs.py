"""What tests of faults share: a job in a folder of its own, how it is disturbed, what is expected of it
and of what doctor says."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import oracle  # noqa: E402
from loopback import PASSWORD  # noqa: E402
from oracle import Mismatch  # noqa: E402
from proxy import Proxy  # noqa: E402


class Job:
    """One configuration in a folder of its own."""

    def __init__(self, tools, folder, source, **export):
        os.makedirs(folder)
        self.tools = tools
        self.prefix = os.path.join(folder, "out")
        entry = {"name": "orders", "table": "orders", "format": "parquet", "mode": "chunked",
                 "chunk_size": 3000, "tuning": {"parallel": 2},
                 "destination": {"type": "local", "path": self.prefix}}
        entry.update(export)
        entry = {key: value for key, value in entry.items() if value is not None}
        self.config = oracle.write_config(os.path.join(folder, "trueup.yaml"), source, [entry])

    def run(self, *words):
        return oracle.run(self.tools.trueup, "extract", *(words or ("run",)), "-c", self.config)

    def start(self, command="run", fault=None):
        return subprocess.Popen([self.tools.trueup, "extract", command, "-c", self.config],
                                env=oracle.environment(fault), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @contextlib.contextmanager
    def stopped_amid(self):
        """A run of it that stands still, all its threads, since its first chunk is done; it goes on behind
        the block."""
        process = self.start(fault="stop:chunk: after the ledger")
        try:
            while state_of(process) != "T":
                if process.poll() is not None:
                    raise Mismatch(f"it ended before it could be disturbed: {finish(process).err}")
                time.sleep(0.005)
            yield process
        finally:
            process.send_signal(signal.SIGCONT)

    def must_be_exact(self, truth):
        """`truth` of the oracle: the rows that the copy should hold."""
        duckdb = oracle.DuckDb(self.tools.duckdb_sql)
        oracle.check_export(duckdb, self.prefix, truth)
        duckdb.close()


def state_of(process):
    """The letter of proc(5): T for one that was stopped."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(") ")[2][0]


@contextlib.contextmanager
def held(process):
    """It stands still for as long as the block takes: what was seen of it stays true."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def expect(ran, status, *sentences):
    if ran.status != status:
        raise Mismatch(f"status {ran.status}, not {status}: {ran.err}")
    for sentence in sentences:
        if sentence not in ran.err:
            raise Mismatch(f"no \"{sentence}\" in: {ran.err}")
    if PASSWORD in ran.out + ran.err:
        raise Mismatch("the password was printed")


def once(truth):
    """The same truth, asked of the server once for all copies that have the same columns."""
    known = {}

    def rows(manifest):
        columns = json.dumps(manifest["columns"])
        if columns not in known:
            known[columns] = truth(manifest)
        return known[columns]
    return rows


def slow(**more):
    """So that there is something to interrupt."""
    return {"parallel": 2, "throttle_ms": 20, "batch_size": 2048, "max_retries": 20,
            "retry_backoff_ms": 20, **more}


def finish(process):
    out, err = process.communicate(timeout=300)
    return oracle.Ran(process.returncode, out, err)


def certificates(server_folder):
    """An authority, and a certificate of it for 127.0.0.1 and localhost."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=server_folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "ca.key", "-out",
            "ca.crt", "-subj", "/CN=test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=localhost")
    with open(os.path.join(server_folder, "names"), "w", encoding="utf-8") as file:
        file.write("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-out", "server.crt", "-extfile", "names")


def checks(ran):
    """The partitions of a doctor's report, by their id."""
    report = json.loads(ran.out)
    if report["schema"] != "trueup.report/1" or report["command"] != "extract doctor":
        raise Mismatch(f"no report of doctor: {ran.out}")
    return {one["id"]: one for one in report["partitions"]}


def health_must_be(found, topic, health, *words):
    one = found.get(topic)
    if one is None or one["fields"]["health"] != health:
        raise Mismatch(f"{topic} is not {health}: {one}")
    for word in words:
        if word not in one["note"] + one["fields"].get("hint", ""):
            raise Mismatch(f"no \"{word}\" in what is said of {topic}: {one}")


def lose_sessions(tools, server, scratch, source, rows, end_two):
    """The snapshot is gone for those that lost their session; what is left to do is done by the others, who
    still see it. `end_two` ends sessions so that two of three workers are through."""
    job = Job(tools, os.path.join(scratch, "lost-sessions"), source, chunk_size=rows // 10,
              tuning=slow(parallel=3))
    with job.stopped_amid() as process:
        server.execute("UPDATE orders SET version = version + 1")
        end_two()
    expect(finish(process), 0, "a worker stops and 2 go on", "a worker stops and 1 go on")
    duckdb = oracle.DuckDb(tools.duckdb_sql)
    found = duckdb.rows(f"SELECT count(*), count(DISTINCT id), max(version) FROM '{job.prefix}/*.parquet'")
    duckdb.close()
    if found != [[rows, rows, 0]]:
        raise Mismatch(f"rows, ids and the last version: {found}")
    if oracle.load_manifest(job.prefix)["source"]["consistency"] != "snapshot":
        raise Mismatch("the manifest does not say that it is one snapshot")


def lose_sessions_of_reconcile(tools, server, scratch, source, rows, end):
    """One of two: the other looks at all chunks. Both: what is left is unknown, and nobody waits for it.
    `end(count)` ends the sessions of so many workers, and that of the keeper of their snapshot."""
    for lost, status in ((1, 0), (2, 2)):
        job = Job(tools, os.path.join(scratch, f"judged-{lost}"), source, chunk_size=rows // 10,
                  tuning=slow(batch_size=512, throttle_ms=50))
        expect(job.run(), 0)
        process = job.start("reconcile")
        while (line := process.stderr.readline()) and "reconciling" not in line:
            pass
        with held(process):
            end(lost)
        ran = finish(process)
        expect(ran, status)
        # Once one worker knows that the snapshot is gone, another may know it at once.
        if not 1 <= ran.err.count("will be tried again") <= lost:
            raise Mismatch(f"not noticed, or waited for: {ran.err}")


def break_network(tools, server, scratch, kind, consistency, truth):
    """Struck while connecting, planning, between chunks and amid rows; then the copy is exact, at once or
    after the next run."""
    truth = once(truth)
    with Proxy(server.port) as proxy:
        for count in (10, 400, 2_000, 8_000, 30_000, 200_000, 900_000):
            job = Job(tools, os.path.join(scratch, f"network-{kind}-{consistency}-{count}"),
                      server.source(port=proxy.port, consistency=consistency), chunk_size=7_000,
                      tuning={"parallel": 2, "max_retries": 5, "retry_backoff_ms": 20})
            proxy.break_after(kind, count, connections=2)
            ran = job.run()
            if proxy.struck == 0:
                raise Mismatch(f"{count} bytes never passed")
            proxy.heal()
            if ran.status not in (0, 2):
                raise Mismatch(f"{kind} after {count} bytes: status {ran.status}: {ran.err}")
            if ran.status == 2:
                if os.path.exists(os.path.join(job.prefix, "_SUCCESS")):
                    raise Mismatch(f"{kind} after {count} bytes: a failed run left a _SUCCESS")
                expect(job.run(), 0)
            elif "will be tried again" not in ran.err:
                raise Mismatch(f"{kind} after {count} bytes was not noticed: {ran.err}")
            job.must_be_exact(truth)


def fall_silent(tools, server, scratch, sentence, truth):
    """Nothing comes any more, and nobody says so."""
    with Proxy(server.port) as proxy:
        job = Job(tools, os.path.join(scratch, "silent"),
                  server.source(port=proxy.port, consistency="chunk"),
                  tuning={"parallel": 2, "max_retries": 5, "retry_backoff_ms": 20,
                          "statement_timeout_s": 1})
        proxy.break_after("stall", 300_000)
        expect(job.run(), 0, sentence)
        job.must_be_exact(truth)
