"""Celery's entry points of the tenant. They hold no logic."""

from __future__ import annotations

from workspace import closing, restored
from workspace.celery import app
from workspace.sessions import SessionStore


@app.task(name="workspace.delete_due")
def delete_due() -> None:
    """Every few minutes: delete workspaces whose time to think is over."""
    closing.delete_due()


@app.task(name="workspace.look_for_restore")
def look_for_restore() -> None:
    """Every minute: whether our database is an older state of itself."""
    restored.look()


@app.task(name="workspace.clear_sessions")
def clear_sessions() -> None:
    """Every hour: delete the rows of sessions that are over; nobody could use them any more."""
    SessionStore.clear_expired()
