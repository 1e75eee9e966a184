"""A network that can be cut and frozen, between a client and a server."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on, until it is told otherwise. It counts the connections that were opened through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.opened = 0
        self._is_frozen = threading.Event()
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections. New ones work."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            each.close() if self._is_frozen.is_set() else _shut(each)

    def freeze(self) -> None:
        """Bytes of the present connections vanish. Nobody is told. New connections work."""
        with self._lock:
            self._is_frozen.set()
            self._is_frozen, self._sockets = threading.Event(), []

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            with self._lock:
                self.opened += 1
                self._sockets += [near, far]
                frozen = self._is_frozen
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, sink, frozen), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, frozen: threading.Event) -> None:
    try:
        while data := source.recv(65536):
            if not frozen.is_set():
                sink.sendall(data)
    except OSError:
        pass
    if not frozen.is_set():
        _shut(sink)


def _shut(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
