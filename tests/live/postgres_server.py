"""A PostgreSQL server of the test's own: from Debian's package, on loopback, in a temporary folder."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time

from loopback import PASSWORD, free_port, place_with_room

def binaries():
    """The folder of the newest server that is installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise SystemExit("no PostgreSQL server is installed: tools/setup installs it")
    return found[-1]


class PostgresServer:
    """Runs from `with` to its end. The server refuses to be root, so root becomes `postgres`."""

    def __init__(self, settings=(), encoding="UTF8", prepare=None, folder=None):
        """`prepare(folder)` is called before the first start; what it makes there is the server's."""
        self._prepare = prepare
        self._parent = folder or place_with_room()
        self._settings = list(settings)
        self._encoding = encoding
        self.port = free_port()
        self.folder = None
        self._process = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="trueup-postgres-", dir=self._parent)
        self._become = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._initialise()
        if self._prepare:
            self._prepare(self.folder)
            for name in os.listdir(self.folder):
                path = os.path.join(self.folder, name)
                if self._become and os.path.isfile(path):
                    os.chown(path, self._become["user"], self._become["group"])
                    os.chmod(path, 0o600 if name.endswith(".key") else 0o644)
        self.start()
        return self

    def _initialise(self):
        secret = os.path.join(self.folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        os.chmod(secret, 0o644)
        self._tool("initdb", "-D", self.data, "-U", "owner", "--pwfile", secret, "--no-sync",
                   "--auth", "scram-sha-256", "--encoding", self._encoding, "--locale", "C.UTF-8"
                   if self._encoding == "UTF8" else "C")

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def _tool(self, name, *words):
        done = subprocess.run([os.path.join(binaries(), name), *words], cwd=self.folder, text=True,
                              capture_output=True, **self._become)
        if done.returncode != 0:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr}")

    def start(self):
        settings = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB",
                    "autovacuum": "off", "max_connections": "40", "log_statement": "none",
                    "unix_socket_directories": self.folder, "listen_addresses": "127.0.0.1",
                    "port": str(self.port)}
        settings.update(self._settings)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._log = open(os.path.join(self.folder, "log"), "ab")
        self._process = subprocess.Popen([os.path.join(binaries(), "postgres"), "-D", self.data,
                                          *words], stdout=self._log, stderr=self._log,
                                         cwd=self.folder, **self._become)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {self.log()}")
            time.sleep(0.05)

    def _answers(self):
        return subprocess.run(self._psql("-c", "SELECT 1"), env=self._environment(),
                              capture_output=True).returncode == 0

    def stop(self, signal_number=2):
        """SIGINT is a fast shutdown: sessions are ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal_number)
            self._process.wait(60)
        self._log.close()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    # ---- asking it ----

    def _environment(self):
        return {**os.environ, "PGPASSWORD": PASSWORD, "PGTZ": "UTC", "PGDATESTYLE": "ISO, YMD"}

    def _psql(self, *words, database="postgres"):
        return [os.path.join(binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h",
                "127.0.0.1", "-p", str(self.port), "-U", "owner", "-d", database, *words]

    def execute(self, sql, database="postgres"):
        done = subprocess.run(self._psql("-f", "-", database=database), input=sql.encode(), env=self._environment(),
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def client(self, sql):
        """A session of its own that says this, as a process."""
        return subprocess.Popen(self._psql("-c", sql), env=self._environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def rows(self, query, database="postgres"):
        """The server's own text of each value; None for NULL."""
        # An unquoted nothing is NULL, and only a forced quote tells the empty text from it.
        sql = ("SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET IntervalStyle = 'iso_8601'; "
               f"COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *, NULL 'nil')")
        text = self.execute(sql, database)
        return list(_null_aware(text))

    def source(self, **more):
        """The `source:` of a configuration."""
        return {"type": "postgres", "host": "127.0.0.1", "port": self.port, "user": "owner",
                "password": PASSWORD, "database": "postgres", **more}


class Replica(PostgresServer):
    """A hot standby of a server, made by pg_basebackup."""

    def __init__(self, primary, settings=()):
        super().__init__(settings=settings)
        self._primary = primary

    def _initialise(self):
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        done = subprocess.run(
            [os.path.join(binaries(), "pg_basebackup"), "-D", self.data, "-R", "-X", "stream", "-c",
             "fast", "-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "owner"],
            cwd=self.folder, env=environment, capture_output=True, text=True, **self._become)
        if done.returncode != 0:
            raise RuntimeError(f"pg_basebackup: {done.stderr}")

    def catch_up(self, primary):
        """Replays what the primary has written by now; asking takes long enough to need no pause."""
        wanted = primary.rows("SELECT pg_current_wal_lsn()")[0][0]
        while self.rows(f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'::pg_lsn")[0][0] != "t":
            pass


def _null_aware(text):
    """CSV in which every value is quoted and NULL is the bare word nil."""
    at = 0
    row = []
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            pieces = []
            while True:
                close = text.index('"', end)
                pieces.append(text[end:close])
                end = close + 1
                if text[end:end + 1] != '"':
                    break
                pieces.append('"')
                end += 1
            row.append("".join(pieces))
            at = end
        elif text.startswith("nil", at):
            row.append(None)
            at += 3
        if text[at:at + 1] == ",":
            at += 1
        else:
            at += 1  # The line's end.
            yield row
            row = []
