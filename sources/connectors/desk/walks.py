"""The ways through a collection. Each yields an answer at a time, with the mark at which the next one starts.

by_id      ascending ids, always the first page after the last id seen
by_stamp   ascending times of change, always the first page from the last second seen
by_page    page after page, for lists that know nothing better (by_list: and what lies beyond the last page)

Deep pages lose objects: whatever moves to another place while the pages are turned shifts the rest. Hence
by_page only where the API has no other way, and within one second.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

from sources.connectors.base import Remark
from sources.connectors.desk.answers import Listing, check_next_page
from sources.connectors.desk.client import ROOT, DeskClient, Query
from sources.connectors.desk.records import entry_id, entry_number, entry_second
from workspace.errors import ConfigError, TransientError

Mark = dict[str, Any]
PAGE_CAP = 500
"""Desk API: the last page a list gives, whatever its size."""
BY_ID: dict[str, str | int] = {"page": 1, "sort_field": "id", "sort_direction": "asc"}


class Leap(NamedTuple):
    """One answer of a walk."""

    listing: Listing
    entries: list[Any]
    passed: int
    """How many objects lie between the mark before this answer and the one after it; at a border fewer than
    came."""
    mark: Mark | None
    """Where the next answer starts; None after the last."""
    of_all: bool = False
    """Whether `listing.total` counts the whole list and not what is left of it."""
    turned: bool = False
    """Whether it is a later page by its number: what moved in front of it has shifted what is on it."""
    remarks: tuple[Remark, ...] = ()


def by_id(client: DeskClient, query: Query, since_id: int) -> Iterator[Leap]:
    """All objects with an id above `since_id`.

    `since_id` means "greater than" in some sources and "at least" in others: it is sent as it is and what is
    not above it dropped, which is right under both.
    """
    while True:
        accept = partial(_advances, client.host, query.path, since_id)
        listing = client.listing(query.having(**BY_ID, since_id=since_id), accept)
        entries, last = _above(listing, since_id)
        yield Leap(listing, entries, len(entries), {"since_id": last} if listing.more else None)
        if not listing.more:
            return
        since_id = last


def _advances(host: str, path: str, since_id: int, listing: Listing) -> None:
    ids = [number for number in map(entry_number, listing.entries) if number is not None]
    if ids != sorted(ids):
        raise TransientError(f"{host} does not sort {path} by id as asked.", code="unsorted_answer")
    if listing.more and (not ids or ids[-1] <= since_id):
        raise TransientError(f"{host} repeats {path} before id {since_id}.", code="repeated_page")


def _above(listing: Listing, since_id: int) -> tuple[list[Any], int]:
    """The entries above `since_id`, each once, and the highest id.

    An entry without an id keeps its place among the others; behind the last id it comes again with the next
    answer.
    """
    fresh: list[Any] = []
    last, end = since_id, 0
    for entry in listing.entries:
        number = entry_number(entry)
        if number is not None and number <= last:
            continue
        fresh.append(entry)
        if number is not None:
            last, end = number, len(fresh)
    return (fresh[:end] if listing.more else fresh), last


def by_page(client: DeskClient, query: Query, mark: Mark) -> Iterator[Leap]:
    """All objects of a list from `mark["page"]` on. After page 500 the walk stops with the mark of page 501.

    `highest` in the mark is the highest id so far as long as the list is in the order of ids, else None.
    """
    page, highest = mark.get("page", 1), mark.get("highest", 0)
    seen: set[str] = set()
    while True:
        listing = client.listing(query.having(page=page), partial(_follows, client, query.path, page, seen))
        entries = [entry for entry in listing.entries if entry_id(entry) not in seen]
        seen.update(filter(None, map(entry_id, entries)))
        highest = _highest(entries, highest)
        after = {"page": page + 1, "highest": highest} if listing.more else None
        yield Leap(listing, entries, _distinct(entries), after, of_all=True, turned=page > 1)
        if not listing.more or page >= PAGE_CAP:
            return
        page += 1


def _highest(entries: list[Any], highest: int | None) -> int | None:
    """The highest id, None unless they all ascend from `highest` on."""
    for number in map(entry_number, entries):
        if highest is None or number is None or number <= highest:
            return None
        highest = number
    return highest


def by_list(client: DeskClient, query: Query, mark: Mark) -> Iterator[Leap]:
    """by_page, and past its last page by_id, where the list is in the order of ids and takes `since_id`.

    Where it does not, the walk ends with a remark that names what is missing.
    """
    if "since_id" in mark:
        yield from _past_the_cap(client, query, mark["since_id"])
        return
    for leap in by_page(client, query, mark):
        if leap.mark is None or leap.mark["page"] <= PAGE_CAP:
            yield leap
            continue
        highest = leap.mark["highest"]
        yield leap._replace(mark={"since_id": highest})
        yield from _past_the_cap(client, query, highest)


def _past_the_cap(client: DeskClient, query: Query, highest: int | None) -> Iterator[Leap]:
    try:
        if highest is not None:
            yield from by_id(client, query, highest)
            return
    except (ConfigError, TransientError) as error:
        if error.code not in ("request_refused", "repeated_page", "unsorted_answer"):
            raise
    message = (
        f"Desk lists no more than {PAGE_CAP} pages of {query.path}; what comes after them could not be read."
    )
    listing = client.listing(query.having(page=1, per_page=1))
    yield Leap(listing, [], 0, None, remarks=(Remark("warning", "page_cap", message),))


def _follows(client: DeskClient, path: str, page: int, seen: set[str], listing: Listing) -> None:
    check_next_page(listing, client.line.base_url, ROOT + path, page)
    if listing.more and all(entry_id(entry) in seen for entry in listing.entries):
        raise TransientError(f"{client.host} repeats earlier pages of {path}.", code="repeated_page")


class Stamped(Protocol):
    """A search that can be narrowed by a time of its objects."""

    @property
    def field(self) -> str:
        """The property that holds the time."""

    def since(self, second: int) -> Query:
        """Objects of this second and later, ordered by `field`."""

    def within(self, client: DeskClient, second: int, mark: Mark) -> Iterator[Leap]:
        """Objects of this second alone, from a mark inside it on (empty: from its beginning)."""


def by_stamp(client: DeskClient, search: Stamped, mark: Mark) -> Iterator[Leap]:
    """All objects from second `mark["at"]` on, the ones at a border twice.

    The next answer starts at the last second of this one. When a whole answer shares one second that would
    lead nowhere: this second is then read by itself, from the mark `within` it on, and the walk goes on
    after it.
    """
    while True:
        if "within" in mark:
            yield from _crowd(client, search, mark["at"], mark["within"])
            mark = {"at": mark["at"] + 1}
        leap = _from_second(client, search, mark["at"])
        yield leap
        if leap.mark is None:
            return
        mark = leap.mark


def _crowd(client: DeskClient, search: Stamped, second: int, start: Mark) -> Iterator[Leap]:
    for leap in search.within(client, second, start):
        if leap.mark and leap.mark.get("page", 1) > PAGE_CAP:
            message = f"{client.host} lists no more than {PAGE_CAP} pages of one second of {search.field}."
            raise ConfigError(message, code="page_cap")
        after: Mark = {"at": second, "within": leap.mark} if leap.mark else {"at": second + 1}
        yield leap._replace(mark=after, of_all=False)


def _from_second(client: DeskClient, search: Stamped, at: int) -> Leap:
    query = search.since(at)
    listing = client.listing(query, partial(_sorted_from, client.host, query.path, search.field, at))
    seconds = _seconds(listing, search.field, at)
    if not listing.more:
        return Leap(listing, listing.entries, _distinct(listing.entries), None)
    last = seconds[-1]
    passed = _distinct(listing.entries[: seconds.index(last)])
    mark: Mark = {"at": last, "within": {}} if seconds[0] == last else {"at": last}
    return Leap(listing, listing.entries, passed, mark)


def _sorted_from(host: str, path: str, field: str, at: int, listing: Listing) -> None:
    seconds = _seconds(listing, field, at)
    if seconds != sorted(seconds) or (seconds and seconds[0] < at):
        raise TransientError(f"{host} does not sort {path} by {field} as asked.", code="unsorted_answer")
    if listing.more and not any(entry_second(entry, field) is not None for entry in listing.entries):
        raise TransientError(f"{host} gives no {field} in {path}.", code="malformed_answer")


def _seconds(listing: Listing, field: str, at: int) -> list[int]:
    """The second of each entry; one without takes that of the entry before it."""
    seconds = []
    for entry in listing.entries:
        own = entry_second(entry, field)
        at = at if own is None else own
        seconds.append(at)
    return seconds


def _distinct(entries: list[Any]) -> int:
    """How many objects; one that came twice counts once, one without an id for itself."""
    return len({entry_id(entry) or id(entry) for entry in entries})
