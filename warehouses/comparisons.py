"""When comparisons start: once a day for every connection, each at its own moment, and when somebody asks for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from warehouses.models import Comparison, Connection
from workspace.celery import nudge
from workspace.models import User
from workspace.runs import Run, queue

TASK = "warehouses.compare"
EVERY = timedelta(days=1)
BATCH = 500
Enqueue = Callable[[Any], None]


def request_comparison(
    connection: Connection, repair: bool = False, trigger: str = Run.Trigger.MANUAL, *, by: User | None = None
) -> Comparison:
    """Have a connection compared with the Hub, and repaired if wanted, by a worker; `by` is who asked for it.

    Joins a comparison that is under way; wanting the repair is enough for it to repair also what it has found before.
    """
    run = queue_comparison(connection, trigger, repair=repair, by=by)
    transaction.on_commit(lambda: enqueue(run.pk))
    return run


def enqueue(run_id: Any) -> None:
    """Nudge a worker to look at this comparison."""
    nudge(TASK, run_id)


def queue_comparison(
    connection: Connection, trigger: str = Run.Trigger.MANUAL, *, repair: bool = False, by: User | None = None
) -> Comparison:
    """The comparison of this connection that is under way, or a queued one for whoever runs it."""
    owner = {"connection": connection}
    fields = {"trigger": trigger, "started_by": by, "workspace_id": connection.warehouse.workspace_id}
    while True:
        run = queue(Comparison, owner, repair=repair, **fields)
        under_way = Comparison.objects.filter(pk=run.pk, status__in=Run.ACTIVE)
        if run.repair or not repair or under_way.update(repair=True):
            return run  # else it has ended just now


def start_due(enqueue: Enqueue, now: datetime | None = None) -> int:
    """Start the comparison of every connection that is due; returns how many. Safe to run in several places at once."""
    now = now or timezone.now()
    started = 0
    while due := _claim_due(enqueue, now):
        started += due
    return started


def _claim_due(enqueue: Enqueue, now: datetime) -> int:
    with transaction.atomic():
        due = list(
            Connection.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("warehouse")
            .filter(
                enabled=True,
                warehouse__enabled=True,
                warehouse__workspace__closing_at=None,
                compare_at__lte=now,
            )
            .order_by("compare_at")[:BATCH]
        )
        for connection in due:
            connection.compare_at += EVERY * ((now - connection.compare_at) // EVERY + 1)
        Connection.objects.bulk_update(due, ["compare_at"])
        runs = [Comparison(connection=c, workspace_id=c.warehouse.workspace_id) for c in due]
        # One that is under way stays the only one; the message about the other finds no run.
        Comparison.objects.bulk_create(runs, ignore_conflicts=True)
        transaction.on_commit(lambda: [enqueue(run.pk) for run in runs])  # type: ignore[func-returns-value]
    return len(due)
