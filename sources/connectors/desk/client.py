"""Asks a Desk site, and asks again when an answer is missing, doubtful or put off; every wait goes through
`Traffic`."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from sources.connectors.base import Client, Traffic
from sources.connectors.desk.answers import Listing, parse_listing, parse_object
from sources.connectors.desk.failures import RateLimitError, raise_for_status, unreached
from sources.connectors.desk.transport import Line, Reply
from workspace.errors import TransientError

ROOT = "/api/v2/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one request is sent before its failure is believed."""

    attempts: int = 5
    refusals: int = 15
    """How many 429 in a row; waiting them out does not count as a failed attempt."""


@dataclass(frozen=True, slots=True)
class Query:
    """A request for a list: path below the API's root, and parameters."""

    path: str
    params: Mapping[str, str | int]

    def having(self, **params: str | int) -> Query:
        """The same with more parameters."""
        return Query(self.path, {**self.params, **params})


def accept_any(listing: Listing) -> None:
    """No further demands on a listing."""


class DeskClient(Client):
    """One account of a Desk site. Requests are sent one after the other over one kept-alive connection."""

    def __init__(
        self,
        line: Line,
        traffic: Traffic,
        patience: Patience = Patience(),
        quoted: Callable[[str], str] = str,
    ) -> None:
        self.line = line
        self.traffic = traffic
        self.host = urlsplit(line.base_url).netloc
        self._patience = patience
        self._quoted = quoted

    def listing(self, query: Query, accept: Callable[[Listing], None] = accept_any) -> Listing:
        """The entries a query gives; `accept` raises TransientError to have it sent again."""

        def read(reply: Reply) -> Listing:
            listing = parse_listing(reply, self.line.base_url, ROOT + query.path)
            accept(listing)
            return listing

        return self._ask(query, read)

    def object(self, path: str) -> dict[str, Any]:
        """A single object."""
        return self._ask(Query(path, {}), lambda reply: parse_object(reply, self.host, ROOT + path))

    def close(self) -> None:
        """Hang up."""
        self.line.close()

    def _ask(self, query: Query, read: Callable[[Reply], T]) -> T:
        failures = refusals = 0
        while True:
            self.traffic.before_request()
            try:
                return self._attempt(query, read)
            except RateLimitError as limit:
                refusals += 1
                if refusals >= self._patience.refusals:
                    raise
                wait, reason = limit.seconds, "rate_limited"
            except TransientError:
                failures, refusals = failures + 1, 0
                if failures >= self._patience.attempts:
                    raise
                wait, reason = backoff(failures), "retry"
            self.traffic.pause(wait, reason)

    def _attempt(self, query: Query, read: Callable[[Reply], T]) -> T:
        target = ROOT + query.path
        if query.params:
            target += "?" + urlencode(query.params, quote_via=quote)
        try:
            reply = self.line.get(target)
        except (RequestException, HTTPError, OSError, UnicodeError) as error:
            raise unreached(error, self.host) from error
        self._note_limits(reply)
        raise_for_status(reply, self.host, ROOT + query.path, self._quoted)
        try:
            return read(reply)
        except TransientError as error:
            raise TransientError(self._quoted(error.message), code=error.code, action=error.action) from None

    def _note_limits(self, reply: Reply) -> None:
        try:
            limit, remaining, reset = (
                int(reply.headers[f"X-Rate-Limit-{name}"]) for name in ("Limit", "Remaining", "Reset")
            )
        except (KeyError, ValueError):
            return
        self.traffic.after_answer(limit, remaining, reset)


def backoff(failures: int) -> float:
    """Seconds before the next attempt: exponential with full jitter, so that workers do not come back
    together."""
    return random.uniform(0, min(2.0**failures, 30.0))  # noqa: S311 - nothing secret about a wait
