"""Answers with the headers of the real service (desk-api 3 and 4).

Two backends answered differently and so does the sandbox. The classic one sent an etag, `status`,
`x-request-id` and cache headers. The one that served cases in 2016 sent none of them, but `x-api-version`.
Nobody recorded a 401, 403, 304, 500 or 504: their headers are those of a 404, their bodies a `message`.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import orjson

Headers = list[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json; charset=utf-8")
_CLASSIC: Headers = [
    (b"accept-ranges", b"bytes"),
    (b"vary", b"X-AppVersion"),
    (b"x-appversion", b"16.27"),
    (b"x-frame-options", b"SAMEORIGIN"),
]
_CASES: Headers = [
    _JSON,
    (b"server", b"nginx"),
    (b"vary", b"Accept-Encoding"),
    (b"x-api-version", b"5a9dbd27c7c98ef0e6c1c0b2f1d3a4e59687fade"),  # pragma: allowlist secret
]
_FRESH = (b"cache-control", b"must-revalidate, private, max-age=0")
_WRITTEN = (b"cache-control", b"max-age=0, private, must-revalidate")
_PRIVATE = (b"cache-control", b"no-cache, private")
_NO_CACHE = (b"cache-control", b"no-cache")


class Tag(Enum):
    """What etag an answer carries, and with it which backend it comes from."""

    BODY = auto()
    WEAK = auto()
    """`W/"…"`: articles in 2016."""
    SITE = auto()
    """One number for the whole site: the list of users, the labels of a case."""
    UNTAGGED = auto()
    """The classic backend without an etag: a single topic."""
    NONE = auto()
    """Cases in 2016."""


@dataclass(slots=True)
class Answer:
    """`headers` lacks date, length and rate limit, which every answer gets on its way out.

    The body comes in pieces, as lists are large. `chunked` bodies are sent without their length. `stall` and
    `drip`: seconds before the first byte, and for the body; `cut`: the connection ends in the middle of it.
    A `stream` is sent in place of the pieces.
    """

    status: int
    pieces: list[bytes] = field(default_factory=list)
    headers: Headers = field(default_factory=list)
    chunked: bool = False
    stall: float = 0
    drip: float = 0
    cut: bool = False
    stream: Iterator[bytes] | None = None

    @property
    def body(self) -> bytes:
        """The body in one piece."""
        return b"".join(self.pieces)


class Refusal(Exception):
    """Ends the work on a request with this answer; `errors` says what is wrong per field (422)."""

    def __init__(self, status: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors

    def answer(self, writing: bool) -> Answer:
        """The answer to a read or a write, which differ in `cache-control`."""
        body = {"message": self.message} | ({"errors": self.errors} if self.errors else {})
        cache = _NO_CACHE if writing else _PRIVATE
        return Answer(self.status, [orjson.dumps(body)], [_JSON, cache, *_classic(self.status)])


def not_found() -> Refusal:
    """For an unknown id, an unknown path and searches that never existed."""
    return Refusal(404, "Resource Not Found")


def not_allowed() -> Refusal:
    """For a write that this collection does not take."""
    return Refusal(405, "Method Not Allowed")


def invalid(errors: dict[str, Any]) -> Refusal:
    """`errors` as recorded: {"name": ["blank"]}, {"_links": {"topic": ["blank"]}}."""
    return Refusal(422, "Validation Failed", errors)


def found(pieces: list[bytes], tag: Tag, site_version: int, known: str) -> Answer:
    """A 200, or a 304 when `known` (If-None-Match) names the etag that the answer would have."""
    if tag is Tag.NONE:
        return Answer(200, pieces, [*_CASES])
    if tag is Tag.UNTAGGED:
        return Answer(200, pieces, [_JSON, _PRIVATE, *_classic(200)])
    cache = _PRIVATE if tag is Tag.SITE else _FRESH
    etag = b'"%d"' % site_version if tag is Tag.SITE else etag_of(pieces)
    if tag is Tag.WEAK:
        etag = b"W/" + etag
    if known and (known == "*" or etag.removeprefix(b"W/").decode() in known):
        return Answer(304, [], [(b"etag", etag), cache, *_classic(304)])
    return Answer(200, pieces, [_JSON, (b"etag", etag), cache, *_classic(200)])


def written(status: int, body: bytes, location: str = "") -> Answer:
    """A 200 or 201 with the object as it is now, its etag that of the next GET; a 204 without a body."""
    if status == HTTPStatus.NO_CONTENT:
        return Answer(204, [], [_NO_CACHE, *_classic(204)])
    headers = [_JSON, (b"etag", etag_of([body])), _WRITTEN, *_classic(status)]
    return Answer(status, [body], headers + ([(b"location", location.encode())] if location else []))


def etag_of(pieces: list[bytes]) -> bytes:
    """The etag of a body: 32 hexadecimal digits."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    return b'"%s"' % digest.hexdigest().encode()


def _classic(status: int) -> Headers:
    told = f"{status} {HTTPStatus(status).phrase}".encode()
    return [(b"status", told), *_CLASSIC, (b"x-request-id", secrets.token_hex(16).encode())]
