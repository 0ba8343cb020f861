"""Celery's entry points of alerts. They carry ids and hold no logic."""

from __future__ import annotations

from typing import Any

from workspace.alerts import delivering, watching
from workspace.celery import app, nudge


@app.task(name="alerts.deliver")
def deliver(delivery_id: Any) -> None:
    """One attempt; a failed one is made again later."""
    wait = delivering.deliver(delivery_id)
    if wait is not None:
        deliver.apply_async((delivery_id,), countdown=wait)


@app.task(name="alerts.watch")
def watch() -> None:
    """Every minute: what was due and did not start, and what was never sent."""
    watching.watch_schedules()
    for delivery_id in delivering.left_behind():
        nudge("alerts.deliver", delivery_id)
