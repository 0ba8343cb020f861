"""What goes wrong without a run that would tell: nothing starts, data grow old, a rate limit does not end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from workspace.alerts.models import Alert, AlertRules
from workspace.alerts.raising import close_alert, open_alert
from workspace.alerts.watching import name_of
from workspace.models import Workspace
from workspace.monitoring.freshness import Freshness
from workspace.monitoring.starting import SIDES, nothing_starts, overdue, run_models
from workspace.runs import Run
from workspace.signals import freshness_asked
from workspace.standing import LATE_AFTER

STANDSTILL = "installation/late"
BATCH = 500
PAGES = {"source": "sources:overview", "warehouse": "warehouses:overview"}
LONG_WAIT = timedelta(minutes=30)
SHOWN_FOR = timedelta(hours=1)
"""How long an alert of something that has happened, and has no end, stays open."""


@dataclass(frozen=True)
class Cause:
    """Something wrong just now."""

    workspace: Workspace
    cause: str
    title: str
    text: str
    url: str


class Rules:
    """The rules of all workspaces, read once."""

    def __init__(self) -> None:
        self._own = {rules.workspace_id: rules for rules in AlertRules.objects.all()}

    def of(self, workspace_id: int) -> AlertRules:
        """Its own rules or the defaults."""
        return self._own.get(workspace_id) or AlertRules(workspace_id=workspace_id)


def watch() -> None:
    """Every minute, by whoever can: a worker, or the web process when there is none at work."""
    rules = Rules()
    _watch_starts(rules)
    _watch_age(rules)
    _raise(_limited(rules))
    close_events()


def close_events() -> None:
    """Close alerts of what has happened and has no end."""
    for kind in ("columns", "volume"):
        past = Alert.objects.filter(cause__endswith=f"/{kind}", closed_at=None)
        past.filter(opened_at__lt=timezone.now() - SHOWN_FOR).update(closed_at=timezone.now())


def _watch_starts(rules: Rules) -> None:
    """What was due and did not start; where nothing starts at all that is the one cause of a workspace."""
    now = timezone.now()
    late = [(side, one) for side in SIDES for one in overdue(side, now).select_related("workspace")[:BATCH]]
    still = {(one.workspace_id, f"{side}/{one.pk}/late") for side, one in late}
    if nothing_starts(now):
        waiting = {one.workspace for _, one in late} | set(_with_queues(now))
        causes = [_standstill(workspace) for workspace in waiting if rules.of(workspace.pk).late]
    else:
        causes = [_late(side, one) for side, one in late if rules.of(one.workspace_id).late]
    _settle("late", causes, still)


def _standstill(workspace: Workspace) -> Cause:
    text = "Syncs are due, and none has started for minutes: no worker or no scheduler is at work."
    url = reverse("workspace:health", args=[workspace.slug])
    return Cause(workspace, STANDSTILL, "Nothing starts", text, url)


def _late(side: str, one: Any) -> Cause:
    url = reverse(PAGES[side], args=[one.workspace.slug, one.slug])
    text = "It was due and has not started, while others have."
    return Cause(one.workspace, f"{side}/{one.pk}/late", f"{one.name} is late", text, url)


def _with_queues(now: datetime) -> Iterator[Workspace]:
    for model in run_models():
        queued = model._default_manager.filter(status=Run.Status.QUEUED, queued_at__lt=now - LATE_AFTER)
        yield from Workspace.objects.filter(pk__in=queued.values("workspace"), closing_at=None)


def _watch_age(rules: Rules) -> None:
    """Data older than they may be, where no other alert has said why."""
    answers: Any = freshness_asked.send(sender=None)
    old = [one for _, found in answers for one in found if _is_old(one, rules)]
    told = set(Alert.objects.filter(closed_at=None).values_list("workspace_id", "cause"))
    causes = [_aged(one) for one in old if not _is_told_otherwise(one, told)]
    _settle("old", causes, {(one.workspace.pk, f"{one.side}/{one.owner.pk}/old") for one in old})


def _is_told_otherwise(one: Freshness, told: set[tuple[int, str]]) -> bool:
    cause = f"{one.side}/{one.owner.pk}"
    return any((one.workspace.pk, why) in told for why in (f"{cause}/failed", f"{cause}/late", STANDSTILL))


def _aged(one: Freshness) -> Cause:
    text = f"Nothing has come for {one.age.total_seconds() / 3600:,.1f} hours, which is longer than planned."
    title = f"{name_of(one.side, one.owner)}: data are old"
    return Cause(one.workspace, f"{one.side}/{one.owner.pk}/old", title, text, one.url)


def _is_old(one: Freshness, rules: Rules) -> bool:
    own = rules.of(one.workspace.pk)
    return own.late and one.is_old(own.freshness)


def _told_otherwise() -> set[tuple[int, str]]:
    alerts = Alert.objects.filter(closed_at=None).exclude(cause__endswith="/old")
    return set(alerts.values_list("workspace_id", "cause"))


def _limited(rules: Rules) -> Iterator[Cause]:
    """Syncs that a vendor's rate limit has held up for longer than their interval; the first one of a source may be."""
    model: Any = apps.get_model("sources", "SourceSync")
    working = model.objects.filter(status__in=Run.ACTIVE, waited__gt=LONG_WAIT.total_seconds())
    for run in working.exclude(trigger=Run.Trigger.SETUP).select_related("source", "workspace"):
        if run.waited > run.source.interval.total_seconds() and rules.of(run.workspace_id).limited:
            text = (
                f"It has waited for {run.waited / 3600:,.1f} hours in this sync and goes on. "
                "Ask the vendor for a higher limit, or read fewer collections."
            )
            url = reverse("sources:run", args=[run.workspace.slug, run.source.slug, run.pk])
            title = f"{run.source.name}: the rate limit holds the sync up"
            yield Cause(run.workspace, f"source/{run.source_id}/limited", title, text, url)


def _settle(kind: str, causes: list[Cause], still: set[tuple[int, str]]) -> None:
    """Open what is wrong now, and close what was of this kind and is no longer; `still` stays open as it was."""
    now = still | {(cause.workspace.pk, cause.cause) for cause in causes}
    _raise(causes)
    before = Alert.objects.filter(cause__endswith=f"/{kind}", closed_at=None).select_related("workspace")
    for alert in before:
        if (alert.workspace_id, alert.cause) not in now:
            close_alert(alert.workspace, alert.cause)


def _raise(causes: Iterable[Cause]) -> None:
    for cause in causes:
        open_alert(cause.workspace, cause.cause, cause.title, cause.text, cause.url)
