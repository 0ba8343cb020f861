"""Searches that can be narrowed by time. Desk API: times are Unix seconds, both ends belong to the window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sources.connectors.desk.client import DeskClient, Query
from sources.connectors.desk.walks import Leap, Mark, Stamped, by_id, by_page

FOREVER = 253_402_300_799
"""The last second of the year 9999: a window without an end, for a stamp in the future must not fall out of
it."""


class Search(Stamped, Protocol):
    """A search that also tells what is newest."""

    def newest(self, second: int) -> Query:
        """The object with the latest time, and in `total_entries` how many there are, from this second on."""


@dataclass(frozen=True, slots=True)
class SinceUpdated:
    """`/cases/search` and `/customers/search`: parameters of their own."""

    path: str
    field: str = "updated_at"

    def since(self, second: int) -> Query:
        """From `second` on, oldest change first."""
        return self._from(second).having(sort_direction="asc", per_page=100)

    def newest(self, second: int) -> Query:
        """The latest change from `second` on."""
        return self._from(second).having(sort_direction="desc", per_page=1)

    def within(self, client: DeskClient, second: int, mark: Mark) -> Iterator[Leap]:
        """One second by ascending id."""
        query = Query(self.path, {"since_updated_at": second, "max_updated_at": second, "per_page": 100})
        return by_id(client, query, mark.get("since_id", 0))

    def _from(self, second: int) -> Query:
        return Query(self.path, {"since_updated_at": second, "sort_field": self.field, "page": 1})


@dataclass(frozen=True, slots=True)
class InRange:
    """`/companies/search`, which takes ranges such as `q=(updated_at:[a TO b])`."""

    path: str
    field: str

    def since(self, second: int) -> Query:
        """From `second` on, oldest first."""
        return self._between(second, FOREVER).having(sort_direction="asc", per_page=500, page=1)

    def newest(self, second: int) -> Query:
        """The latest from `second` on."""
        return self._between(second, FOREVER).having(sort_direction="desc", per_page=1, page=1)

    def within(self, client: DeskClient, second: int, mark: Mark) -> Iterator[Leap]:
        """One second page by page: this search knows no order by id."""
        query = self._between(second, second).having(sort_direction="asc", per_page=500)
        return by_page(client, query, mark)

    def _between(self, first: int, last: int) -> Query:
        return Query(self.path, {"q": f"({self.field}:[{first} TO {last}])", "sort_field": self.field})
