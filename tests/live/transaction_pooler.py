"""A go-between as transaction poolers are: it answers a client by itself, and lends it a server session of its
own only while a transaction is open. Sessions are lent in turn, so that the next transaction meets another one."""

import socket
import struct
import threading


def _message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def _receive(sock, count):
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def _read_message(sock):
    kind = _receive(sock, 1)
    body = _receive(sock, struct.unpack("!I", _receive(sock, 4))[0] - 4)
    return kind, body


def _startup(**parameters):
    body = struct.pack("!I", 196608)
    for name, value in parameters.items():
        body += name.encode() + b"\0" + value.encode() + b"\0"
    body += b"\0"
    return struct.pack("!I", len(body) + 4) + body


class _Session:
    """With the server, which has to trust whoever comes from this machine."""

    def __init__(self, port, user, database):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(_startup(user=user, database=database, client_encoding="UTF8"))
        self.greeting = b""
        while True:
            kind, body = _read_message(self.socket)
            if kind == b"E":
                raise RuntimeError(body.decode(errors="replace"))
            if kind == b"S":
                self.greeting += _message(kind, body)
            if kind == b"Z":
                return


class TransactionPooler:
    """Listens from `with` to its end, with `size` sessions to lend."""

    def __init__(self, server_port, size, user="owner", database="postgres"):
        self._idle = [_Session(server_port, user, database) for _ in range(size)]
        self._size = size
        self._greeting = self._idle[0].greeting
        self._free = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.most_lent = 0

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        for session in self._idle:
            session.socket.close()

    def ask_all(self, sql):
        """What each session of the pool answers, when none is lent."""
        with self._free:
            self._free.wait_for(lambda: len(self._idle) == self._size)
            return [self._ask(session, sql) for session in self._idle]

    @staticmethod
    def _ask(session, sql):
        session.socket.sendall(_message(b"Q", sql.encode() + b"\0"))
        answer = None
        while True:
            kind, body = _read_message(session.socket)
            if kind == b"D":
                size = struct.unpack("!hI", body[:6])[1]
                answer = body[6:6 + size].decode()
            if kind == b"Z":
                return answer

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _lend(self):
        with self._free:
            self._free.wait_for(lambda: self._idle)
            session = self._idle.pop(0)
            self.most_lent = max(self.most_lent, self._size - len(self._idle))
            return session

    def _take_back(self, session):
        with self._free:
            self._idle.append(session)
            self._free.notify_all()

    def _serve(self, client):
        session = None
        try:
            size, code = struct.unpack("!II", _receive(client, 8))
            _receive(client, size - 8)
            if code != 196608:
                return  # A request to cancel: statements of tests are not worth it.
            client.sendall(_message(b"R", struct.pack("!I", 0)) + self._greeting +
                           _message(b"K", struct.pack("!II", 999_999, 1)) + _message(b"Z", b"I"))
            while True:
                kind, body = _read_message(client)
                if kind == b"X":
                    break
                session = session or self._lend()
                session.socket.sendall(_message(kind, body))
                # A client waits after these: for the rows, or for what it prepared.
                if kind in (b"Q", b"S") and self._pass_answer(session, client) == b"I":
                    self._take_back(session)
                    session = None
        except (ConnectionError, OSError):
            pass
        finally:
            client.close()
            if session:
                self._ask(session, "ROLLBACK")
                self._take_back(session)

    @staticmethod
    def _pass_answer(session, client):
        """The server's answer to the client; its state afterwards, which is idle outside a transaction."""
        while True:
            kind, body = _read_message(session.socket)
            client.sendall(_message(kind, body))
            if kind == b"Z":
                return body
