"""What a source holds before anything is synced: a glimpse of each collection, and what reading it all takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sources.connectors.base import Glimpse, Stream
from sources.models import Source
from sources.traffic import BriefTraffic
from workspace.errors import PublicError, TransientError
from workspace.hub.columns import Layout

SHOWN = 6
"""Columns of the sample rows."""


@dataclass(frozen=True)
class Sight:
    """One collection: how many objects, what reading them takes, and its first rows as a warehouse has them."""

    stream: Stream
    ticked: bool
    total: int | None
    requests: int
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    error: str = ""


@dataclass(frozen=True)
class Preview:
    """All collections, and the sum of what the first sync takes."""

    sights: list[Sight]
    limit: int | None
    """Requests per minute that the vendor allows, None when it does not say."""

    @property
    def requests(self) -> int:
        """Requests of the first sync if everything stays ticked."""
        return sum(sight.requests for sight in self.sights)

    @property
    def minutes(self) -> int:
        """Whole minutes, at the vendor's limit."""
        return max(1, ceil(self.requests / self.limit)) if self.limit else max(1, ceil(self.requests / 60))


def look_ahead(source: Source) -> Preview:
    """One look at every collection; raises PublicError when the account is refused or the vendor is busy.

    A collection that is refused by itself is told beside it.
    """
    traffic = BriefTraffic()
    with source.connector.open(source.credentials or {}, traffic) as client:
        sights = [_sight(source, stream, client) for stream in source.connector.streams]
    return Preview(sights, traffic.limit)


def _sight(source: Source, stream: Stream, client: Any) -> Sight:
    ticked = stream.collection not in source.collections_off
    try:
        glimpse = stream.peek(client)
    except TransientError:
        raise
    except PublicError as error:
        if error.code == "credentials_rejected":
            raise
        return Sight(stream, False, None, 0, (), (), error.message)
    requests = ceil((glimpse.total or 0) / stream.per_page) or 1
    columns, rows = _sample(glimpse)
    return Sight(stream, ticked, glimpse.total, requests, columns, rows)


def _sample(glimpse: Glimpse) -> tuple[list[str], list[list[Any]]]:
    layout = Layout({})
    rows = [layout.row(record.body) for record in glimpse.records]
    names = ["id", *[column.name for column in layout.columns[:SHOWN]]]
    width = len(names) - 1
    cells = [
        [record.id, *row[:width], *[None] * (width - len(row))]
        for record, row in zip(glimpse.records, rows, strict=True)
    ]
    return names, cells
