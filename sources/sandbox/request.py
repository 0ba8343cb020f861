"""One request as the rest of the sandbox sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson

API = "/api/v2/"


@dataclass
class Request:
    """`path` and `query` are as sent, percent signs included; header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    http_version: str = "1.1"

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Every parameter in the order sent, empty values included."""
        return parse_qsl(self.query, keep_blank_values=True)

    @cached_property
    def params(self) -> dict[str, str]:
        """Parameters by name; of a repeated one the last counts."""
        return dict(self.pairs)

    @property
    def intent(self) -> str:
        """The method meant: a POST may stand for another one (`X-HTTP-Method-Override`, desk-api 3)."""
        override = self.headers.get(b"x-http-method-override")
        return override.decode("latin-1").upper() if override and self.method == "POST" else self.method

    @property
    def segments(self) -> tuple[str, ...] | None:
        """What follows /api/v2/ in pieces; None for any other path."""
        if not self.path.startswith(API):
            return None
        return tuple(self.path[len(API) :].rstrip("/").split("/"))

    def header(self, name: bytes) -> str:
        """A header's value; empty when it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    def json(self) -> Any:
        """The body parsed. ValueError when it is not JSON; an empty body is an empty object."""
        return orjson.loads(self.body) if self.body else {}
