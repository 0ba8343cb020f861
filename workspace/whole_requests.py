"""gunicorn's threads get requests that have come whole: who sends slowly keeps none of them busy.

A thread that reads a request waits for whoever sends it, as long as that one likes; as many such senders as there are
threads would stop all pages. Here the loop that waits for connections collects what comes, for as many senders as the
worker takes connections, and hands a request to a thread when its last byte is there. What comes too slowly or is too
long is refused before anything is done for it, and so is what would take more memory than all together may. Who has had
the last answer and does not hang up is waited for here as well.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
import time
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import IO, Any

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
HELD_BYTES = 64 << 20
"""What a process holds of requests that are not answered; then the large one that has been coming longest must go."""
SMALL_BYTES = 64 << 10
"""Requests of which no more has come are never in the way: as many as there are connections fit beside the others."""

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*(?=\r\n)")


class Refused(Exception):
    """A request that is not taken; says the status."""


class Arriving(TConn):  # type: ignore[misc]
    """A connection with what has come of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrived = bytearray()
        self.length: int | None = None
        self.in_hand = 0
        """The bytes of a request that a thread has, or will have when one is free."""
        self.over = False
        """Whether nothing that still comes is read: it was refused, or has had its last answer."""

    def take(self) -> bytes | None:
        """The request if it is whole; what comes behind it stays. Raises Refused."""
        if self.length is None:
            self.length = length_of(self.arrived)
            if self.length is not None and b"\r\nexpect:" in head_of(self.arrived):
                self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.length is None or len(self.arrived) < self.length:
            return None
        request = bytes(self.arrived[: self.length])
        del self.arrived[: self.length]
        self.length, self.in_hand = None, len(request)
        return request


def length_of(arrived: bytearray) -> int | None:
    """How many bytes the request has, as its head says; None as long as the head is not whole. Raises Refused."""
    end = arrived.find(b"\r\n\r\n")
    if end > HEAD_BYTES or (end < 0 and len(arrived) > HEAD_BYTES):
        raise Refused("431 Request Header Fields Too Large")
    if end < 0:
        return None
    head = head_of(arrived)
    if b"\r\ntransfer-encoding:" in head:
        raise Refused("411 Length Required")  # browsers and proxies tell it; Django would take it for empty
    lengths = LENGTH.findall(head)
    if any(len(digits) > 9 or int(digits) > BODY_BYTES for digits in lengths):
        raise Refused("413 Content Too Large")
    return end + 4 + max(map(int, lengths), default=0)


def head_of(arrived: bytearray) -> bytes:
    """The lines before the body, in small letters; the head must be whole."""
    return bytes(arrived[: arrived.index(b"\r\n\r\n") + 2]).lower()


class WholeRequests(ThreadWorker):  # type: ignore[misc]
    """The threaded worker; what it overrides runs in its loop, but for `handle_request`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_hand = 0
        self.spare: IO[bytes] | None = None
        """A file to give up for a moment when no more can be opened."""

    def init_process(self) -> None:
        """In the process of the worker; returns when it ends."""
        self.spare = spare_file()
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and wait for its request."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._turn_away(listener)
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KEPT_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", LEAVE_SECONDS, 0))
        self.nr_conns += 1
        self._await(Arriving(self.cfg, sock, address, listener.getsockname()), ARRIVE_SECONDS)

    def on_client_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """Another request begins on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn, ARRIVE_SECONDS)
        self.on_pending_socket_readable(conn, client)

    def on_pending_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """Some of a request has come, or all that will ever come."""
        try:
            came: bytes | None = client.recv(1 << 16)
        except BlockingIOError:
            came = None
        except OSError:
            came = b""
        if not conn.over:
            conn.arrived += came or b""
            self._look(conn)
        if came == b"" and conn in self.pending_conns:
            self._hang_up(conn)

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
        self.in_hand -= conn.in_hand
        conn.in_hand = 0
        if not done.cancelled() and not done.exception() and not done.result():
            self._part(conn, b"", PART_SECONDS)
            return
        super().finish_request(conn, done)
        if conn.arrived and self.keepalived_conns and self.keepalived_conns[-1] is conn:
            self.on_client_socket_readable(conn, conn.sock)

    def handle_request(self, req: Any, conn: Arriving) -> bool:
        """Answer it, in a thread; who reads no more of the answer is no failure of ours."""
        try:
            return bool(super().handle_request(req, conn))
        except BlockingIOError:  # of LEAVE_SECONDS
            self.log.info("Somebody has stopped reading the answer to %s %s", req.method, req.path)
            return False

    def _turn_away(self, listener: socket.socket) -> None:
        """Take one and hang up: left waiting, it would wake the loop again at once, and all the time."""
        self.log.warning("Somebody was turned away: no more files can be opened")
        if self.spare:
            self.spare.close()
        with suppress(OSError):
            listener.accept()[0].close()
        self.spare = spare_file()

    def _await(self, conn: Arriving, seconds: float) -> None:
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
            elif len(conn.arrived) > SMALL_BYTES:
                self._make_room()

    def _hand_over(self, conn: Arriving, request: bytes) -> None:
        self._forget(conn)
        self.in_hand += conn.in_hand
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(request)
        self.enqueue_req(conn)

    def _make_room(self) -> None:
        """Called while one at least is large."""
        if self.in_hand + sum(len(conn.arrived) for conn in self.pending_conns) > HELD_BYTES:
            longest = next(conn for conn in self.pending_conns if len(conn.arrived) > SMALL_BYTES)
            self._refuse(longest, "503 Service Unavailable")

    def _refuse(self, conn: Arriving, status: str) -> None:
        self._forget(conn)
        answer = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        self._part(conn, answer.encode(), ARRIVE_SECONDS)

    def _part(self, conn: Arriving, word: bytes, seconds: float) -> None:
        """After the last answer, or with it: read on until the other side hangs up.

        Who still sends would not hear what was said, and others would wait for who does not hang up.
        """
        conn.over = True
        conn.arrived = bytearray()
        try:
            conn.sock.setblocking(False)
            conn.sock.send(word)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._await(conn, seconds)

    def _hang_up(self, conn: Arriving) -> None:
        self._forget(conn)
        self._close(conn)

    def _forget(self, conn: Arriving) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _close(self, conn: Arriving) -> None:
        self.nr_conns -= 1
        conn.close()


def spare_file() -> IO[bytes] | None:
    """An open one, if one can be opened."""
    with suppress(OSError):
        return open(os.devnull, "rb")
    return None
