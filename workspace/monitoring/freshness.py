"""How old the data of a source or a pair are, and how old they may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MARGIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Freshness:
    """What a side answers to the signal `freshness_asked`, for each of what it keeps fresh."""

    side: str
    owner: Any
    """A source, or the connection of a source and a warehouse."""
    workspace: Any
    url: str
    age: timedelta
    between: timedelta
    """The longest time between two syncs when all goes as planned."""

    def is_old(self, hours: int | None) -> bool:
        """Whether the data are older than so many hours; by default than two syncs and ten minutes."""
        allowed = timedelta(hours=hours) if hours else 2 * self.between + MARGIN
        return self.age > allowed
