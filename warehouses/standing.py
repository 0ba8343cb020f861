"""How connections and warehouses stand: the newest sync of each, found by key however long the history is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from warehouses.models import Connection, Warehouse, WarehouseSync, Watermark
from workspace.runs import Run
from workspace.standing import standing

PRESSING = ("running", "rate_limited", "retrying", "late", "queued", "failed", "partial")
"""What a warehouse says of itself when its connections differ, the most pressing first."""


@dataclass
class Progress:
    """How far a sync under way has come: `done` out of `whole`, and the collection it is at."""

    done: int = 0
    whole: int = 0
    collection: str = ""


@dataclass
class Standing:
    """A connection with its newest sync: the one at work if there is one."""

    connection: Connection
    sync: WarehouseSync | None
    state: str
    progress: Progress | None = None


def stand(connections: Iterable[Connection]) -> list[Standing]:
    """Each connection as it stands now, with the progress of what is at work. Three queries for any number."""
    connections = list(connections)
    newest = _newest(connections)
    standings = [_standing(connection, newest.get(connection.pk)) for connection in connections]
    _add_progress(standings)
    return standings


def state_of_warehouse(warehouse: Warehouse, standings: Sequence[Standing]) -> str:
    """One word for a warehouse: the most pressing of its connections', or that of its latest sync."""
    if not warehouse.enabled:
        return "disabled"
    states = {line.state for line in standings}
    for state in PRESSING:
        if state in states:
            return state
    latest = latest_sync(standings)
    return standing("enabled", warehouse.next_sync_at, latest)


def latest_sync(standings: Iterable[Standing]) -> WarehouseSync | None:
    """The newest sync of several connections."""
    syncs = [line.sync for line in standings if line.sync]
    return max(syncs, key=lambda sync: sync.queued_at, default=None)


def progress_of(sync: WarehouseSync, marks: dict[str, int]) -> Progress | None:
    """How far a sync has come by the watermarks of its collections; None before it has looked what is pending."""
    if not sync.active or not sync.counts:
        return None
    progress = Progress()
    for name, span in sync.counts.items():
        whole = span["until"] - span["from"]
        done = min(max(marks.get(name, 0) - span["from"], 0), whole)
        progress.whole, progress.done = progress.whole + whole, progress.done + done
        if done < whole and not progress.collection:
            progress.collection = name
    return progress


def _newest(connections: list[Connection]) -> dict[int, WarehouseSync]:
    syncs = WarehouseSync.objects.defer("log")
    latest = (
        WarehouseSync.objects.filter(connection=OuterRef("pk")).order_by("-queued_at", "-id").values("pk")
    )
    ids = Connection.objects.filter(pk__in=[c.pk for c in connections]).annotate(latest=Subquery(latest[:1]))
    newest = {
        sync.connection_id: sync for sync in syncs.filter(pk__in=list(ids.values_list("latest", flat=True)))
    }
    # A slot that was skipped is younger than the sync that made it be skipped.
    active = syncs.filter(connection__in=connections, status__in=Run.ACTIVE)
    return newest | {sync.connection_id: sync for sync in active}


def _standing(connection: Connection, sync: WarehouseSync | None) -> Standing:
    warehouse = connection.warehouse
    switch = "enabled" if connection.enabled and warehouse.enabled else "disabled"
    return Standing(connection, sync, standing(switch, warehouse.next_sync_at, sync))


def _add_progress(standings: list[Standing]) -> None:
    at_work = [line for line in standings if line.sync and line.sync.active and line.sync.counts]
    marks: dict[int, dict[str, int]] = {}
    if at_work:
        found: Any = Watermark.objects.filter(connection__in=[line.connection for line in at_work])
        for connection_id, name, version in found.values_list("connection_id", "collection__name", "version"):
            marks.setdefault(connection_id, {})[name] = version
    for line in at_work:
        if line.sync:
            line.progress = progress_of(line.sync, marks.get(line.connection.pk, {}))
