"""Celery's entry points of the tenant. They hold no logic."""

from __future__ import annotations

from workspace import closing
from workspace.celery import app


@app.task(name="workspace.delete_due")
def delete_due() -> None:
    """Every few minutes: delete workspaces whose time to think is over."""
    closing.delete_due()
