"""A vendor made to order: what a test puts into its pages is what a sync reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django import forms

from sources.connectors.base import Account, Client, Connector, Cursor, Page, Record, Stream, Traffic
from sources.models import Source, SourceSync
from sources.schedule import request_sync
from sources.sync import run_slice

Pages = Callable[[Client, Cursor], Iterator[Page]]


class Line(Client):
    """A client that needs no line."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic


class Things(Stream):
    """The feed's collection; `script` gives the pages of a run."""

    collection = "things"
    label = "Things"

    def __init__(self) -> None:
        self.script: Pages = lambda client, cursor: iter(())

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """As the test says."""
        return self.script(client, cursor)


class Feed(Connector):
    """A connector of one collection."""

    kind = name = "feed"
    category = summary = ""
    sample = "things"
    SettingsForm = forms.Form

    def __init__(self) -> None:
        self.things = Things()
        self.streams = (self.things,)  # type: ignore[misc]  # one of its own for each test

    def check(self, settings: Mapping[str, Any], traffic: Traffic) -> Account:
        """Everybody is welcome."""
        return Account("feed")

    def open(self, settings: Mapping[str, Any], traffic: Traffic) -> AbstractContextManager[Client]:
        """Nothing to open."""
        return nullcontext(Line(traffic))

    def gives(self, *pages: Page) -> None:
        """These pages to every run from now on."""
        self.things.script = lambda client, cursor: iter(pages)


def record(object_id: str, **body: Any) -> Record:
    """An object without a time of change."""
    return Record(object_id, None, {"id": object_id, **body})


def whole(records: Sequence[Record], **more: Any) -> Page:
    """A read of everything in one page."""
    return Page(records, {}, **{"full": True, "begins": True, "ends": True, "complete": True, **more})


def read(source: Source, **options: Any) -> SourceSync:
    """One sync to its end."""
    run = request_sync(source, **options)
    while not run_slice(run.pk):
        pass
    run.refresh_from_db()
    return run
