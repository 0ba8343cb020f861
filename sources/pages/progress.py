"""How far a sync has come with each collection, for every page that shows a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sources.models import SourceSync
from sources.pages.frame import address
from sources.sync import COUNTED
from workspace.runs import Run

REMEDIES = {
    "credentials_rejected": ("settings", "connection", "Enter new credentials"),
    "no_credentials": ("settings", "connection", "Connect the source"),
    "forbidden": ("settings", "collections", "Choose collections"),
    "deletions_held": ("collection", "", "Look at the held deletions"),
    "quarantined": ("collection", "", "Look at the quarantine"),
}
"""Code of a notice → the page that helps, its part (empty: the notice's collection), the words of the link."""


@dataclass(frozen=True)
class Progress:
    """One collection in a run. `state` is a key of `workspace.looks.LOOKS`; `counts` as the sync keeps them."""

    collection: str
    label: str
    state: str
    counts: dict[str, Any]

    @property
    def total(self) -> int:
        """How many objects there are to read, as far as is known."""
        return max(self.counts.get("total") or 0, self._read)

    @property
    def percent(self) -> int:
        """How much of them has been read."""
        return 100 * self._read // self.total if self.total else 0

    @property
    def _read(self) -> int:
        return self.counts.get("read") or 0


def progress_of(run: SourceSync) -> list[Progress]:
    """Every collection of the run in the order of reading, those that wait for their turn too."""
    wanted = run.only or [stream.collection for stream in run.source.streams()]
    return [
        Progress(stream.collection, stream.label, _state(run, counts), counts or dict.fromkeys(COUNTED))
        for stream in run.source.connector.streams
        if (counts := run.counts.get(stream.collection, {})) or stream.collection in wanted
    ]


def notices_of(run: SourceSync) -> list[dict[str, Any]]:
    """The run's notices, each with the page that helps where there is one."""
    return [{**notice, **_remedy(run, notice)} for notice in run.notices]


def _remedy(run: SourceSync, notice: dict[str, Any]) -> dict[str, str]:
    page, part, label = REMEDIES.get(notice["code"], ("", "", ""))
    if not page or not (part or notice["collection"]):
        return {}
    return {"url": address(run.source, page, part or notice["collection"]), "label": label}


def _state(run: SourceSync, counts: dict[str, Any]) -> str:
    if counts.get("error"):
        return "failed"
    if counts.get("ended"):
        return "success"
    if run.active:
        return "running" if counts else "queued"
    return "cancelled" if run.status == Run.Status.CANCELLED else "skipped"
