"""The objects of one collection: their bytes in the spool, what lists need to know of them in flat arrays."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from sources.sandbox.order import Order
from sources.sandbox.spool import Place, Spool
from sources.sandbox.stamps import seconds_of
from sources.sandbox.whole import whole

PARENTS = {"cases": "customer", "customers": "company", "articles": "topic", "feedbacks": "case"}
"""The link that says whose object it is: what `/customers/{id}/cases` and the like list."""

_REBUILD_FROM = 500
"""So many changes at once are cheaper sorted anew than one by one."""


class Facts(NamedTuple):
    """What is kept in memory of an object: 0 stands for no stamp and for no parent."""

    id: int
    created: int
    updated: int
    parent: int

    @classmethod
    def of(cls, collection: str, entry: dict[str, Any]) -> "Facts":
        """Reads them from the whole object. ValueError when it has no id."""
        created, updated = seconds_of(entry.get("created_at")), seconds_of(entry.get("updated_at"))
        return cls(id_of(entry), created, updated, linked_id(entry, PARENTS.get(collection, "")))


def id_of(entry: dict[str, Any]) -> int:
    """The id in the body, else the last segment of the link to itself. ValueError when there is neither."""
    found = entry.get("id") or linked_id(entry, "self")
    if not found:
        raise ValueError("An object needs an id.")
    return int(found)


def linked_id(entry: dict[str, Any], link: str) -> int:
    """The id at the end of a link's href; 0 when there is no such link or it leads nowhere."""
    href = ((entry.get("_links") or {}).get(link) or {}).get("href") or ""
    last = href.rpartition("/")[2]
    return whole(last) or 0


class Collection:
    """Every object has a slot, the index into all arrays, which it keeps for life; `by_id` lists the living.

    About 50 bytes of memory an object, and 12 more for each stamp it was sorted by.
    """

    def __init__(self, name: str, spool: Spool) -> None:
        self.name = name
        self.ids, self.parents = array("q"), array("q")
        self.created, self.updated = array("q"), array("q")
        self.by_id = array("I")
        self.last_id = 0
        self.versions: dict[int, list[Place]] = {}
        self.stale: dict[int, int] = {}
        self._offsets, self._lengths = array("q"), array("i")
        self._spool = spool
        self._orders: dict[str, Order] = {}

    def __len__(self) -> int:
        return len(self.by_id)

    def find(self, object_id: int) -> int | None:
        """The slot of a living object."""
        place = self.rank(object_id)
        if place < len(self.by_id) and self.ids[self.by_id[place]] == object_id:
            return self.by_id[place]
        return None

    def rank(self, object_id: int) -> int:
        """How many living objects have a smaller id."""
        if object_id > self.last_id:
            return len(self.by_id)
        return bisect_left(self.by_id, object_id, key=self.ids.__getitem__)

    def living_ids(self) -> tuple[int, ...]:
        """Every id in use, ascending."""
        return tuple(self.ids[slot] for slot in self.by_id)

    def order(self, stamp: str) -> Order:
        """The living by `created_at` or `updated_at`; sorted at its first use."""
        if stamp not in self._orders:
            self._orders[stamp] = Order(self.by_id, self._seconds(stamp), self.ids)
        return self._orders[stamp]

    def add(self, facts: Facts, body: bytes) -> int:
        """Takes in an object whose id is not in use; the slot it got."""
        slot = len(self.ids)
        rank = self.rank(facts.id)
        for column, value in zip(self._columns(), (*facts, *self._spool.append(body)), strict=True):
            column.append(value)
        self.by_id.insert(rank, slot)
        self.last_id = max(self.last_id, facts.id)
        for stamp, order in self._orders.items():
            order.add(slot, self._seconds(stamp)[slot])
        return slot

    def replace(self, slot: int, facts: Facts, body: bytes) -> None:
        """Puts a newer version in the place of the one there is, which can still be delivered again."""
        for stamp, order in self._orders.items():
            order.drop(slot, self._seconds(stamp)[slot])
        self.versions.setdefault(slot, []).append((self._offsets[slot], self._lengths[slot]))
        for column, value in zip(self._columns(), (*facts, *self._spool.append(body)), strict=True):
            column[slot] = value
        for stamp, order in self._orders.items():
            order.add(slot, self._seconds(stamp)[slot])

    def remove(self, slot: int) -> None:
        """Forgets an object without a trace, as Desk's hard deletions do."""
        for stamp, order in self._orders.items():
            order.drop(slot, self._seconds(stamp)[slot])
        del self.by_id[self.rank(self.ids[slot])]
        self.stale.pop(slot, None)

    def many_changes_ahead(self, count: int) -> None:
        """Says how many objects will change now: the orders are sorted anew where that is quicker."""
        if count >= _REBUILD_FROM:
            self._orders.clear()

    def place(self, slot: int) -> Place:
        """Where the newest version of an object lies."""
        return self._offsets[slot], self._lengths[slot]

    def places(self, slots: Iterable[int]) -> list[Place]:
        """Where the newest versions of these objects lie."""
        offsets, lengths = self._offsets, self._lengths
        return [(offsets[slot], lengths[slot]) for slot in slots]

    def body(self, slot: int) -> bytes:
        """The newest version of an object as JSON."""
        return self._spool.read(self._offsets[slot], self._lengths[slot])

    def entry(self, slot: int) -> dict[str, Any]:
        """The newest version of an object."""
        entry: dict[str, Any] = orjson.loads(self.body(slot))
        return entry

    def deliver(self, slots: Sequence[int]) -> list[Place]:
        """Where the versions lie that a list shows now; counts down what was to be delivered again."""
        if not self.stale or self.stale.keys().isdisjoint(slots):
            return self.places(slots)
        return [self._delivered(slot) for slot in slots]

    def scan(self, slots: Iterable[int] | None = None) -> Iterator[tuple[int, bytes]]:
        """Yields (slot, newest version) of the living in ascending id, or of the slots given."""
        for slot in self.by_id if slots is None else slots:
            yield slot, self.body(slot)

    def _delivered(self, slot: int) -> Place:
        left = self.stale.get(slot, 0)
        if not left:
            return self.place(slot)
        if left == 1:
            del self.stale[slot]
        else:
            self.stale[slot] = left - 1
        return self.versions[slot][-1]

    def _seconds(self, stamp: str) -> "array[int]":
        return self.created if stamp == "created_at" else self.updated

    def _columns(self) -> "tuple[array[int], ...]":
        return self.ids, self.created, self.updated, self.parents, self._offsets, self._lengths
