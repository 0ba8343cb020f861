"""Celery's entry points of the left side. They carry ids and hold no logic."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from sources import erasing, schedule, sync
from workspace.celery import app, nudge


@app.task(name="sources.tick")
def tick() -> None:
    """Every minute: start what is due, wake what was left behind."""
    schedule.start_due(enqueue)
    schedule.nudge_orphans(enqueue)
    erasing.nudge_unfinished()


@app.task(name=erasing.SYNC)
def sync_source(run_id: str) -> None:
    """One slice of a sync; a long one hands itself on."""
    if not sync.run_slice(run_id, seconds=settings.SLICE_SECONDS):
        enqueue(run_id)


@app.task(name=erasing.TASK)
def erase(erasure_id: str) -> None:
    """One turn on an erasure in the Hub; a long one hands itself on."""
    if not erasing.erase(erasure_id, settings.SLICE_SECONDS):
        nudge(erasing.TASK, erasure_id)


def enqueue(run_id: Any) -> None:
    """Nudge a worker to look at this run."""
    nudge(sync_source.name, run_id)
