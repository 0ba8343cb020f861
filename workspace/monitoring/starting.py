"""Whether anything starts at all. Needs PostgreSQL alone: neither Celery nor beat could say that they are gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from workspace.runs import Run
from workspace.standing import LATE_AFTER

NEWEST = 100
SIDES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "source": ("sources", "Source", {"status": "enabled"}),
    "warehouse": ("warehouses", "Warehouse", {"enabled": True}),
}
"""What has a schedule: app, model, and what is switched on."""


def overdue(side: str, now: datetime) -> QuerySet[Any]:
    """Enabled sources or warehouses whose next sync should have begun a while ago."""
    app, model, enabled = SIDES[side]
    ones: QuerySet[Any] = apps.get_model(app, model)._default_manager.all()
    return ones.filter(next_sync_at__lt=now - LATE_AFTER, workspace__closing_at=None, **enabled)


def nothing_starts(now: datetime | None = None) -> bool:
    """Whether runs are due or wait, and nobody has begun or works on any run."""
    now = now or timezone.now()
    return _is_waited_for(now) and not any(_moves(model, now) for model in run_models())


def run_models() -> list[type[Run]]:
    """Every kind of run."""
    return [model for model in apps.get_models() if issubclass(model, Run)]


def _is_waited_for(now: datetime) -> bool:
    if any(overdue(side, now).exists() for side in SIDES):
        return True
    waits = {"status": Run.Status.QUEUED, "queued_at__lt": now - LATE_AFTER}
    return any(model._default_manager.filter(**waits).exists() for model in run_models())


def _moves(model: type[Run], now: datetime) -> bool:
    """Whether a worker holds a run, or one of the newest runs has begun lately."""
    runs = model._default_manager
    if runs.filter(status__in=Run.ACTIVE, lease_until__gt=now).exists():
        return True
    newest = runs.order_by("-queued_at", "-pk").values_list("started_at", flat=True)[:NEWEST]
    return any(started and started > now - LATE_AFTER for started in newest)
