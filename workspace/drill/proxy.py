"""A TCP proxy before a server: the address stays while the server is restarted, goes away or loses its answers."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

PIECE = 65_536
COMMIT = b"COMMIT"


class Proxy:
    """Listens on a port of its own and hands everything on to `target`, a port of this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.away = False
        self.lost_answers = 0
        self._lose_answers = 0
        self._before = False
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._listen, name="proxy", daemon=True).start()

    def go_away(self) -> None:
        """Cut every connection, and from now on those that come."""
        self.away = True
        self.cut()

    def come_back(self) -> None:
        """Hand on again."""
        self.away = False

    def cut(self) -> int:
        """Cut the connections there are; returns how many."""
        with self._lock:
            lines, self._lines = self._lines, set()
        for line in lines:
            _close(line)
        return len(lines) // 2

    def lose_commits(self, times: int, *, before: bool = False) -> None:
        """Cut the next connections between a COMMIT and its answer; with `before`, the server never hears of it."""
        with self._lock:
            self._lose_answers, self._before = times, before

    def close(self) -> None:
        """Stop listening and cut everything."""
        self._door.close()
        self.go_away()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        server = None
        if not self.away:
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", self.target), 5)
        if server is None:
            _close(client)
            return
        for line in (client, server):
            line.settimeout(None)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._lines |= {client, server}
        threading.Thread(target=self._hand_back, args=(server, client), daemon=True).start()
        self._hand_on(client, server)

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE):
                if self._lose_answers and COMMIT in piece and self._loses(client, server, piece):
                    break
                server.sendall(piece)
        self._end(client, server)

    def _loses(self, client: socket.socket, server: socket.socket, piece: bytes) -> bool:
        """Let the server commit and keep its answer to ourselves, or the commit to ourselves."""
        with self._lock:
            if not self._lose_answers:
                return False
            self._lose_answers -= 1
            self.lost_answers += 1
            self._lines -= {client, server}
        client.shutdown(socket.SHUT_RDWR)  # the answer that comes now finds nobody
        if not self._before:
            server.sendall(piece)
            server.shutdown(socket.SHUT_WR)  # processed in order: the commit first, then the end
            threading.Event().wait(0.2)
        return True

    def _hand_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE):
                client.sendall(piece)
        self._end(client, server)

    def _end(self, *lines: socket.socket) -> None:
        with self._lock:
            self._lines -= set(lines)
        for line in lines:
            _close(line)


def _close(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
