"""The rate limit: so many requests in each minute of the clock, told on every answer (desk-api 7)."""

import time
from collections.abc import Callable
from email.utils import formatdate

from sources.sandbox.answers import Headers

UNLIMITED = 1_000_000
"""What the headers say when there is no limit."""


class MinuteLimit:
    """Counts requests; 0 means no limit. A refused request counts like any other."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.time) -> None:
        self.limit = limit
        self._clock = clock
        self._minute = self._used = self._second = 0
        self._date = b""

    def take(self) -> tuple[bool, Headers]:
        """Counts one request: whether it is within the limit, and the headers that every answer carries.

        Date seconds + Reset make a whole minute, so Reset runs from 60 to 1 and is never rounded down.
        """
        second = int(self._clock())
        if second // 60 != self._minute:
            self._minute, self._used = second // 60, 0
        if second != self._second:
            self._second, self._date = second, formatdate(second, usegmt=True).encode()
        self._used += 1
        limit = self.limit or UNLIMITED
        left = limit - self._used if self.limit else limit - 1
        return left >= 0, [
            (b"date", self._date),
            (b"x-rate-limit-limit", b"%d" % limit),
            (b"x-rate-limit-remaining", b"%d" % max(0, left)),
            (b"x-rate-limit-reset", b"%d" % (60 - second % 60)),
        ]

    @property
    def used(self) -> int:
        """Requests counted in the minute of the last one."""
        return self._used
