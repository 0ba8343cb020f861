"""How far each connection is behind the Hub, in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from prometheus_client.core import Metric

from warehouses.models import Connection, WarehouseSync, Watermark
from warehouses.schedule import longest_gap
from workspace.hub import store
from workspace.hub.models import Collection
from workspace.monitoring.freshness import Freshness
from workspace.monitoring.metrics import gauge
from workspace.runs import Run
from workspace.signals import freshness_asked, measuring

SOUND = (Run.Status.SUCCESS, Run.Status.PARTIAL)


def lags(now: datetime | None = None) -> dict[Connection, timedelta]:
    """For every enabled connection how long the oldest change has waited that is not in the warehouse yet.

    Rows that a backfill writes again were there before: they wait since the last sound sync, not since they came.
    """
    now = now or timezone.now()
    connections: dict[int, Any] = {connection.pk: connection for connection in _connections()}
    waits = dict.fromkeys(connections, now)
    for connection_id, version in _oldest(list(connections.values())).items():
        found = connections[connection_id]
        came = datetime.fromtimestamp(version / 1_000_000, UTC)
        waits[connection_id] = max(came, found.created_at, found.sound or came)
    return {connections[pk]: max(now - since, timedelta()) for pk, since in waits.items()}


def _connections() -> Iterable[Connection]:
    ended = WarehouseSync.objects.filter(connection=OuterRef("pk"), status__in=SOUND)
    enabled = Connection.objects.filter(
        enabled=True, warehouse__enabled=True, warehouse__workspace__closing_at=None
    )
    sound = Subquery(ended.order_by("-queued_at", "-pk").values("started_at")[:1])
    return enabled.select_related("warehouse__workspace", "schema__source").annotate(sound=sound)


def _oldest(connections: list[Connection]) -> dict[int, int]:
    """By connection the first version that is not in the warehouse; those that lack nothing are left out."""
    marks = Watermark.objects.filter(connection__in=connections).values_list(
        "connection_id", "collection_id", "version"
    )
    flushed = {(connection, collection): version for connection, collection, version in marks}
    schemas: dict[int, list[Collection]] = {}
    for collection in Collection.objects.filter(schema__in={c.schema_id for c in connections}):
        schemas.setdefault(collection.schema_id, []).append(collection)
    behind = [
        (connection.pk, collection.pk, flushed.get((connection.pk, collection.pk), 0))
        for connection in connections
        for collection in schemas.get(connection.schema_id, [])
        if collection.name not in connection.collections_off
        and collection.version > flushed.get((connection.pk, collection.pk), 0)
    ]
    oldest: dict[int, int] = {}
    versions = store.next_versions([(collection, after) for _, collection, after in behind])
    for (connection_id, _, _), version in zip(behind, versions, strict=True):
        if version is not None:
            oldest[connection_id] = min(version, oldest.get(connection_id, version))
    return oldest


@receiver(freshness_asked)
def tell_freshness(**kwargs: object) -> list[Freshness]:
    """The lag of each connection, and the time between two flushes."""
    return [
        Freshness(
            "warehouse",
            connection,
            connection.warehouse.workspace,
            reverse("warehouses:history", args=_address(connection)),
            lag,
            longest_gap(connection.warehouse),
        )
        for connection, lag in lags().items()
    ]


@receiver(measuring)
def measure(**kwargs: object) -> list[Metric]:
    """The lag of each connection."""
    values = [
        ([c.warehouse.workspace.slug, c.schema.source.slug, c.warehouse.slug], lag.total_seconds())
        for c, lag in lags().items()
    ]
    what = "How long the oldest change has waited that is not in the warehouse yet."
    return [gauge("lag_seconds", what, ["workspace", "source", "warehouse"], values)]


def _address(connection: Connection) -> list[str]:
    warehouse = connection.warehouse
    return [warehouse.workspace.slug, warehouse.slug, connection.schema.source.slug]
