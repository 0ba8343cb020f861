"""Desk answers made to order, for the oddities a whole site seldom shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug import Response

from sources.connectors.base import Traffic

LIMITS = {"X-Rate-Limit-Limit": "300", "X-Rate-Limit-Remaining": "299", "X-Rate-Limit-Reset": "30"}


class WatchedTraffic(Traffic):
    """Notes every wait instead of waiting."""

    def __init__(self, *allowed_hosts: str) -> None:
        super().__init__(frozenset(allowed_hosts or ("127.0.0.1",)))
        self.pauses: list[tuple[float, str]] = []
        self.limits: list[tuple[int, int, float]] = []

    def pause(self, seconds: float, reason: str) -> None:
        """The wait is over at once."""
        self.pauses.append((seconds, reason))

    def after_answer(self, limit: int, remaining: int, reset: float) -> None:
        """Note the vendor's word."""
        self.limits.append((limit, remaining, reset))


def case(number: int, updated_at: str | None = "2016-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    """A case with as much as the reading looks at."""
    links = {"self": {"href": f"/api/v2/cases/{number}", "class": "case"}}
    return {"id": number, "subject": f"Case {number}", "updated_at": updated_at, "_links": links, **more}


def listing(
    entries: Sequence[Any], *, total: int | None = None, here: str = "", following: str | None = None
) -> dict[str, Any]:
    """A HAL page; `here` and `following` are hrefs."""
    links = {
        "self": {"href": here, "class": "page"},
        "next": {"href": following, "class": "page"} if following else None,
    }
    count = len(entries) if total is None else total
    return {"total_entries": count, "page": 1, "_links": links, "_embedded": {"entries": list(entries)}}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An HTTP answer as Desk gives it."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        text, status, {**LIMITS, **(headers or {})}, content_type="application/json; charset=utf-8"
    )
