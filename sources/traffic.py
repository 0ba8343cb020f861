"""The vendor's rate limit, kept by all workers of a source together and shown on the run.

Desk API: every answer says how many requests remain until the end of the calendar minute. The lowest word any worker
has heard in this window is shared through Redis; when nothing remains, whoever asks next waits for the reset.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from sources.connectors.base import Traffic
from workspace.errors import TransientError
from workspace.runs import Lease

PATIENCE = 5.0
"""Seconds that a page may spend waiting for a vendor."""
WINDOW = 61.0
"""Limits count per minute: no wait is longer, even where a vendor says when and not how long (an epoch)."""
RESERVE = 0.05
"""Share of the vendor's limit that is left for the account's own people and tools."""


class BriefTraffic(Traffic):
    """For a person who waits in front of a page: a vendor that wants us to wait longer is told as busy.

    `limit` is what the vendor's last answer allowed per minute, None when it did not say.
    """

    def __init__(self) -> None:
        super().__init__(settings.OUTBOUND_ALLOWED_HOSTS)
        self.limit: int | None = None

    def after_answer(self, limit: int, remaining: int, reset: float) -> None:
        """Keep the limit."""
        self.limit = limit

    def pause(self, seconds: float, reason: str) -> None:
        """Short waits only; raises TransientError(code="busy") for a long one."""
        if self.waited + seconds > PATIENCE:
            raise TransientError("The vendor is busy at the moment. Try again in a minute.", code="busy")
        super().pause(seconds, reason)


class SharedTraffic(Traffic):
    """Traffic of one source; `lease` shows the waits of a run and ends them when it is cancelled or lost."""

    def __init__(self, source_id: Any, lease: Lease | None = None) -> None:
        super().__init__(settings.OUTBOUND_ALLOWED_HOSTS)
        self._key = f"rate:{source_id}"
        self._lease = lease
        self._blocked_until = 0.0
        self._shared_at = 0.0
        self._remaining: int | None = None

    def before_request(self) -> None:
        """Count the request; wait while the source's window is used up. Ends a reader that was left behind."""
        super().before_request()
        if self._lease:
            self._lease.check()
        self._listen()
        wait = self._blocked_until - time.time()
        if wait > 0:
            self.pause(min(wait, WINDOW), "rate_limited")

    def after_answer(self, limit: int, remaining: int, reset: float) -> None:
        """Share the vendor's word when the window runs low, and take it back when it does no longer."""
        self._remaining = remaining
        if remaining <= max(1, int(limit * RESERVE)):
            self._share(time.time() + min(max(reset, 0.0), WINDOW))
        elif self._blocked_until:
            self._share(0.0)

    def state(self) -> str:
        """For a progress bar: requests made, what remains in the vendor's window, time waited."""
        left = f", {self._remaining} left this minute" if self._remaining is not None else ""
        waits = f", waited {self.waited:.0f} s" if self.waited >= 1 else ""
        return f"{self.requests} requests{left}{waits}"

    def pause(self, seconds: float, reason: str) -> None:
        """Wait; visible on the run and ended early by cancel or a lost lease."""
        if self._lease is None:
            return super().pause(seconds, reason)
        started = time.monotonic()
        try:
            self._lease.wait(seconds, reason)
        finally:
            self.waited += time.monotonic() - started
        return None

    def _share(self, blocked_until: float) -> None:
        self._blocked_until = blocked_until
        with suppress(RedisError):  # while Redis is away each worker keeps to what it has heard itself
            cache.set(self._key, blocked_until, timeout=WINDOW + 1)

    def _listen(self) -> None:
        """Hear what other workers of this source have learnt; at most once a second."""
        now = time.monotonic()
        if now - self._shared_at >= 1.0:
            self._shared_at = now
            with suppress(RedisError):
                self._blocked_until = max(self._blocked_until, cache.get(self._key) or 0.0)
