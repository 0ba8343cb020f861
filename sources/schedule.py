"""Which source syncs start now: the due ones, the ones somebody asked for, and the ones a dead worker left behind.

PostgreSQL is the truth and Celery a nudge: a row says that a run is to be done, a message only says "look". Two beats,
a doubled message or a lost one change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from sources.models import Source, SourceSync
from workspace.errors import ConfigError
from workspace.models import User
from workspace.runs import Run, orphans, queue

Enqueue = Callable[[Any], None]
BATCH = 500


def start_due(enqueue: Enqueue, now: datetime | None = None) -> int:
    """Start a sync of every source that is due; returns how many. Safe to run in several places at once.

    A source whose last sync still works keeps working; its slot is passed over.
    """
    now = now or timezone.now()
    started = 0
    while due := _claim_due(enqueue, now):
        started += due
    return started


def nudge_orphans(enqueue: Enqueue) -> int:
    """Send a message again for runs that nobody works on."""
    lost = orphans(SourceSync)
    for run_id in lost:
        enqueue(run_id)
    return len(lost)


def request_sync(
    source: Source,
    trigger: str = Run.Trigger.MANUAL,
    *,
    full: bool = False,
    only: Iterable[str] = (),
    by: User | None = None,
) -> SourceSync:
    """A queued sync of this source, or the one that is already under way; `by` is who asked for it.

    One that has not begun takes on what is asked for as well. Raises ConfigError(code="under_way") when one works that
    was asked for less than this: it has passed some of it.
    """
    names = list(only)
    fields = {"trigger": trigger, "full": full, "only": names, "started_by": by}
    run = queue(SourceSync, {"source": source}, workspace_id=source.workspace_id, **fields)
    return run if _covers(run, full, names) else _widened(run.pk, full, names)


def _covers(run: SourceSync, full: bool, only: list[str]) -> bool:
    return run.full >= full and (not run.only or (bool(only) and set(only) <= set(run.only)))


def _widened(run_id: Any, full: bool, only: list[str]) -> SourceSync:
    with transaction.atomic():
        run = SourceSync.objects.select_for_update().get(pk=run_id)
        if run.status != Run.Status.QUEUED:
            message = "A sync is already under way, without what you ask for. Ask again when it has ended."
            raise ConfigError(message, code="under_way")
        run.full = run.full or full
        run.only = sorted({*run.only, *only}) if run.only and only else []
        run.save(update_fields=["full", "only"])
    return run


def next_slot(planned: datetime, every: timedelta, now: datetime) -> datetime:
    """The next moment after `now` on the phase of `planned`: missed slots are caught up by one run, not by many."""
    missed = max(0, (now - planned) // every)
    return planned + every * (missed + 1)


def _claim_due(enqueue: Enqueue, now: datetime) -> int:
    with transaction.atomic():
        # Whoever asks for a run right now refers to the source: a lock on its key would wait for them, and they for us.
        due = list(
            Source.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .filter(status=Source.Status.ENABLED, next_sync_at__lte=now, workspace__closing_at=None)
            .order_by("next_sync_at")[:BATCH]
        )
        for source in due:
            source.next_sync_at = next_slot(source.next_sync_at, source.interval, now)  # type: ignore[arg-type]
        Source.objects.bulk_update(due, ["next_sync_at"])
        working = set(
            SourceSync.objects.filter(source__in=due, status__in=Run.ACTIVE).values_list(
                "source_id", flat=True
            )
        )
        runs = [
            SourceSync(source=source, workspace_id=source.workspace_id)
            for source in due
            if source.pk not in working
        ]
        SourceSync.objects.bulk_create(runs, ignore_conflicts=True)
        transaction.on_commit(lambda: [enqueue(run.pk) for run in runs])  # type: ignore[func-returns-value]
    return len(due)
