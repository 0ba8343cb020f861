"""gunicorn's threads get requests that have come whole: who sends slowly keeps none of them busy.

A thread that reads a request waits for whoever sends it, as long as that one likes; as many such senders as there are
threads would stop all pages. Here the loop that waits for connections collects what comes, for as many senders as the
worker takes connections, and hands a request to a thread when its last byte is there. What comes too slowly or is too
long is refused before anything is done for it. Who has had the last answer and does not hang up is waited for here as
well.
"""

from __future__ import annotations

import errno
import re
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

HEAD_BYTES = 64 << 10
BODY_BYTES = 2_621_440
"""Django's own limit for forms; nothing is uploaded."""
ARRIVE_SECONDS = 30
"""How long a request may take from the connection, or from its first byte on one that is kept, to its last byte."""
LEAVE_SECONDS = 30
"""How long a thread waits for somebody who reads no more of an answer than the kernel keeps for them."""
PART_SECONDS = 2
"""How long the other side has to hang up after the last answer; as gunicorn's own."""
KEPT_BYTES = 1 << 20

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*(?=\r\n)")


class Refused(Exception):
    """A request that is not taken; says the status."""


class Arriving(TConn):  # type: ignore[misc]
    """A connection with what has come of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrived = bytearray()
        self.length: int | None = None
        self.over = False
        """Whether nothing that still comes is read: it was refused, or has had its last answer."""

    def take(self) -> bytes | None:
        """The request if it is whole; what comes behind it stays. Raises Refused."""
        if self.length is None:
            self.length = length_of(self.arrived)
            if self.length is not None and b"\r\nexpect:" in self.arrived[: self.length].lower():
                self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.length is None or len(self.arrived) < self.length:
            return None
        request = bytes(self.arrived[: self.length])
        del self.arrived[: self.length]
        self.length = None
        return request


def length_of(arrived: bytearray) -> int | None:
    """How many bytes the request has, as its head says; None as long as the head is not whole. Raises Refused."""
    end = arrived.find(b"\r\n\r\n")
    if end > HEAD_BYTES or (end < 0 and len(arrived) > HEAD_BYTES):
        raise Refused("431 Request Header Fields Too Large")
    if end < 0:
        return None
    head = bytes(arrived[: end + 2]).lower()
    if b"\r\ntransfer-encoding:" in head:
        raise Refused("411 Length Required")  # browsers and proxies tell it; Django would take it for empty
    lengths = LENGTH.findall(head)
    if any(len(digits) > 9 or int(digits) > BODY_BYTES for digits in lengths):
        raise Refused("413 Content Too Large")
    return end + 4 + max(map(int, lengths), default=0)


class WholeRequests(ThreadWorker):  # type: ignore[misc]
    """The threaded worker; what it overrides runs in its loop."""

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and wait for its request."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", LEAVE_SECONDS, 0))
        self.nr_conns += 1
        self._await(Arriving(self.cfg, sock, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """Another request begins on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)
        self.on_pending_socket_readable(conn, client)

    def on_pending_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """Some of a request has come."""
        try:
            came: bytes | None = client.recv(1 << 16)
        except BlockingIOError:
            came = None
        except OSError:
            came = b""
        if came == b"":
            self._hang_up(conn)
        elif not conn.over:
            conn.arrived += came or b""
            self._look(conn)

    def murder_pending(self) -> None:
        """Hang up on those that take too long, and soon on all of them when the worker stops.

        Who is to hang up has less time than who sends a request: all are looked at, not the first ones.
        """
        if not self.alive:
            soon = time.monotonic() + STOP_KEEPALIVE_LINGER
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, soon)
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self._hang_up(conn)

    def finish_request(self, conn: Arriving, done: Any) -> None:
        """After an answer: what has come behind the request may be the next one already."""
        if not done.cancelled() and not done.exception() and not done.result():
            self._part(conn)
            return
        super().finish_request(conn, done)
        if conn.arrived and self.keepalived_conns and self.keepalived_conns[-1] is conn:
            self.on_client_socket_readable(conn, conn.sock)

    def _await(self, conn: Arriving, seconds: float = ARRIVE_SECONDS) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + seconds
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _look(self, conn: Arriving) -> None:
        try:
            request = conn.take()
        except Refused as refused:
            self._refuse(conn, str(refused))
        except OSError:
            self._hang_up(conn)
        else:
            if request is not None:
                self._hand_over(conn, request)

    def _hand_over(self, conn: Arriving, request: bytes) -> None:
        self._forget(conn)
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(request)
        self.enqueue_req(conn)

    def _refuse(self, conn: Arriving, status: str) -> None:
        """Say so and read on for a while, or whoever still sends would not hear it."""
        conn.over = True
        conn.arrived.clear()
        try:
            conn.sock.send(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._hang_up(conn)

    def _part(self, conn: Arriving) -> None:
        """After the last answer: wait for the other side to hang up, without keeping others waiting."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.over = True
        conn.arrived.clear()
        self._await(conn, PART_SECONDS)

    def _hang_up(self, conn: Arriving) -> None:
        self._forget(conn)
        self._close(conn)

    def _forget(self, conn: Arriving) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _close(self, conn: Arriving) -> None:
        self.nr_conns -= 1
        conn.close()
