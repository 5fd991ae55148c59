"""A MariaDB server of the test's own: from Debian's package, on loopback, in a temporary folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from loopback import PASSWORD, free_port, place_with_room

SERVER = "/usr/sbin/mariadbd"


def without_password():
    """Root has none, and a password of somebody else's would keep it out."""
    return {name: value for name, value in os.environ.items() if name != "MYSQL_PWD"}


class MysqlServer:
    """Runs from `with` to its end. Root becomes `nobody`, as servers should."""

    def __init__(self, settings=(), prepare=None, folder=None):
        """`prepare(folder)` is called before the first start; what it makes there is the server's, and
        settings may name it ("{folder}/server.key")."""
        if not os.path.exists(SERVER):
            raise SystemExit("no MariaDB server is installed: tools/setup installs it")
        self._prepare = prepare
        self._parent = folder or place_with_room()
        self._settings = list(settings)
        self.port = free_port()
        self.folder = None
        self._process = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="trueup-mysql-", dir=self._parent)
        self._become = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            self._become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.mkdir(os.path.join(self.folder, "tmp"))
        if self._prepare:
            self._prepare(self.folder)
        self._own()
        self._initialise()
        self.start()
        self.execute(f"CREATE DATABASE shop; CREATE USER 'owner'@'%' IDENTIFIED BY '{PASSWORD}'; "
                     "GRANT ALL ON *.* TO 'owner'@'%'", user="root", database="mysql")
        return self

    def _own(self):
        if not self._become:
            return
        for at, folders, files in os.walk(self.folder):
            for name in (".", *folders, *files):
                os.chown(os.path.join(at, name), self._become["user"], self._become["group"])

    def _initialise(self):
        done = subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}",
                               f"--tmpdir={self.folder}/tmp", "--skip-test-db",
                               "--auth-root-authentication-method=normal"], cwd=self.folder,
                              text=True, capture_output=True, **self._become)
        if done.returncode != 0:
            raise RuntimeError(f"mariadb-install-db ended with {done.returncode}: {done.stderr}")

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    @property
    def socket(self):
        return os.path.join(self.folder, "socket")

    def start(self):
        settings = {"datadir": self.data, "socket": self.socket, "port": self.port,
                    "bind-address": "127.0.0.1", "pid-file": os.path.join(self.folder, "pid"),
                    "tmpdir": os.path.join(self.folder, "tmp"), "skip-name-resolve": 1,
                    "innodb-flush-log-at-trx-commit": 0, "innodb-buffer-pool-size": "128M",
                    "innodb-log-file-size": "64M", "character-set-server": "utf8mb4"}
        settings.update(self._settings)
        words = [f"--{name}={value}".format(folder=self.folder) for name, value in settings.items()]
        self._log = open(os.path.join(self.folder, "log"), "ab")
        self._process = subprocess.Popen([SERVER, "--no-defaults", *words], stdout=self._log,
                                         stderr=self._log, cwd=self.folder, **self._become)
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"MariaDB did not start: {self.log()}")
            time.sleep(0.05)

    def _answers(self):
        return subprocess.run(self._client("root", "mysql", "-e", "SELECT 1"), env=without_password(),
                              capture_output=True).returncode == 0

    def stop(self, signal_number=signal.SIGTERM):
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

    def _client(self, user, database, *words):
        return ["mariadb", "--no-defaults", "-S", self.socket, "-u", user, "--batch", "--raw",
                "--skip-column-names", "--default-character-set=utf8mb4", "-D", database, *words]

    def execute(self, sql, user="root", database="shop"):
        sql = f"SET time_zone = '+00:00', sql_mode = '';\n{sql}"
        done = subprocess.run(self._client(user, database), input=sql.encode(), env=without_password(),
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"mariadb: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def client(self, sql):
        """A session of its own that says this, as a process."""
        return subprocess.Popen(self._client("root", "shop", "-e", sql), env=without_password(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def rows(self, expressions, source):
        """The server's own text of each expression; None for NULL. It comes as hexadecimal digits,
        which cannot be taken for anything else."""
        texts = ", ".join(f"HEX(CONVERT({one} USING utf8mb4))" for one in expressions)
        lines = self.execute(f"SELECT {texts} FROM {source}").split("\n")[:-1]
        return [[None if one == "NULL" else bytes.fromhex(one).decode() for one in line.split("\t")]
                for line in lines]

    def source(self, **more):
        """The `source:` of a configuration."""
        return {"type": "mariadb", "host": "127.0.0.1", "port": self.port, "user": "owner",
                "password": PASSWORD, "database": "shop", **more}
