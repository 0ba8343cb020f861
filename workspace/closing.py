"""A workspace on its way out: for five days nothing starts and any owner can keep it, then it is gone."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from workspace import audit
from workspace.errors import ConfigError
from workspace.hub.models import Collection
from workspace.hub.store import forget
from workspace.models import User, Workspace
from workspace.runs import Run
from workspace.signals import terms_changed

log = logging.getLogger(__name__)

GRACE = timedelta(days=5)
STEP = 5_000


def close(workspace: Workspace, by: User) -> None:
    """Begin the five days: nothing is due any more, so nothing is late either."""
    with transaction.atomic():
        workspace.sources.update(next_sync_at=None)
        workspace.warehouses.update(next_sync_at=None)
        workspace.closing_at = timezone.now() + GRACE
        workspace.save(update_fields=["closing_at"])
        audit.record(workspace, by, "workspace.closing", workspace.slug, until=workspace.closing_at)


def keep(workspace: Workspace, by: User) -> None:
    """Think better of it: sources sync at once, warehouses as they are scheduled.

    Raises ConfigError(code="closed") when the deletion has begun.
    """
    with transaction.atomic():
        still = Workspace.objects.filter(pk=workspace.pk, closing_at__gt=timezone.now())
        if not still.update(closing_at=None):
            if Workspace.objects.filter(pk=workspace.pk, closing_at=None).exists():
                return
            raise ConfigError("The five days are over: it is being deleted.", code="closed")
        workspace.sources.filter(status="enabled").update(next_sync_at=timezone.now())
        terms_changed.send(sender=Workspace, workspace=workspace)
        audit.record(workspace, by, "workspace.kept", workspace.slug)


def delete_due() -> int:
    """Delete the workspaces whose five days are over; returns how many. One that still works ends its work first."""
    due = Workspace.objects.filter(closing_at__lte=timezone.now())
    return sum(_delete(workspace) for workspace in due)


def _delete(workspace: Workspace) -> bool:
    if _stop_runs(workspace):
        return False
    # The bulk of the data goes first, in steps of its own: a worker that is stopped meanwhile has got somewhere.
    for collection in Collection.objects.filter(schema__workspace=workspace):
        forget(collection)
    for runs in _runs(workspace):
        while step := list(runs.values_list("pk", flat=True)[:STEP]):
            runs.filter(pk__in=step).delete()
    with transaction.atomic():
        workspace.delete()
    log.warning("Workspace %s was deleted, as its owner had asked.", workspace.slug)
    return True


def _stop_runs(workspace: Workspace) -> bool:
    """Ask what works to end; whether there was any."""
    asked = 0
    for runs in _runs(workspace):
        asked += runs.filter(status__in=Run.ACTIVE).update(cancel_requested=True)
    return bool(asked)


def _runs(workspace: Workspace) -> list[QuerySet[Any]]:
    return [workspace.sourcesyncs.all(), workspace.warehousesyncs.all(), workspace.comparisons.all()]
