"""The cases every contestant reads: made once by the sandbox's generator, changed the same way for all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sources.sandbox.generator import generate

SEED = 7
FIRST_CHANGE = datetime(2020, 3, 11, tzinfo=UTC)
"""Later than anything the generator makes; the n-th round of changes happens n hours later."""


class Cases:
    """All cases in the order of their ids as JSON, and in the order of their times of change."""

    def __init__(self, count: int) -> None:
        self.rendered: list[bytes] = []
        self.ids: list[int] = []
        self.stamps: list[str] = []
        for case in _made(count):
            self.rendered.append(orjson.dumps(case))
            self.ids.append(case["id"])
            self.stamps.append(case["updated_at"])
        self.rounds = 0
        self._sort()

    def change(self, every: int) -> str:
        """Every n-th case gets another priority and a new time of change; returns the first of these times.

        The changes are spread over ten minutes, and over more when it would be over fifty a second: the server does not
        tell apart what has changed within one.
        """
        begins = FIRST_CHANGE + timedelta(hours=self.rounds)
        self.rounds += 1
        places = range(0, len(self.ids), every)
        seconds = max(600, len(places) // 50)
        for number, place in enumerate(places):
            case = orjson.loads(self.rendered[place])
            moment = begins + timedelta(seconds=number * seconds // len(places))
            case["updated_at"] = case["changed_at"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
            case["priority"] = case["priority"] % 10 + 1
            self.rendered[place], self.stamps[place] = orjson.dumps(case), case["updated_at"]
        self._sort()
        return f"{begins:%Y-%m-%dT%H:%M:%SZ}"

    def after_id(self, since: int) -> range:
        """Places of the cases with a higher id."""
        return range(bisect_left(self.ids, since + 1), len(self.ids))

    def changed_since(self, stamp: str) -> list[int]:
        """Places of the cases changed at this moment or later, in the order of their changes."""
        return self._by_stamp[bisect_left(self._sorted_stamps, stamp) :]

    def _sort(self) -> None:
        self._by_stamp = sorted(range(len(self.ids)), key=lambda place: (self.stamps[place], self.ids[place]))
        self._sorted_stamps = [self.stamps[place] for place in self._by_stamp]


def _made(count: int) -> Iterator[dict[str, Any]]:
    for collection, item in generate(count, SEED):
        if collection == "cases":
            yield item
        elif collection == "feedbacks":
            return
