"""Who sends slowly, too much, or never the end, as the running web server meets them: others are served meanwhile."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from workspace.tests.browser.installation import PATIENCE, Installation
from workspace.whole_requests import BODY_BYTES, HEAD_BYTES, Refused, length_of

CROWD = 40
"""Five times the threads of all web processes."""
LOGIN = "/accounts/login/"
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def lines(site: Installation) -> Iterator[ExitStack]:
    """Connections that are closed at the end."""
    with ExitStack() as lines:
        yield lines


def connect(site: Installation, lines: ExitStack, sent: bytes = b"") -> socket.socket:
    """A connection on which so much has been sent."""
    parts = urlsplit(site.url)
    line = lines.enter_context(socket.create_connection((parts.hostname, parts.port or 80), PATIENCE))
    line.sendall(sent)
    return line


def status(line: socket.socket) -> int:
    """Of the answer that comes next."""
    with line.makefile("rb") as answer:
        return int(answer.readline().split()[1])


def assert_served(site: Installation) -> None:
    for _ in range(10):
        with urllib.request.urlopen(site.url + LOGIN, timeout=PATIENCE) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "begun",
    [b"", b"G", GET, POST + b"Content-Length: 1000\r\n\r\nlogin=", GET + b"\r\n" + GET],
    ids=["nothing", "a letter", "half a head", "half a body", "half of the next"],
)
def test_others_are_served_while_requests_come_slowly(
    begun: bytes, site: Installation, lines: ExitStack
) -> None:
    for _ in range(CROWD):
        connect(site, lines, begun)
    assert_served(site)


def test_others_are_served_while_answers_are_not_read(site: Installation, lines: ExitStack) -> None:
    for _ in range(CROWD):
        connect(site, lines, large(site))
    assert_served(site)


def large(site: Installation) -> bytes:
    """A request for the largest file."""
    static = Path(site.environ["STATIC_ROOT"])
    largest = max(static.rglob("*.*.css"), key=lambda file: file.stat().st_size)
    assert largest.stat().st_size > 400_000
    return b"GET /static/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % str(largest.relative_to(static)).encode()


def test_who_does_not_hang_up_is_hung_up_on(site: Installation, lines: ExitStack) -> None:
    line = connect(site, lines, GET + b"Connection: close\r\n\r\n")
    with line.makefile("rb") as answer:
        assert answer.read().startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_that_comes_byte_by_byte_is_answered(site: Installation, lines: ExitStack) -> None:
    line = connect(site, lines)
    for byte in GET + b"\r\n":
        line.sendall(bytes([byte]))
    assert status(line) == 200


def test_two_requests_that_come_at_once_are_both_answered(site: Installation, lines: ExitStack) -> None:
    last = GET + b"Connection: close\r\n\r\n"
    line = connect(site, lines, GET + b"\r\n" + last)
    with line.makefile("rb") as answers:
        assert answers.read().count(b"HTTP/1.1 200 OK\r\n") == 2


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (POST + b"Content-Length: 10000000000\r\n\r\n", 413),
        (POST + b"Content-Length: %d\r\n\r\n" % (BODY_BYTES + 1), 413),
        (
            POST
            + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 99999999\r\n\r\n--x\r\n",
            413,
        ),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", 411),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (POST + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\na=b&c", 400),
        (GET + b"X: " + b"x" * (HEAD_BYTES + 1), 431),
        (GET + b"X: 1\r\n" * 101 + b"\r\n", 431),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (POST + b"Content-Length: 5\r\n\r\na=b&c", 403),
    ],
    ids=[
        "10 GB",
        "too long",
        "a file",
        "of unknown length",
        "a length and chunks",
        "two lengths",
        "long head",
        "many headers",
        "long line",
        "fits",
    ],
)
def test_what_is_too_long_is_refused_at_once(
    sent: bytes, expected: int, site: Installation, lines: ExitStack
) -> None:
    assert status(connect(site, lines, sent)) == expected


def test_too_many_fields_are_refused(site: Installation, lines: ExitStack) -> None:
    body = b"&".join(b"f%d=" % number for number in range(20_001))
    head = POST + b"Content-Type: application/x-www-form-urlencoded\r\nCookie: csrftoken=%s\r\n" % (b"x" * 32)
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    assert status(connect(site, lines, head + body)) == 400
    assert_served(site)


def test_the_longer_of_two_lengths_counts() -> None:
    head = b"GET / HTTP/1.1\r\ncontent-length: 1\r\nContent-Length:2\r\n\r\n"
    assert length_of(bytearray(head)) == len(head) + 2
    with pytest.raises(Refused):
        length_of(bytearray(b"GET / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 6000)))


@pytest.mark.skipif(not os.environ.get("MEASURE"), reason="says figures, for docs/security.md")
def test_how_much_slower_others_become(site: Installation, lines: ExitStack) -> None:
    usual = p95(site)
    print(f"\nnobody else: p95 {usual:.0f} ms")
    for name, attack in {**ATTACKS, "unread answers": large(site)}.items():
        for _ in range(CROWD):
            connect(site, lines, attack)
        print(f"{CROWD} of {name}: p95 {p95(site):.0f} ms at first, ", end="")
        lines.close()
        print(f"{p95(site):.0f} ms when they are gone")


def p95(site: Installation) -> float:
    """Milliseconds within which 19 of 20 pages come."""
    took = []
    for _ in range(100):
        began = time.monotonic()
        with urllib.request.urlopen(site.url + LOGIN, timeout=PATIENCE) as answer:
            assert answer.status == 200
        took.append((time.monotonic() - began) * 1000)
    return sorted(took)[94]


def whole(body: bytes, kind: bytes) -> bytes:
    """A request with this body."""
    head = POST + b"Content-Type: " + kind + b"\r\nCookie: csrftoken=%s\r\n" % (b"x" * 32)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


ATTACKS = {
    "half-sent requests": POST + b"Content-Length: 1000\r\n\r\nlogin=",
    "half-sent bodies of 1 MB": POST + b"Content-Length: 2000000\r\n\r\n" + b"x" * 1_000_000,
    "forms of 20,001 fields": whole(
        b"&".join(b"f%d=" % number for number in range(20_001)), b"application/x-www-form-urlencoded"
    ),
    "bodies of JSON without a bottom": whole(b"[" * 2_000_000, b"application/json"),
}
