"""One kept-alive line to one host: guarded against private addresses, limited in time and size, no redirects.

Requests gives the guard, the certificates and the signatures. Its session is left out on purpose: it would read proxies
and .netrc from the environment and follow redirects. What is asked then goes straight to the connections of urllib3:
dressing each request and answer up once more costs as much time as parsing a page of cases.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterable, Mapping
from http.client import HTTPResponse
from typing import Any, NamedTuple

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from sources.connectors.desk.site import is_allowed
from workspace.errors import ConfigError, TransientError
from workspace.outbound import OutsideAdapter

CONNECT_SECONDS = 10
READ_SECONDS = 30
ANSWER_SECONDS = 60
"""How long one answer may take from its first byte to its last; a server may not drip for ever."""
ANSWER_BYTES = 16 << 20
"""Of one answer unpacked: a hundred records of 160 KB each."""
MEMORY_BYTES = 96 << 20
"""What the values of an answer may take once they are read; `[[],[],…]` takes twenty times its text."""
_COMMA, _BRACE = 64, 232
DENSEST = 1 + _BRACE
"""Bytes of memory that no byte of JSON exceeds: a page of usual size needs no counting."""

ONCE = {"retries": False, "redirect": False, "preload_content": False}
"""As urllib3 says it: one attempt, no other address, and the body is read by whoever asks."""


class Reply(NamedTuple):
    """An HTTP answer with its whole body, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """Sends GET requests to one host; `allowed_hosts` may be private and may be spoken to without TLS.

    After `seconds` it waits for nothing any more.
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase,
        user_agent: str,
        allowed_hosts: Iterable[str],
        seconds: float = math.inf,
    ) -> None:
        self.base_url = base_url
        self._until = time.monotonic() + seconds
        self._auth = auth
        headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        self._blank = PreparedRequest()
        self._blank.prepare("GET", base_url, headers=headers)
        self._adapter: Any = _adapter(base_url, allowed_hosts)
        self._pool: Any = None

    def get(self, target: str) -> Reply:
        """The answer to a GET of `target` (path and query, quoted); raises what requests and urllib3 raise."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for all requests is over")
        answer = self._send(target, Timeout(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)))
        body = answer.read(ANSWER_BYTES + 1, decode_content=True)
        if len(body) > ANSWER_BYTES:
            answer.close()
            raise TransientError(
                f"An answer was longer than {ANSWER_BYTES >> 20} MB and was cut off.", code="malformed_answer"
            )
        if len(body) * DENSEST > MEMORY_BYTES and unfolded(body) > MEMORY_BYTES:
            raise TransientError(
                "An answer holds more values than a hundred records have.", code="malformed_answer"
            )
        return Reply(answer.status, answer.headers, body)

    def close(self) -> None:
        """Hang up."""
        self._adapter.close()

    def _send(self, target: str, limits: Timeout) -> BaseHTTPResponse:
        try:
            self._pool = self._pool or self._look_up()
            request = self._blank.copy()
            request.url = self.base_url + target
            headers = self._auth(request).headers
            answer: BaseHTTPResponse = self._pool.urlopen(
                "GET", target, headers=headers, timeout=limits, **ONCE
            )
        except BaseException:
            self._pool = None
            raise
        return answer

    def _look_up(self) -> Any:
        """Connections to the address that the name has now; it is kept to until a request gets no answer.

        The guard names the host in `_blank`, for the connections only know the address.
        """
        pool: Any = self._adapter.get_connection_with_tls_context(self._blank, verify=True)
        self._adapter.cert_verify(pool, self.base_url, verify=True, cert=None)
        return pool


def unfolded(body: bytes) -> int:
    """Bytes that the values of this JSON take in memory, estimated from above without reading it."""
    return len(body) + _COMMA * (body.count(b",") + body.count(b"[")) + _BRACE * body.count(b"{")


class TimedFile(io.RawIOBase):
    """The file of a socket until a deadline: the socket's own time-out only limits the pause between two
    bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._deadline = time.monotonic() + ANSWER_SECONDS

    def readable(self) -> bool:
        """As BufferedReader wants it."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """What came, at least one byte; raises TimeoutError after the deadline."""
        if time.monotonic() > self._deadline:
            raise TimeoutError("the answer as a whole took too long")
        count: int | None = self._file.readinto(buffer)
        return count

    def close(self) -> None:
        """Close the socket's file too."""
        self._file.close()
        super().close()


class TimedResponse(HTTPResponse):
    """An answer whose status line, headers and body come within the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(TimedFile(sock.makefile("rb", buffering=0)), 1 << 16)


class TimedConnection(HTTPConnection):
    """Without TLS."""

    response_class = TimedResponse


class TimedTLSConnection(HTTPSConnection):
    """With TLS."""

    response_class = TimedResponse


class TimedPool(HTTPConnectionPool):
    """Connections without TLS."""

    ConnectionCls = TimedConnection


class TimedTLSPool(HTTPSConnectionPool):
    """Connections with TLS."""

    ConnectionCls = TimedTLSConnection


def _adapter(base_url: str, allowed_hosts: Iterable[str]) -> HTTPAdapter:
    """Resolves the name once and refuses private, loopback and link-local addresses, unless the host is
    allowed."""
    adapter: HTTPAdapter = HTTPAdapter()
    if not is_allowed(base_url, allowed_hosts):
        if not base_url.startswith("https://"):
            raise ConfigError("Credentials are only sent over https.", code="address_refused")
        adapter = OutsideAdapter(is_https_proto=True)
    adapter.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedTLSPool}
    return adapter
