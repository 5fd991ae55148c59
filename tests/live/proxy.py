"""A network between a client and a server on loopback that breaks where a test wants it to."""

import socket
import threading

BLOCK = 1 << 14


class Proxy:
    """Passes bytes on, from `with` to its end. `break_after(kind, count)` is about the connections that
    are there and all that come; `heal()` ends it for those that come from then on.

    Each kind strikes a connection once the server has sent `count` bytes through it:
    drop      both ends are reset
    truncate  the client sees an end of the stream behind exactly that many bytes
    stall     nothing is passed on any more, and nobody is told"""

    def __init__(self, target_port):
        self._target = ("127.0.0.1", target_port)
        self._fault = None
        self._struck = 0
        self._lock = threading.Lock()
        self._sockets = set()
        self._is_closed = False

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._is_closed = True
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                self._end(one)

    def break_after(self, kind, count, connections=1):
        """For the next so many connections that pass so many bytes."""
        with self._lock:
            self._fault, self._left, self._struck = (kind, count), connections, 0

    def heal(self):
        with self._lock:
            self._fault = None

    @property
    def struck(self):
        return self._struck

    @staticmethod
    def _end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _accept(self):
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                continue
            with self._lock:
                self._sockets |= {client, server}
            stalled = threading.Event()
            threading.Thread(target=self._pass, args=(client, server, stalled), daemon=True).start()
            threading.Thread(target=self._pass_answers, args=(server, client, stalled),
                             daemon=True).start()

    def _pass(self, source, sink, stalled):
        try:
            while data := source.recv(BLOCK):
                if not stalled.is_set():
                    sink.sendall(data)
        except OSError:
            pass
        self._end(sink)

    def _strike(self, passed, more):
        """What happens within these bytes: the kind and how many of them still pass."""
        with self._lock:
            if self._fault is None or self._left == 0:
                return None
            kind, count = self._fault
            if passed + more < count:
                return None
            self._left -= 1
            self._struck += 1
            return kind, max(count - passed, 0)

    def _pass_answers(self, server, client, stalled):
        passed = 0
        try:
            while data := server.recv(BLOCK):
                struck = self._strike(passed, len(data))
                if struck is None:
                    client.sendall(data)
                    passed += len(data)
                    continue
                kind, rest = struck
                if kind != "drop":
                    client.sendall(data[:rest])
                if kind == "stall":
                    stalled.set()
                    return  # The sockets stay open: silence is all that is heard.
                break
        except OSError:
            pass
        self._end(client)
        self._end(server)
