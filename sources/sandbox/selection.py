"""Which objects a list holds and in what order, without touching more of them than it must.

A list by id or by a stamp, cut by windows of that same value, is a slice of an array that is kept sorted.
Anything else is worked out once, with a pass over the arrays or, for searches and other sort fields, over the
objects themselves, and remembered until something changes.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from sources.sandbox.collection import Collection
from sources.sandbox.conditions import Condition, met
from sources.sandbox.query import OPEN, Query, Window
from sources.sandbox.rules import STAMPS
from sources.sandbox.store import Store


@dataclass(frozen=True)
class Wanted:
    """What belongs into a list. `owners`: ids of which one must be the parent (None for any)."""

    collection: str
    sort: str = "id"
    ids: Window = OPEN
    created: Window = OPEN
    updated: Window = OPEN
    owners: frozenset[int] | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether one slice of one sorted array is the whole answer."""
        windows = {"id": self.ids, "created_at": self.created, "updated_at": self.updated}
        own = windows.pop(self.sort, None)
        narrow = self.owners is not None or self.conditions
        return own is not None and not narrow and all(window.open for window in windows.values())


class View(NamedTuple):
    """A part of an array of slots, read forwards or backwards."""

    slots: "array[int]"
    low: int
    high: int
    descending: bool = False

    @property
    def total(self) -> int:
        """How many objects the list holds on all its pages."""
        return self.high - self.low

    def page(self, number: int, size: int) -> Sequence[int]:
        """The slots on a page, counted from 1; none beyond the last."""
        passed = (number - 1) * size
        if self.descending:
            end = max(self.low, self.high - passed)
            return self.slots[max(self.low, end - size) : end][::-1]
        start = min(self.high, self.low + passed)
        return self.slots[start : min(self.high, start + size)]


def select(store: Store, wanted: Wanted, descending: bool) -> View:
    """The list of what is wanted."""
    collection = store[wanted.collection]
    if wanted.plain:
        slots, low, high = _slice(collection, wanted, wanted.sort)
    else:
        slots = store.remembered((wanted,), lambda: _worked_out(collection, wanted))
        low, high = 0, len(slots)
    return View(slots, low, high, descending)


def windowed(
    query: Query,
    collection: str,
    owners: frozenset[int] | None = None,
    conditions: tuple[Condition, ...] = (),
) -> Wanted:
    """What a list request wants of a collection."""
    return Wanted(collection, query.sort, query.ids, query.created, query.updated, owners, conditions)


def _slice(collection: Collection, wanted: Wanted, by: str) -> tuple["array[int]", int, int]:
    """The sorted array and the part of it that lies in the window of the value it is sorted by."""
    if by in STAMPS:
        order = collection.order(by)
        return order.slots, *order.window(*(wanted.created if by == "created_at" else wanted.updated))
    since, until = wanted.ids
    low = 0 if since is None else collection.rank(since)
    high = len(collection) if until is None else collection.rank(until + 1)
    return collection.by_id, low, max(low, high)


def _worked_out(collection: Collection, wanted: Wanted) -> Iterable[int]:
    """Starts from the narrowest window and drops what fails the rest."""
    windows = [
        by
        for by, window in (("created_at", wanted.created), ("updated_at", wanted.updated))
        if not window.open
    ]
    slices = [_slice(collection, wanted, by) for by in ("id", *windows)]
    slots, low, high = min(slices, key=lambda slice_: slice_[2] - slice_[1])
    kept: Iterable[int] = slots[low:high]
    for values, window in (
        (collection.ids, wanted.ids),
        (collection.created, wanted.created),
        (collection.updated, wanted.updated),
    ):
        if not window.open:
            kept = [slot for slot in kept if values[slot] in window]
    if wanted.owners is not None:
        parents, owners = collection.parents, wanted.owners
        kept = [slot for slot in kept if parents[slot] in owners]
    if wanted.conditions:
        kept = [slot for slot, body in collection.scan(kept) if met(wanted.conditions, body)]
    return _sorted(collection, kept, wanted.sort)


def _sorted(collection: Collection, slots: Iterable[int], by: str) -> list[int]:
    """Equal values stay in ascending id."""
    ranked = sorted(slots, key=collection.ids.__getitem__)
    if by in STAMPS:
        stamps = collection.created if by == "created_at" else collection.updated
        ranked.sort(key=stamps.__getitem__)
    elif by != "id":
        values = {slot: _rank(orjson.loads(body).get(by)) for slot, body in collection.scan(ranked)}
        ranked.sort(key=values.__getitem__)
    return ranked


def _rank(value: Any) -> tuple[int, float, str]:
    """Null first, then numbers, then text without regard to case."""
    if value is None:
        return 0, 0, ""
    return (1, value, "") if isinstance(value, int | float) else (2, 0, str(value).lower())
