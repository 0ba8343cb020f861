"""Celery's entry points of the right side. They carry ids and hold no logic."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.dispatch import receiver

from warehouses import compare, comparisons, erasing, flush, restored, schedule
from warehouses.models import Comparison
from workspace.celery import app, nudge
from workspace.hub.models import Erasure
from workspace.hub.signals import objects_erased, source_synced

LONGEST = 3_600 + 600
"""Seconds: a database may work for an hour on one statement where a column widens, and engines end what is silent.
Celery only ends what hangs beyond that: stopped earlier, the same statement would begin again and again."""


@app.task(name="warehouses.tick")
def tick() -> None:
    """Every minute: start what is due, wake what was left behind."""
    schedule.start_due(enqueue)
    schedule.start_again(enqueue)
    schedule.start_left_behind(enqueue)
    schedule.nudge_orphans(enqueue)
    comparisons.start_due(comparisons.enqueue)
    restored.repair_restored(enqueue)
    erasing.settle()
    erasing.start_waiting(enqueue)
    schedule.nudge_orphans(comparisons.enqueue, Comparison)


@app.task(name="warehouses.sync", soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def sync_warehouse(run_id: str) -> None:
    """One slice of a warehouse sync; a long one hands itself on, and one that was wanted meanwhile follows."""
    if flush.run_slice(run_id, seconds=settings.SLICE_SECONDS):
        schedule.start_again(enqueue)
    else:
        enqueue(run_id)


@app.task(name=comparisons.TASK, soft_time_limit=LONGEST, time_limit=LONGEST + 60)
def compare_warehouse(run_id: str) -> None:
    """One slice of a comparison; a long one hands itself on."""
    if not compare.run_slice(run_id, seconds=settings.SLICE_SECONDS):
        comparisons.enqueue(run_id)


def enqueue(run_id: Any) -> None:
    """Nudge a worker to look at this run."""
    nudge(sync_warehouse.name, run_id)


@receiver(source_synced)
def follow(sender: Any, schema_id: int, first: bool, **kwargs: Any) -> None:
    """A source has brought something new; `first`: for the first time."""
    schedule.start_after_sync(schema_id, enqueue, first=first)


@receiver(objects_erased)
def erase_everywhere(sender: Any, erasure: Erasure, ids: dict[str, list[str]], **kwargs: Any) -> None:
    """The Hub has forgotten objects: what we have said of them is forgotten too, and their rows are deleted."""
    erasing.forget_findings(erasure.schema_id, ids)
    erasing.start_waiting(enqueue, at_once=erasure)
    erasing.settle()
