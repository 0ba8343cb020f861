"""Which warehouse syncs start now: by the plan's interval, at chosen hours, or right after a source sync.

`Warehouse.schedule` is one of

    {}                       as the plan says, from the moment the warehouse was made on
    {"hours": [6, 18]}       at these full hours in the workspace's time zone (plans with hourly slots)
    {"minutes": 15}          every so many minutes (plans whose interval allows it)
    {"after_sync": true}     right after each source sync that changed something (likewise)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from warehouses.models import Connection, Warehouse, WarehouseSync
from workspace.errors import ConfigError
from workspace.models import User, Workspace
from workspace.runs import Run, orphans, queue

Enqueue = Callable[[Any], None]
BATCH = 500


def validate_schedule(schedule: dict[str, Any], workspace: Workspace) -> None:
    """Raises ConfigError(code="schedule") when the plan does not allow this schedule or it makes no sense."""
    plan = workspace.allowance
    hours, minutes = schedule.get("hours"), schedule.get("minutes")
    if hours is not None and not (hours and all(type(h) is int and 0 <= h <= 23 for h in hours)):
        raise ConfigError("Hours are numbers from 0 to 23, at least one of them.", code="schedule")
    slots = 86_400 // plan["every"]
    if hours is not None and len(set(hours)) > max(slots, plan.get("hours", 0)):
        raise ConfigError(f"The {plan['label']} plan allows {slots} syncs a day.", code="schedule")
    if minutes is not None and (type(minutes) is not int or not 60 <= minutes * 60 <= 86_400):
        raise ConfigError("Minutes are a whole number from 1 to 1,440.", code="schedule")
    if minutes is not None and minutes * 60 < plan["every"]:
        raise ConfigError(
            f"The {plan['label']} plan syncs every {plan['every'] // 60} minutes.", code="schedule"
        )
    if schedule.get("after_sync") and plan["every"] > 3_600 / 2:
        raise ConfigError(f"The {plan['label']} plan does not sync after each source sync.", code="schedule")


def next_time(warehouse: Warehouse, now: datetime) -> datetime | None:
    """When the next scheduled sync is due after `now`; None when it only follows source syncs."""
    schedule = warehouse.schedule
    if schedule.get("after_sync"):
        return None
    if hours := schedule.get("hours"):
        return _next_hour(hours, warehouse.workspace, now)
    plan = int(warehouse.workspace.allowance["every"])
    every = timedelta(
        seconds=max(plan, schedule["minutes"] * 60 if "minutes" in schedule else _default(plan))
    )
    planned = warehouse.next_sync_at or warehouse.created_at
    return planned + every * (max(0, (now - planned) // every) + 1)


def start_due(enqueue: Enqueue, now: datetime | None = None) -> int:
    """Start a sync of every enabled connection of each warehouse that is due; returns how many runs started.

    Safe to run in several places at once. A connection whose last sync still works gets a run marked as skipped.
    """
    now = now or timezone.now()
    started = 0
    while (due := _claim_due(enqueue, now)) is not None:
        started += due
    return started


def start_after_sync(schema_id: int, enqueue: Enqueue, *, first: bool = False) -> None:
    """Start the connections of this schema whose warehouse follows each source sync, and those never filled before.

    After the source's `first` sync that is all of them, whatever the plan's interval.
    """
    connections = Connection.objects.filter(schema_id=schema_id, enabled=True, warehouse__enabled=True)
    if not first:
        connections = connections.filter(Q(warehouse__schedule__after_sync=True) | Q(syncs=None))
    trigger = Run.Trigger.SETUP if first else Run.Trigger.SCHEDULE
    for connection in connections.select_related("warehouse"):
        _enqueue_later(enqueue, request_sync(connection, trigger))


def start_again(enqueue: Enqueue) -> int:
    """Start the runs that were asked for while one worked that has ended since; returns how many."""
    with transaction.atomic():
        ended = list(
            WarehouseSync.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("connection__warehouse")
            .exclude(again="")
            .exclude(status__in=Run.ACTIVE)
            .order_by("queued_at")[:BATCH]
        )
        for run in ended:
            if run.status != Run.Status.CANCELLED and run.connection.enabled:
                _enqueue_later(enqueue, request_sync(run.connection, run.again))
        WarehouseSync.objects.filter(pk__in=[run.pk for run in ended]).update(again="")
    return len(ended)


def nudge_orphans(enqueue: Enqueue, model: type[Run] = WarehouseSync) -> int:
    """Send a message again for runs that nobody works on."""
    lost = orphans(model)
    for run_id in lost:
        enqueue(run_id)
    return len(lost)


def request_sync(
    connection: Connection, trigger: str = Run.Trigger.MANUAL, *, by: User | None = None
) -> WarehouseSync:
    """A queued sync of this connection, or the one that is already under way; `by` is who asked for it.

    One that works already may have looked at the Hub before what it is asked for came: another follows it.
    """
    fields = {"trigger": trigger, "started_by": by, "workspace_id": connection.warehouse.workspace_id}
    while True:
        run = queue(WarehouseSync, {"connection": connection}, **fields)
        working = WarehouseSync.objects.filter(pk=run.pk, status=Run.Status.RUNNING)
        if run.status == Run.Status.QUEUED or working.update(again=trigger):
            return run  # else it has ended just now


def _enqueue_later(enqueue: Enqueue, run: WarehouseSync) -> None:
    transaction.on_commit(lambda: enqueue(run.pk))


def _default(plan_seconds: int) -> int:
    """Plans measured in minutes sync every quarter of an hour unless told otherwise."""
    return plan_seconds if plan_seconds >= 3_600 else 900


def _next_hour(hours: list[int], workspace: Workspace, now: datetime) -> datetime:
    """The next of these local hours; one that the clocks skip is taken at the hour they skip to."""
    today = now.astimezone(workspace.zone).date()
    slots = [
        datetime(day.year, day.month, day.day, hour, tzinfo=workspace.zone).astimezone(UTC)
        for day in (today, today + timedelta(days=1))
        for hour in sorted(set(hours))
    ]
    return next(slot for slot in slots if slot > now)


def _claim_due(enqueue: Enqueue, now: datetime) -> int | None:
    with transaction.atomic():
        due = list(
            Warehouse.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("workspace")
            .filter(enabled=True, next_sync_at__lte=now, workspace__closing_at=None)
            .order_by("next_sync_at")[:BATCH]
        )
        if not due:
            return None
        for warehouse in due:
            warehouse.next_sync_at = next_time(warehouse, now)
        Warehouse.objects.bulk_update(due, ["next_sync_at"])
        runs = _runs_for(due, now)
        WarehouseSync.objects.bulk_create(runs, ignore_conflicts=True)
        queued = [run.pk for run in runs if run.status == Run.Status.QUEUED]
        transaction.on_commit(lambda: [enqueue(pk) for pk in queued])  # type: ignore[func-returns-value]
    return len(queued)


def _runs_for(due: list[Warehouse], now: datetime) -> list[WarehouseSync]:
    known = {warehouse.pk: warehouse for warehouse in due}
    connections = list(Connection.objects.filter(warehouse__in=due, enabled=True))
    for connection in connections:
        connection.warehouse = known[connection.warehouse_id]
    working = set(
        WarehouseSync.objects.filter(connection__in=connections, status__in=Run.ACTIVE).values_list(
            "connection_id", flat=True
        )
    )
    runs = [WarehouseSync(connection=c, workspace_id=c.warehouse.workspace_id) for c in connections]
    return [_skip(run, now) if run.connection_id in working else run for run in runs]


def _skip(run: WarehouseSync, now: datetime) -> WarehouseSync:
    run.status, run.finished_at = Run.Status.SKIPPED, now
    run.notice("info", "skipped", "The sync before it was still at work; this slot was skipped.")
    return run
