"""How a source, a warehouse or a connection stands: one word out of its switch, its schedule and its last run."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from workspace.looks import state_of_run
from workspace.runs import Run

LATE_AFTER = timedelta(minutes=5)
"""Nothing started for so long after it was due, or nobody took what was queued: the schedulers do not keep up."""


def is_late(due: datetime | None, last: Run | None, now: datetime | None = None) -> bool:
    """Whether a run that was due, or is queued, has waited longer than LATE_AFTER for somebody to start it."""
    limit = (now or timezone.now()) - LATE_AFTER
    if last is not None and last.status == Run.Status.QUEUED:
        return last.queued_at < limit
    return due is not None and due < limit and not (last is not None and last.active)


def standing(switch: str, due: datetime | None, last: Run | None) -> str:
    """A key of `workspace.looks.LOOKS`.

    `switch` is `setup`, `enabled` or `disabled`; `due` the moment of the next scheduled run, `last` the newest run.
    """
    if switch != "enabled":
        return switch
    if is_late(due, last):
        return "late"
    return state_of_run(last)
