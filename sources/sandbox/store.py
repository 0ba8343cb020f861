"""Everything the sandbox knows: the collections and the spool under them, changed only under one lock."""

import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from sources.sandbox.collection import Collection, Facts
from sources.sandbox.generator import COLLECTIONS, SiteFacts
from sources.sandbox.spool import Spool

_REMEMBERED = 32
"""So many worked-out lists are kept until the next change."""


class IdsOf:
    """The living ids of a collection in ascending order, as `SiteFacts` wants them."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def __len__(self) -> int:
        return len(self._collection)

    def __getitem__(self, place: int, /) -> int:
        return self._collection.ids[self._collection.by_id[place]]


class Store:
    """The site that is served. Whoever reads more than one thing, or changes anything, holds `lock`.

    `version` grows with every change, across restarts too: it is the site-wide etag (desk-api 3).
    """

    def __init__(self, items: Iterable[tuple[str, dict[str, Any]]] = ()) -> None:
        self.lock = threading.RLock()
        self.spool = Spool()
        self.collections = {name: Collection(name, self.spool) for name in COLLECTIONS}
        self.version = int(time.time())
        self._lists: dict[tuple[object, ...], array[int]] = {}
        for name, entry in items:
            self._load(self.collections[name], entry)

    def __getitem__(self, name: str) -> Collection:
        return self.collections[name]

    def site(self) -> SiteFacts:
        """What a new object can link to."""
        names = ("users", "groups", "companies", "customers", "topics", "brands", "cases", "labels")
        return SiteFacts(**{name: IdsOf(self.collections[name]) for name in names})

    def create(self, name: str, entry: dict[str, Any]) -> int:
        """Adds an object whose id is new; its slot."""
        slot = self.collections[name].add(Facts.of(name, entry), orjson.dumps(entry))
        self._changed()
        return slot

    def change(self, name: str, slot: int, entry: dict[str, Any]) -> None:
        """Stores a new version of an object; the earlier ones are kept."""
        self.collections[name].replace(slot, Facts.of(name, entry), orjson.dumps(entry))
        self._changed()

    def remove(self, name: str, slot: int) -> None:
        """Deletes an object without a tombstone."""
        self.collections[name].remove(slot)
        self._changed()

    def remembered(self, key: tuple[object, ...], work_out: Callable[[], Iterable[int]]) -> "array[int]":
        """The slots that `work_out` gives, worked out once until something changes."""
        if key not in self._lists:
            if len(self._lists) >= _REMEMBERED:
                del self._lists[next(iter(self._lists))]
            self._lists[key] = array("I", work_out())
        return self._lists[key]

    def dump(self, name: str) -> Iterator[bytes]:
        """Every living object as JSON, newest version, ascending id, as the collection is at this moment."""
        with self.lock:
            collection = self.collections[name]
            places = collection.places(collection.by_id)
        return (self.spool.read(offset, length) for offset, length in places)

    def close(self) -> None:
        """Gives the disk space back."""
        self.spool.close()

    def _changed(self) -> None:
        self.version += 1
        self._lists.clear()

    def _load(self, collection: Collection, entry: dict[str, Any]) -> None:
        """Of an object that comes twice the newest counts, of two with the same stamp the last."""
        facts, body = Facts.of(collection.name, entry), orjson.dumps(entry)
        slot = collection.find(facts.id)
        if slot is None:
            collection.add(facts, body)
        elif facts.updated >= collection.updated[slot]:
            collection.replace(slot, facts, body)
            collection.versions.clear()
