"""Celery's entry points of the tenant. They hold no logic."""

from __future__ import annotations

from workspace import closing, restored
from workspace.celery import app


@app.task(name="workspace.delete_due")
def delete_due() -> None:
    """Every few minutes: delete workspaces whose time to think is over."""
    closing.delete_due()


@app.task(name="workspace.look_for_restore")
def look_for_restore() -> None:
    """Every minute: whether our database is an older state of itself."""
    restored.look()
