"""What a warehouse gets when our database came back from a backup.

Its rows are newer than the Hub, with versions the Hub knows nothing of, and the guard of the merge keeps them. So
versions go on above the highest in each table (`overtake`), all sources are read whole, and when that has been flushed
a comparison writes again whatever is not as in the Hub. Before, a repair would set rows back to the backup's state.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.dispatch import receiver
from django.utils import timezone

from warehouses.comparisons import Enqueue, request_comparison
from warehouses.engines.base import Session
from warehouses.models import Connection
from warehouses.schedule import request_sync
from workspace.hub import store
from workspace.hub.models import Collection
from workspace.runs import Run
from workspace.signals import database_restored

SOUND = (Run.Status.SUCCESS, Run.Status.PARTIAL)
AHEAD = timedelta(days=1)
"""Versions are a clock: one that is further ahead was not made by us, and nothing shall go on above it."""


@receiver(database_restored)
def repair_later(**kwargs: Any) -> None:
    """Remember for every connection that it is to be repaired."""
    Connection.objects.update(restored_at=timezone.now())


def repair_restored(enqueue: Enqueue) -> int:
    """Start the repair of every connection for which the time has come, and until then flush; returns how many."""
    started = 0
    alive = Q(enabled=True, warehouse__enabled=True, warehouse__workspace__closing_at=None)
    for connection in Connection.objects.filter(alive, restored_at__isnull=False).select_related("warehouse"):
        with transaction.atomic():
            if not (read := _read_whole_at(connection)):
                continue
            flushed = connection.syncs.filter(status__in=SOUND, started_at__gt=read).exists()
            if flushed:
                request_comparison(connection, repair=True, trigger=Run.Trigger.SCHEDULE)
                Connection.objects.filter(pk=connection.pk).update(restored_at=None)
                started += 1
            elif not connection.syncs.filter(queued_at__gt=read).exists():
                run = request_sync(connection, Run.Trigger.SCHEDULE)
                transaction.on_commit(lambda pk=run.pk: enqueue(pk))  # type: ignore[misc]
    return started


def overtake(session: Session, connection: Connection, tables: list[tuple[Collection, str]]) -> None:
    """Let versions of these collections go on above the highest of their tables."""
    limit = int((timezone.now() + AHEAD).timestamp() * 1_000_000)
    for collection, table in tables:
        newest = session.newest(connection.schema.name, table, limit)
        if newest is not None:
            with transaction.atomic():
                store.go_on_above(collection, newest)


def _read_whole_at(connection: Connection) -> Any:
    """When the last of the collections had been read whole since the restore; None while any has not."""
    source = getattr(connection.schema, "source", None)
    names = {stream.collection for stream in source.streams()} if source else set()
    wanted = Collection.objects.filter(schema=connection.schema_id, name__in=names)
    wanted = wanted.exclude(name__in=connection.collections_off)
    if wanted.filter(Q(full_read_at=None) | Q(full_read_at__lte=connection.restored_at)).exists():
        return None
    return wanted.aggregate(last=Max("full_read_at"))["last"]
