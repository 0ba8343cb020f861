"""The loop that collects requests, turned by hand: who is served, and in which order, whatever others do."""

from __future__ import annotations

import logging
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import pytest
from gunicorn.config import Config

from workspace import whole_requests
from workspace.whole_requests import BODY_BYTES, SMALL_BYTES, WholeRequests, spare_file

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
TURNS = 2000
"""So many times the loop is turned at most, waiting a tenth of a second when nothing happens."""


def greet(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with as many bytes as the address says."""
    size = int(environ["PATH_INFO"].strip("/") or 2)
    start_response("200 OK", [("Content-Length", str(size))])
    return [b"x" * size]


class Loop:
    """A worker that runs in a test, and those who connect to it."""

    def __init__(self, stack: ExitStack) -> None:
        config, log = Config(), logging.getLogger("gunicorn.test")
        config.set("threads", 2)
        log.access = lambda *_: None  # type: ignore[attr-defined]
        self.stack = stack
        self.door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.worker = worker = WholeRequests(1, os.getppid(), [self.door], None, 30, config, log)
        worker.wsgi = greet
        worker.spare = spare_file()
        stack.callback(lambda: worker.spare and worker.spare.close())
        worker.poller, worker.tpool = stack.enter_context(DefaultSelector()), worker.get_thread_pool()
        worker.method_queue.init()
        for end in (worker.tmp.close, worker.method_queue.close, worker.tpool.shutdown):
            stack.callback(end)
        worker.poller.register(worker.method_queue.fileno(), EVENT_READ, worker.method_queue.run_callbacks)
        worker.set_accept_enabled(True)

    def turn(self, until: Callable[[], Any]) -> None:
        """Let the worker do what there is to do, until this is so."""
        for _ in range(TURNS):
            if until():
                return
            self.worker.wait_for_and_dispatch_events(0.1)
        raise AssertionError("It never came to that.")

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Somebody who has sent this, and the worker has taken it."""
        line = self.stack.enter_context(socket.create_connection(self.door.getsockname()))
        line.setblocking(False)
        left = memoryview(sent)

        def send() -> bool:
            nonlocal left
            with suppress(BlockingIOError):
                left = left[line.send(left) :] if left else left
            return not left

        self.turn(send)
        return line

    def answer(self, line: socket.socket, end: bytes = b"") -> bytes:
        """What the worker says to them until it ends with this, or to the last."""
        said = bytearray()

        def heard() -> bool:
            with suppress(BlockingIOError):
                came = line.recv(1 << 16)
                said.extend(came)
                return not came or bool(end and said.endswith(end))
            return False

        self.turn(heard)
        return bytes(said)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is undone at the end."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def loop(stack: ExitStack) -> Loop:
    return Loop(stack)


def test_who_sends_two_requests_and_no_more_gets_both_answers(loop: Loop) -> None:
    line = loop.connect(GET + GET)
    line.shutdown(socket.SHUT_WR)
    assert loop.answer(line).count(OK) == 2


def test_who_sends_half_a_request_and_no_more_is_forgotten(loop: Loop) -> None:
    line = loop.connect(GET + GET[:-1])
    line.shutdown(socket.SHUT_WR)
    assert loop.answer(line).count(OK) == 1
    assert (loop.worker.nr_conns, loop.worker.in_hand) == (0, 0)


def test_the_large_one_that_takes_longest_goes_when_all_hold_too_much(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_requests, "HELD_BYTES", 1_000_000)
    small = loop.connect(POST + b"Content-Length: 5\r\n\r\na=")
    large = [
        loop.connect(POST + b"Content-Length: %d\r\n\r\n" % BODY_BYTES + b"x" * 400_000) for _ in range(5)
    ]
    for line in large[:3]:
        assert loop.answer(line).startswith(b"HTTP/1.1 503 ")
    assert sum(len(conn.arrived) for conn in loop.worker.pending_conns) < 1_000_000 + SMALL_BYTES
    small.send(b"bcd")
    assert loop.answer(small).startswith(OK)


def test_what_waits_for_a_thread_counts_until_it_is_answered(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_requests, "HELD_BYTES", 1_000_000)
    loop.worker.in_hand = 900_000
    head = POST + b"Content-Length: 200000\r\n\r\n"
    assert loop.answer(loop.connect(head + b"x" * 200_000)).startswith(b"HTTP/1.1 503 ")
    loop.worker.in_hand = 0
    assert loop.answer(loop.connect(head + b"x" * 200_000)).startswith(OK)
    assert loop.worker.in_hand == 0


def test_others_are_served_before_those_who_do_not_hang_up_are_gone(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_requests, "PART_SECONDS", 86_400)
    for _ in range(5):
        assert loop.answer(loop.connect(LAST)).startswith(OK)
    other = loop.connect(GET)
    assert loop.answer(other, b"\r\n\r\nxx").startswith(OK)
    assert loop.worker.nr_conns == 6


def test_no_word_of_a_body_is_taken_for_one_of_the_head(loop: Loop) -> None:
    body = b"a=\r\nexpect: 100-continue\r\n\r\n"
    line = loop.connect(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert loop.answer(line).startswith(OK)


def test_who_waits_to_be_asked_for_the_body_is_asked(loop: Loop) -> None:
    line = loop.connect(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert loop.answer(line, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.send(b"a=b")
    assert OK in loop.answer(line)


def test_who_stops_reading_is_one_line_of_the_log_and_no_failure(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(whole_requests, "LEAVE_SECONDS", 1)
    caplog.set_level(logging.INFO, "gunicorn.test")
    loop.connect(b"GET /40000000 HTTP/1.1\r\nHost: x\r\n\r\n")
    loop.turn(lambda: caplog.records)
    loop.turn(lambda: loop.worker.in_hand == 0)
    assert caplog.messages == ["Somebody has stopped reading the answer to GET /40000000"]
    assert (caplog.records[0].levelname, caplog.records[0].exc_info) == ("INFO", None)


def test_who_comes_when_no_file_can_be_opened_is_turned_away_and_the_next_one_served(
    loop: Loop, stack: ExitStack
) -> None:
    line = socket.create_connection(loop.door.getsockname())
    line.setblocking(False)
    with line, ExitStack() as scarcity:
        open_no_more_files(scarcity)
        assert loop.answer(line) == b""
    assert loop.answer(loop.connect(LAST)).startswith(OK)
    assert loop.worker.spare


def open_no_more_files(scarcity: ExitStack) -> None:
    """All numbers below the limit are taken, until the end."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/dev/fd")))
    while (number := os.open(os.devnull, os.O_RDONLY)) <= highest:
        scarcity.callback(os.close, number)
    os.close(number)
    scarcity.callback(resource.setrlimit, resource.RLIMIT_NOFILE, usual)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, usual[1]))


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "raised"),
    [(1024, 1024, 924, 1024), (256, 5000, 1000, 1100), (5000, 5000, 1000, 5000)],
    ids=["little", "more if asked", "enough"],
)
def test_a_process_takes_as_many_connections_as_it_may_open_files(
    soft: int, hard: int, connections: int, raised: int
) -> None:
    limits = f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))"
    found = "runpy.run_path('gunicorn.conf.py')['worker_connections']"
    asked = f"print({found}, resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    command = [sys.executable, "-c", f"import resource, runpy; {limits}; {asked}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(connections), str(raised)]
