"""Erasing in warehouses what the Hub has forgotten for good: rows, and what comparisons have said of them.

Each sync of a connection first deletes what is still asked of it, whatever its selection turns off, and notes that it
has; rows that a sync before it brought from a Hub that still had them go as well. A row that turns up later all the
same, after a restore of the warehouse or in old tables that are connected again, is met by the daily comparison, which
knows it by its digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from warehouses.engines.base import Session
from warehouses.models import Comparison, Connection, Removal, WarehouseSync
from warehouses.schedule import LEFT_BEHIND, request_sync
from workspace.alerts.models import Alert
from workspace.errors import ConfigError
from workspace.hub.erasure import ids_of, suppression_of
from workspace.hub.models import Erasure
from workspace.runs import Lease, Run, fence_off

STEP = 5_000
"""Rows deleted in one transaction."""
HIDDEN = "(erased)"
OPEN = Q(erased_at__isnull=False, ended_at=None)
"""Erasures that the Hub is through with, and some warehouse not."""


def wanted_of(connection: Connection) -> list[Erasure]:
    """What is still to be erased over this connection."""
    return list(_owed_by(connection).filter(OPEN).order_by("asked_at"))


def is_under_way(connection: Connection) -> bool:
    """Whether the Hub lacks objects on purpose whose rows may still be here."""
    return _owed_by(connection).exists()


def erase(
    session: Session, connection: Connection, erasure: Erasure, run: WarehouseSync, lease: Lease
) -> None:
    """Delete the rows of an erasure and note it; a warehouse that refuses is asked again by the next sync."""
    try:
        tables = session.describe(connection.schema.name)
        rows = sum(
            _delete(session, connection.schema.name, collection, ids, lease)
            for collection, ids in ids_of(erasure).items()
            if "id" in tables.get(collection, {})
        )
    except ConfigError as error:
        if session.lost:
            raise
        session.rollback()
        message = f"Rows of erased objects could not be deleted. {error.message}"
        run.notice("error", error.code, message, action=error.action)
        return
    run.say(f"{rows:,} rows of erased objects were deleted.")
    with transaction.atomic():
        lease.commit_point(log=run.log)
        Removal.objects.get_or_create(connection=connection, erasure=erasure, defaults={"rows": rows})
    settle()


def erase_again(session: Session, connection: Connection, table: str, ids: list[str]) -> list[str]:
    """Delete those of the rows that were erased before; returns the others."""
    suppression = suppression_of(connection.schema_id) if ids else None
    if suppression is None:
        return ids
    erased = [id_ for id_ in ids if suppression.covers(table, id_)]
    if erased:
        session.erase(connection.schema.name, table, erased)
    return [id_ for id_ in ids if id_ not in set(erased)]


def settle() -> None:
    """Forget the ids of erasures that nobody needs any more: every connection there is has done its part."""
    done = Removal.objects.filter(erasure=OuterRef(OuterRef("pk")), connection=OuterRef("pk"))
    behind = Connection.objects.filter(~Exists(done), schema=OuterRef("schema"))
    Erasure.objects.filter(OPEN, ~Exists(behind)).update(sealed=None, ended_at=timezone.now())


def start_waiting(enqueue: Callable[[Any], None], at_once: Erasure | None = None) -> None:
    """Sync the connections of one erasure, or all that have something to erase and have not tried for an hour."""
    if not Erasure.objects.filter(OPEN).exists():
        return
    for connection in _behind(at_once):
        with transaction.atomic():
            run = request_sync(connection, Run.Trigger.SCHEDULE)
            transaction.on_commit(lambda pk=run.pk: enqueue(pk))  # type: ignore[misc]


def forget_findings(schema_id: int, ids: dict[str, list[str]]) -> None:
    """Take these ids out of what comparisons have found; one that is under way begins its turn anew."""
    found = Comparison.objects.filter(connection__schema=schema_id)
    fence_off(found, nudged_at=timezone.now())
    gone = {collection: set(some) for collection, some in ids.items()}
    hidden: dict[int, set[str]] = {}
    for comparison in found.exclude(findings=[]).only("connection_id", "findings", "notices").iterator():
        names = _hide(comparison, gone)
        hidden.setdefault(comparison.connection_id, set()).update(names)
    for connection_id, names in hidden.items():
        for alert in Alert.objects.filter(cause=f"warehouse/{connection_id}/rows") if names else ():
            alert.text = _without(alert.text, names)
            alert.save(update_fields=["text"])


def _owed_by(connection: Connection) -> QuerySet[Erasure]:
    """Erasures that are not through and of which this connection has not noted its part."""
    open_ = Erasure.objects.filter(schema=connection.schema_id, ended_at=None)
    return open_.exclude(removals__connection=connection)


def _delete(session: Session, schema: str, collection: str, ids: list[str], lease: Lease) -> int:
    rows = 0
    for start in range(0, len(ids), STEP):
        lease.check()
        rows += session.erase(schema, collection, ids[start : start + STEP])
        session.commit()
    return rows


def _behind(erasure: Erasure | None) -> QuerySet[Connection]:
    alive = Q(enabled=True, warehouse__enabled=True, warehouse__workspace__closing_at=None)
    connections = Connection.objects.filter(alive).select_related("warehouse")
    if erasure is not None:
        return connections.filter(schema=erasure.schema_id)
    done = Removal.objects.filter(erasure=OuterRef("pk"), connection=OuterRef(OuterRef("pk")))
    wanted = Erasure.objects.filter(OPEN, ~Exists(done), schema=OuterRef("schema"))
    recent = WarehouseSync.objects.filter(
        connection=OuterRef("pk"), queued_at__gt=timezone.now() - LEFT_BEHIND
    )
    return connections.filter(Exists(wanted), ~Exists(recent))


def _hide(comparison: Comparison, gone: dict[str, set[str]]) -> set[str]:
    """Save the comparison without these ids; returns those that it had named."""
    named: set[str] = set()
    for finding in comparison.findings:
        erased = gone.get(finding["collection"], set())
        for key in ("differing_ids", "surplus_ids"):
            named |= erased & set(finding[key])
            finding[key] = [HIDDEN if id_ in erased else id_ for id_ in finding[key]]
    if named:
        for notice in comparison.notices:
            notice["message"] = _without(notice["message"], named)
        comparison.save(update_fields=["findings", "notices"])
    return named


def _without(sentence: str, names: Collection[str]) -> str:
    """A sentence that names ids after a colon, without these."""
    head, colon, tail = sentence.partition(": ")
    for name in names:
        tail = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", HIDDEN, tail)
    return f"{head}{colon}{tail}"
