"""What raises alerts: runs that end, and what does not start."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from workspace.alerts.models import Alert
from workspace.alerts.raising import close_alert, open_alert, rules_of
from workspace.runs import Run
from workspace.signals import run_ended
from workspace.standing import LATE_AFTER

SOUND = (Run.Status.SUCCESS, Run.Status.PARTIAL)


@receiver(run_ended)
def follow_run(run: Run, **kwargs: Any) -> None:
    """A failed run counts against its pair, one that did something ends the alert of the pair."""
    owner: Any = run.source if run.side == "source" else run.connection  # type: ignore[attr-defined]
    cause, rules = f"{run.side}/{owner.pk}", rules_of(run.workspace)
    if run.status == Run.Status.FAILED and _failures(run, owner, rules.threshold) >= rules.threshold:
        title, text = f"{_name(run, owner)} fails", _first_sentence(run)
        open_alert(run.workspace, f"{cause}/failed", title, text, _url(run, owner))
    elif run.status in SOUND:
        close_alert(run.workspace, f"{cause}/failed", tell=rules.recovery)
    held = [notice for notice in run.notices if notice["code"] == "deletions_held"]
    if held and rules.held:
        title = f"{_name(run, owner)}: deletions wait for somebody to agree"
        open_alert(run.workspace, f"{cause}/held", title, held[0]["message"], _url(run, owner))
    elif run.status == Run.Status.SUCCESS:
        close_alert(run.workspace, f"{cause}/held", tell=False)


def watch_schedules() -> int:
    """Alert of what was due and did not start, and close what has started since; returns how many are late."""
    limit = timezone.now() - LATE_AFTER
    late: dict[tuple[int, str], tuple[Any, str]] = {}
    for side, page in (("source", "sources:overview"), ("warehouse", "warehouses:overview")):
        for one in _overdue(side, limit):
            late[(one.workspace_id, f"{side}/{one.pk}/late")] = (one, page)
    for (_, cause), (one, page) in late.items():
        if rules_of(one.workspace).late:
            text = "It was due and has not started: no worker or no scheduler is at work."
            url = reverse(page, args=[one.workspace.slug, one.slug])
            open_alert(one.workspace, cause, f"{one.name} is late", text, url)
    for alert in Alert.objects.filter(cause__endswith="/late", closed_at=None).select_related("workspace"):
        if (alert.workspace_id, alert.cause) not in late:
            close_alert(alert.workspace, alert.cause)
    return len(late)


def _overdue(side: str, limit: Any) -> Any:
    """Enabled sources or warehouses whose next sync should have begun before `limit`."""
    app, model = {"source": ("sources", "Source"), "warehouse": ("warehouses", "Warehouse")}[side]
    enabled: dict[str, Any] = {"status": "enabled"} if side == "source" else {"enabled": True}
    ones = apps.get_model(app, model).objects
    due = ones.filter(next_sync_at__lt=limit, workspace__closing_at=None, **enabled)
    return due.select_related("workspace")[:500]


def _failures(run: Run, owner: Any, most: int) -> int:
    """How many of the last `most` runs of this pair failed without one in between that did not."""
    ended = owner.syncs.exclude(status__in=[*Run.ACTIVE, Run.Status.SKIPPED, Run.Status.CANCELLED])
    statuses = ended.order_by("-queued_at", "-pk").values_list("status", flat=True)[:most]
    return sum(1 for status in statuses if status == Run.Status.FAILED)


def _name(run: Run, owner: Any) -> str:
    return owner.name if run.side == "source" else f"{owner.schema.source.name} → {owner.warehouse.name}"


def _url(run: Run, owner: Any) -> str:
    slug = run.workspace.slug
    if run.side == "source":
        return reverse("sources:run", args=[slug, owner.slug, run.pk])
    return reverse("warehouses:run", args=[slug, owner.warehouse.slug, owner.schema.source.slug, run.pk])


def _first_sentence(run: Run) -> str:
    ranked = sorted(run.notices, key=lambda notice: ("error", "warning", "info").index(notice["level"]))
    return " ".join(filter(None, (ranked[0]["message"], ranked[0]["action"]))) if ranked else ""
