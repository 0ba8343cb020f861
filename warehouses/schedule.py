"""Which warehouse syncs start now: by the plan's interval, at chosen hours, or right after a source sync.

`Warehouse.schedule` is one of

    {}                       as the plan says, from the moment the warehouse was made on
    {"hours": [6, 18]}       at these full hours in the workspace's time zone (plans with hourly slots)
    {"minutes": 15}          every so many minutes (plans whose interval allows it)
    {"after_sync": true}     right after each source sync that changed something (likewise)

A run that fails by what may pass is tried again a few times before its next slot, later with each attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from warehouses.models import Connection, Warehouse, WarehouseSync
from warehouses.watermarks import waiting
from workspace.errors import ConfigError
from workspace.models import User, Workspace
from workspace.runs import Run, orphans, queue

log = logging.getLogger(__name__)

Enqueue = Callable[[Any], None]
BATCH = 500
RETRY_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 60, 60)]
"""When a run that was cut short by what may pass is tried again, one after the other."""
LEFT_BEHIND = timedelta(hours=1)
"""How long changes wait for the next source sync before they are flushed without one."""


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


def allowed(warehouse: Warehouse) -> dict[str, Any]:
    """The schedule chosen, or the plan's own when the plan no longer allows it."""
    try:
        validate_schedule(warehouse.schedule, warehouse.workspace)
    except ConfigError:
        return {}
    return dict(warehouse.schedule)


def next_time(warehouse: Warehouse, now: datetime) -> datetime | None:
    """When the next scheduled sync is due after `now`; None when it only follows source syncs."""
    schedule = allowed(warehouse)
    if schedule.get("after_sync"):
        return None
    if hours := schedule.get("hours"):
        return _next_hour(hours, warehouse.workspace, now)
    plan = int(warehouse.workspace.allowance["every"])
    every = _interval(schedule, plan)
    planned = warehouse.next_sync_at or warehouse.created_at
    return planned + every * (max(0, (now - planned) // every) + 1)


def longest_gap(warehouse: Warehouse) -> timedelta:
    """The longest time between two syncs as scheduled; changes wait an hour for a source sync at the most."""
    schedule, plan = allowed(warehouse), int(warehouse.workspace.allowance["every"])
    if schedule.get("after_sync"):
        return LEFT_BEHIND
    if hours := sorted(set(schedule.get("hours") or [])):
        return timedelta(
            hours=max(later - hour for hour, later in zip(hours, [*hours[1:], hours[0] + 24], strict=True))
        )
    return _interval(schedule, plan)


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
    alive = Connection.objects.filter(schema__workspace__closing_at=None)
    connections = alive.filter(schema_id=schema_id, enabled=True, warehouse__enabled=True)
    trigger = Run.Trigger.SETUP if first else Run.Trigger.SCHEDULE
    empty = ~Exists(WarehouseSync.objects.filter(connection=OuterRef("pk")))
    for connection in connections.select_related("warehouse__workspace").annotate(empty=empty):
        if first or connection.empty or allowed(connection.warehouse).get("after_sync"):
            _enqueue_later(enqueue, request_sync(connection, trigger))


def start_again(enqueue: Enqueue, now: datetime | None = None) -> int:
    """Start the runs that are to follow one that has ended; returns how many were looked at.

    They were asked for while it worked, or it was cut short by what may pass by now.
    """
    now = now or timezone.now()
    with transaction.atomic():
        ended = list(
            WarehouseSync.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("connection__warehouse", "workspace")
            .exclude(again="")
            .exclude(status__in=Run.ACTIVE)
            .filter(Q(again_at=None) | Q(again_at__lte=now))
            .order_by("queued_at")[:BATCH]
        )
        for run in ended:
            if _is_to_follow(run):
                attempt = run.attempt + 1 if run.again_at else 0
                _enqueue_later(enqueue, request_sync(run.connection, run.again, attempt=attempt))
        WarehouseSync.objects.filter(pk__in=[run.pk for run in ended]).update(again="", again_at=None)
    return len(ended)


def retry_later(run: WarehouseSync) -> None:
    """Have a run that has just ended followed by another one, later with each attempt; in the caller's transaction.

    After the last of them the schedule has to do. One that was asked for already comes at once.
    """
    if run.attempt < len(RETRY_AFTER):
        at = timezone.now() + RETRY_AFTER[run.attempt]
        alone = WarehouseSync.objects.filter(pk=run.pk, again="")
        alone.update(again=Run.Trigger.SCHEDULE, again_at=at)


def start_left_behind(enqueue: Enqueue, now: datetime | None = None) -> int:
    """Start connections that only follow source syncs and have waited for an hour with changes; returns how many.

    A flush that failed has nobody else who would try again while nothing changes at the source. Warehouses whose plan
    no longer lets them follow get a slot instead.
    """
    now = now or timezone.now()
    recent = WarehouseSync.objects.filter(connection=OuterRef("pk"), queued_at__gt=now - LEFT_BEHIND)
    quiet = Connection.objects.filter(
        ~Exists(recent), enabled=True, warehouse__enabled=True, warehouse__schedule__after_sync=True
    )
    started = 0
    for connection in waiting(quiet.filter(warehouse__workspace__closing_at=None)):
        if allowed(connection.warehouse) != connection.warehouse.schedule:
            slot = next_time(connection.warehouse, now)
            Warehouse.objects.filter(pk=connection.warehouse_id, next_sync_at=None).update(next_sync_at=slot)
            continue
        with transaction.atomic():
            _enqueue_later(enqueue, request_sync(connection, Run.Trigger.SCHEDULE))
        started += 1
    return started


def nudge_orphans(enqueue: Enqueue, model: type[Run] = WarehouseSync) -> int:
    """Send a message again for runs that nobody works on."""
    lost = orphans(model)
    for run_id in lost:
        enqueue(run_id)
    return len(lost)


def request_sync(
    connection: Connection, trigger: str = Run.Trigger.MANUAL, *, by: User | None = None, attempt: int = 0
) -> WarehouseSync:
    """A queued sync of this connection, or the one that is already under way; `by` is who asked for it.

    One that works already may have looked at the Hub before what it is asked for came: another follows it.
    """
    workspace_id = connection.warehouse.workspace_id
    fields = {"trigger": trigger, "started_by": by, "workspace_id": workspace_id, "attempt": attempt}
    while True:
        run = queue(WarehouseSync, {"connection": connection}, **fields)
        working = WarehouseSync.objects.filter(pk=run.pk, status=Run.Status.RUNNING)
        if run.status == Run.Status.QUEUED or working.update(again=trigger, again_at=None):
            return run  # else it has ended just now


def _is_to_follow(run: WarehouseSync) -> bool:
    """Whether the run wanted after this one is still wanted; one that is tried again only if no other has come."""
    connection = run.connection
    off = run.workspace.closing_at or not (connection.enabled and connection.warehouse.enabled)
    if off or run.status == Run.Status.CANCELLED:
        return False
    newer = connection.syncs.filter(queued_at__gt=run.queued_at).exclude(status=Run.Status.SKIPPED)
    return run.again_at is None or not newer.exists()


def _enqueue_later(enqueue: Enqueue, run: WarehouseSync) -> None:
    transaction.on_commit(lambda: enqueue(run.pk))


def _interval(schedule: dict[str, Any], plan: int) -> timedelta:
    chosen = schedule["minutes"] * 60 if "minutes" in schedule else _default(plan)
    return timedelta(seconds=max(plan, chosen))


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
            Warehouse.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("workspace")
            .filter(enabled=True, next_sync_at__lte=now, workspace__closing_at=None)
            .order_by("next_sync_at")[:BATCH]
        )
        if not due:
            return None
        for warehouse in due:
            warehouse.next_sync_at = _next_or_later(warehouse, now)
        Warehouse.objects.bulk_update(due, ["next_sync_at"])
        runs = _runs_for(due, now)
        WarehouseSync.objects.bulk_create(runs, ignore_conflicts=True)
        queued = [run.pk for run in runs if run.status == Run.Status.QUEUED]
        transaction.on_commit(lambda: [enqueue(pk) for pk in queued])  # type: ignore[func-returns-value]
    return len(queued)


def _next_or_later(warehouse: Warehouse, now: datetime) -> datetime | None:
    """The next time; a schedule that nobody can read must not keep the others from theirs."""
    try:
        return next_time(warehouse, now)
    except Exception:
        log.exception("The schedule of %s cannot be read: %s", warehouse, warehouse.schedule)
        return now + timedelta(days=1)


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
