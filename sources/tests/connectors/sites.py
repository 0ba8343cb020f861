"""A small Desk site by hand: the sandbox with objects whose ids and times a test chooses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sources.connectors import CONNECTORS
from sources.connectors.base import Cursor, Page, Record, Remark
from sources.sandbox.server import PASSWORD, Sandbox
from sources.tests.connectors.made import WatchedTraffic

DESK = CONNECTORS["desk"]
NOON = int(datetime(2016, 5, 1, 12, tzinfo=UTC).timestamp())
"""When most objects were changed, long before any test runs."""


def written(second: float) -> str:
    """A time as Desk writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def thing(
    collection: str, number: int, updated: int | None = None, created: int | None = None, **more: Any
) -> dict[str, Any]:
    """An object with little more than an id and its times in Unix seconds."""
    links = {"self": {"href": f"/api/v2/{collection}/{number}", "class": collection}, **more.pop("links", {})}
    stamps = {
        "created_at": written(NOON + number if created is None else created),
        "updated_at": written(NOON + number if updated is None else updated),
    }
    return {"id": number, "name": f"{collection} {number}", **stamps, **more, "_links": links}


@dataclass
class Reading:
    """What one run of one stream gave."""

    pages: list[Page]
    requests: int
    traffic: WatchedTraffic

    @property
    def records(self) -> list[Record]:
        return [record for page in self.pages for record in page.records]

    @property
    def ids(self) -> list[int]:
        """Each id once, ascending."""
        return sorted({int(record.id) for record in self.records})

    @property
    def last(self) -> Page:
        return self.pages[-1]

    @property
    def remarks(self) -> list[Remark]:
        return [remark for page in self.pages for remark in page.remarks]


class Site:
    """A running sandbox, and this connector reading it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.settings = {"base_url": sandbox.url, "email": "admin@example.com", "password": PASSWORD}

    def put(self, collection: str, number: int, updated: int, **more: Any) -> None:
        """Create or change one object."""
        entry, store = thing(collection, number, updated, **more), self.sandbox.store
        with store.lock:
            slot = store[collection].find(number)
            if slot is None:
                store.create(collection, entry)
            else:
                store.change(collection, slot, entry)

    def drop(self, collection: str, number: int) -> None:
        """Delete one object without a trace."""
        store = self.sandbox.store
        with store.lock:
            slot = store[collection].find(number)
            assert slot is not None
            store.remove(collection, slot)

    def steps(
        self, collection: str, cursor: Cursor | None = None, traffic: WatchedTraffic | None = None
    ) -> Iterator[Page]:
        """The pages of a run one by one."""
        stream = next(stream for stream in DESK.streams if stream.collection == collection)
        with DESK.open(self.settings, traffic or WatchedTraffic()) as client:
            yield from stream.pages(client, json.loads(json.dumps(cursor or {})))

    def read(self, collection: str, cursor: Cursor | None = None) -> Reading:
        """One run."""
        traffic = WatchedTraffic()
        pages = list(self.steps(collection, cursor, traffic))
        return Reading(pages, traffic.requests, traffic)


def site_of(items: Iterable[tuple[str, dict[str, Any]]]) -> Site:
    """A site with these objects; whoever makes it stops its sandbox."""
    return Site(Sandbox(items).start())
