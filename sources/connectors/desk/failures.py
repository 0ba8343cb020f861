"""What can go wrong on the way to a Desk site, in words for the customer; every translation is made here.

ConfigError     trying again will not help: raised through
TransientError  the client repeats the request, and raises it when that did not help
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import ReadTimeoutError

from sources.connectors.desk.transport import ANSWER_SECONDS, CONNECT_SECONDS, READ_SECONDS, Reply
from workspace.errors import ConfigError, PublicError, TransientError
from workspace.payload import parse

RESET_SECONDS = 10
"""How long to wait after a 429 that does not say."""
WINDOW_SECONDS = 61
"""Desk API: limits are counted per calendar minute, so no wait is longer."""


class RateLimitError(TransientError):
    """The minute's requests are used up; `seconds` until the next ones."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(f"{host} allows no more requests for now (HTTP 429).", code="rate_limited")
        self.seconds = seconds


def malformed(host: str, path: str, detail: str) -> TransientError:
    """The answer came, and is not what the API gives."""
    return TransientError(f"{host} gave an answer to {path} that {detail}.", code="malformed_answer")


def unreached(error: Exception, host: str) -> PublicError:
    """The sentence for a request that had no answer; `error` is whatever requests, urllib3 or the socket
    raised."""
    chain = list(_causes(error))
    if any(isinstance(cause, InvalidIPAddress) for cause in chain):
        return ConfigError(
            f"{host} leads to a private address, which is not allowed.", code="address_refused"
        )
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in chain):
        return TransientError(f"No site called {host} was found.", code="site_not_found")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        return ConfigError(f"The TLS certificate of {host} is not valid for it.", code="tls_failed")
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        return TransientError(f"No TLS connection to {host} could be made.", code="tls_failed")
    if any(isinstance(cause, (TimeoutError, ReadTimeoutError)) for cause in chain):
        limits = f"{CONNECT_SECONDS} s to connect, {READ_SECONDS} s between bytes, {ANSWER_SECONDS} s in all"
        return TransientError(f"{host} did not answer in time ({limits}).", code="timed_out")
    return TransientError(f"The connection to {host} was refused or cut.", code="unreachable")


def raise_for_status(reply: Reply, host: str, path: str, quoted: Callable[[str], str] = str) -> None:
    """Nothing for 200; else ConfigError or TransientError, with Desk's own words as `quoted` where it gives some."""
    status = reply.status
    if status == 200:
        return
    if status == 429:
        raise RateLimitError(host, _seconds(reply.headers.get("X-Rate-Limit-Reset")))
    if status >= 500 or status in (400, 408):  # clients of the real service repeated a 400 with success
        raise TransientError(f"{host} failed on {path} (HTTP {status}).", code="server_error")
    raise _refusal(reply, host, path, quoted(_message(reply.body))[:200])


def _refusal(reply: Reply, host: str, path: str, said: str) -> PublicError:
    status = reply.status
    if status == 401:
        return ConfigError(
            f"{host} does not accept these credentials.",
            code="credentials_rejected",
            action="Check the email and password, or the four OAuth values.",
        )
    if status == 403:
        return ConfigError(
            f"{host} does not let this user read {path}.",
            code="forbidden",
            action="Connect with an administrator, or leave this collection out.",
        )
    if status == 404:
        return ConfigError(f"{host} has no {path}.", code="not_found")
    if "page parameter must be" in said:
        return ConfigError(f"{host} does not list further pages of {path}.", code="page_cap")
    if 400 <= status < 500:
        return ConfigError(
            f"{host} refused {path} (HTTP {status}{said and ': ' + said}).", code="request_refused"
        )
    if 300 <= status < 400:
        return ConfigError(f"{host} redirects instead of answering as Desk (HTTP {status}).", code="not_desk")
    return malformed(host, path, f"has the status {status}")


def _message(body: bytes) -> str:
    try:
        value = parse(body)
    except (ValueError, RecursionError):
        return ""
    said = value.get("message") if isinstance(value, dict) else None
    return said if isinstance(said, str) else ""


def _seconds(reset: str | None) -> float:
    try:
        seconds = math.ceil(float(reset or RESET_SECONDS))
    except (ValueError, OverflowError):
        seconds = RESET_SECONDS
    return min(max(seconds, 1), WINDOW_SECONDS)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies under it; requests and urllib3 keep that in `reason` and `args` too."""
    pending: list[Any] = [error]
    seen: set[int] = set()
    while pending:
        cause = pending.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
