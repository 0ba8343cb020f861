"""How the collections of a Desk site are read: two kinds of stream, by whether Desk can tell what changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sources.connectors.base import Cursor, Glimpse, Page, Stream
from sources.connectors.desk.client import DeskClient, Query
from sources.connectors.desk.reading import PAGE_RECORDS, FullRead, Progress, changed_pages
from sources.connectors.desk.records import References, entry_second, read_records, referred
from sources.connectors.desk.searches import Search
from sources.connectors.desk.walks import Leap, Mark, by_id, by_list, by_stamp

OVERLAP_SECONDS = 60
"""How far a later run looks back: an object may become visible a little after its own time of change."""


class DeskStream(Stream):
    """A collection of a Desk site."""

    path: ClassVar[str]
    """Where all of it is listed, below the API's root."""
    references: ClassVar[References] = ()
    recount: ClassVar[bool] = False

    @property
    def listed(self) -> Query:
        """The list whose total is the number of objects."""
        return Query(self.path, {"page": 1, "per_page": 1})

    def peek(self, client: DeskClient) -> Glimpse:
        """One request: the first three objects and the number of all."""
        listing = client.listing(Query(self.listed.path, {**self.listed.params, "per_page": 3}))
        records, _ = read_records(listing.entries, self.references, listing.clock)
        return Glimpse(listing.total, records)

    def refers_to(self, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """By reference properties, and by links where a body still has them."""
        return referred(body, self.references)

    def _full(self, client: DeskClient) -> FullRead:
        def count() -> int:
            return client.listing(self.listed).total

        return FullRead(self.collection, self.references, count, self.recount)


class RelistedStream(DeskStream):
    """A collection whose changes Desk does not tell: every run reads the whole list."""

    per_page: ClassVar[int] = 1000
    """Desk API: the most a list of this kind gives; whatever the server grants is taken."""

    def pages(self, client: DeskClient, cursor: Cursor) -> Iterator[Page]:
        """The list from the cursor's page on; the next run begins anew."""
        start = cursor or {"phase": "full", "mark": {"page": 1}}
        leaps = by_list(client, Query(self.path, {"per_page": self.per_page}), start["mark"])
        yield from self._full(client).pages(leaps, start, then={}, begins=not cursor)


class UpdatedStream(DeskStream):
    """A collection that is read once as a whole, and then by its times of change."""

    incremental = True
    search: ClassVar[Search]
    """Finds what changed."""
    start: ClassVar[Mark]
    """The mark before the first object of a full read."""

    @abstractmethod
    def walk(self, client: DeskClient, mark: Mark) -> Iterator[Leap]:
        """All objects from the mark on."""

    def pages(self, client: DeskClient, cursor: Cursor) -> Iterator[Page]:
        """A full read for the empty cursor or one from within, else what changed since the last run."""
        if cursor.get("phase") == "delta":
            yield from self._changes(client, cursor)
            return
        start = cursor or {"phase": "full", "mark": self.start, "then": self._before_full(client)}
        leaps = self.walk(client, start["mark"])
        yield from self._full(client).pages(leaps, start, then=start["then"], begins=not cursor)

    def _changes(self, client: DeskClient, cursor: Cursor) -> Iterator[Page]:
        at = _look_back(cursor["since"])
        if "crowd" in cursor and "mark" not in cursor and self._crowd(client, at) == cursor["crowd"]:
            yield Page((), cursor, ends=True, total=0)
            return

        def after(progress: Progress) -> Cursor:
            since = progress.next_since()
            few = progress.answers == 1
            return {"phase": "delta", "since": since} if few else self._delta(client, since, progress.asked)

        leaps = by_stamp(client, self.search, cursor.get("mark", {"at": at}))
        yield from changed_pages(leaps, self.references, cursor, after)

    def _before_full(self, client: DeskClient) -> Cursor:
        """Where the changes after a full read begin: at the newest change before it, by the data and not by a
        clock."""
        listing = client.listing(self.search.newest(0))
        second = entry_second(listing.entries[0], self.search.field) if listing.entries else None
        asked = int(listing.clock.timestamp())
        return self._delta(client, min(second or 0, asked), asked)

    def _delta(self, client: DeskClient, since: int, asked: int) -> Cursor:
        """The cursor for what changes after `since`, for a run that began when the server's clock was `asked`.

        After a bulk job thousands of objects may share the look-back. As long as their number and their
        newest change stay the same nothing has happened, and one request tells instead of one for each
        hundred. That holds once all of them were there to be seen: not within the last minute, and not when
        something newer has come meanwhile.
        """
        cursor: Cursor = {"phase": "delta", "since": since}
        if asked - since > OVERLAP_SECONDS:
            crowd = self._crowd(client, _look_back(since))
            if crowd["total"] > PAGE_RECORDS and crowd["newest"] <= since:
                return {**cursor, "crowd": crowd}
        return cursor

    def _crowd(self, client: DeskClient, at: int) -> dict[str, int]:
        """How many objects changed from second `at` on, and when the last one did."""
        listing = client.listing(self.search.newest(at))
        newest = entry_second(listing.entries[0], self.search.field) if listing.entries else None
        return {"total": listing.total, "newest": newest or 0}


class IdStream(UpdatedStream):
    """Read as a whole by ascending id."""

    start = {"since_id": 0}

    @property
    def listed(self) -> Query:
        """The list from the first id on."""
        return Query(self.path, {"since_id": 0, "page": 1, "per_page": 1})

    def walk(self, client: DeskClient, mark: Mark) -> Iterator[Leap]:
        """By id."""
        return by_id(client, Query(self.path, {"per_page": 100}), mark["since_id"])


class CreatedStream(UpdatedStream):
    """Read as a whole by time of creation; the plain list tells whether the search left anything out."""

    recount = True
    start = {"at": 0}
    created: ClassVar[Search]

    def walk(self, client: DeskClient, mark: Mark) -> Iterator[Leap]:
        """By time of creation."""
        return by_stamp(client, self.created, mark)


def _look_back(since: int) -> int:
    return max(0, since - OVERLAP_SECONDS)
