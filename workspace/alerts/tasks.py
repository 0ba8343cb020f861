"""Celery's entry points of alerts. They carry ids and hold no logic."""

from __future__ import annotations

from typing import Any

from workspace.alerts import delivering, raising, schedules
from workspace.celery import app, nudge


@app.task(name="alerts.deliver")
def deliver(delivery_id: Any) -> None:
    """One attempt; the tick sees to the next ones."""
    delivering.deliver(delivery_id)


@app.task(name="alerts.watch")
def watch() -> None:
    """Every minute: what goes wrong without a run that would tell, and what was not told or not sent."""
    schedules.watch()
    raising.tell_late()
    for delivery_id in delivering.due():
        nudge("alerts.deliver", delivery_id)
