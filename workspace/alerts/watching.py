"""What raises alerts when a run ends: each judge says whether its cause is there, is over, or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.dispatch import receiver
from django.urls import reverse

from workspace.alerts.models import AlertRules
from workspace.alerts.raising import close_alert, open_alert, rules_of
from workspace.alerts.volume import odd_volume
from workspace.runs import Run
from workspace.signals import run_ended

SOUND = (Run.Status.SUCCESS, Run.Status.PARTIAL)


@dataclass(frozen=True)
class Verdict:
    """A cause that a run shows, or shows to be over."""

    cause: str
    title: str = ""
    text: str = ""
    over: bool = False
    tells_end: bool = False


@receiver(run_ended)
def follow_run(run: Run, **kwargs: Any) -> None:
    """Open and close the alerts of its source or pair."""
    owner: Any = run.source if run.side == "source" else run.connection  # type: ignore[attr-defined]
    rules = rules_of(run.workspace)
    for judge in JUDGES if run.counted else (_judge_comparison,):
        for verdict in judge(run, owner, rules):
            cause = f"{run.side}/{owner.pk}/{verdict.cause}"
            if verdict.over:
                close_alert(run.workspace, cause, tell=verdict.tells_end)
            else:
                title = f"{name_of(run.side, owner)}{verdict.title}"
                open_alert(run.workspace, cause, title, verdict.text, _url(run, owner))


def name_of(side: str, owner: Any) -> str:
    """A source, or a pair, as people call it."""
    return str(owner.name) if side == "source" else f"{owner.schema.source.name} → {owner.warehouse.name}"


def has_failed(status: str, notices: list[dict[str, Any]]) -> bool:
    """Whether a run failed, as a whole or for one of its collections."""
    in_part = status == Run.Status.PARTIAL and any(notice["level"] == "error" for notice in notices)
    return status == Run.Status.FAILED or in_part


def _judge_failure(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    if has_failed(run.status, run.notices):
        if _failures(owner, rules.threshold) >= rules.threshold:
            title = " fails" if run.status == Run.Status.FAILED else " fails in part"
            yield Verdict("failed", title, _first_sentence(run))
    elif run.status in SOUND:
        yield Verdict("failed", over=True, tells_end=rules.recovery)


def _judge_deletions(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    held = [notice for notice in run.notices if notice["code"] == "deletions_held"]
    if held and rules.held:
        yield Verdict("held", ": deletions wait for somebody to agree", held[0]["message"])
    elif run.status == Run.Status.SUCCESS:
        yield Verdict("held", over=True)


def _judge_waiting(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    """Those that work are looked at every minute, by `workspace.alerts.schedules`."""
    yield Verdict("limited", over=True)


def _judge_columns(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    """New or wider columns of tables that were there before; the alert goes by itself."""
    if run.side != "warehouse" or not rules.columns or run.started_at is None:
        return
    before = owner.columns.filter(created_at__lt=run.started_at).values("collection")
    changed = owner.columns.filter(changed_at__gte=run.started_at, collection__in=before).exclude(reason="")
    found = list(changed.order_by("pk").values_list("collection__name", "reason")[:4])
    if found:
        more = " And more." if len(found) > 3 else ""
        text = " ".join(f"{collection}: {reason}" for collection, reason in found[:3])
        yield Verdict("columns", ": columns changed", text + more)


def _judge_volume(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    """Far more or less than before; the alert goes by itself."""
    if run.side == "source" and rules.volume and (sentence := odd_volume(run, owner)):
        yield Verdict("volume", " brought an unusual number of objects", sentence)


def _judge_comparison(run: Run, owner: Any, rules: AlertRules) -> Iterator[Verdict]:
    """What a comparison found and did not repair; one that could not be made says nothing about the rows."""
    if run.status == Run.Status.PARTIAL:
        yield Verdict("rows", ": rows are not as in the Hub", _first_sentence(run))
    elif run.status == Run.Status.SUCCESS:
        yield Verdict("rows", over=True, tells_end=rules.recovery)


Judge = Callable[[Run, Any, AlertRules], Iterator[Verdict]]
JUDGES: list[Judge] = [_judge_failure, _judge_deletions, _judge_waiting, _judge_columns, _judge_volume]


def _failures(owner: Any, most: int) -> int:
    """How many of the last `most` runs of this pair failed without one in between that did not."""
    ended = owner.syncs.exclude(status__in=[*Run.ACTIVE, Run.Status.SKIPPED, Run.Status.CANCELLED])
    last = ended.order_by("-queued_at", "-pk").values_list("status", "notices")[:most]
    return sum(1 for status, notices in last if has_failed(status, notices))


def _url(run: Run, owner: Any) -> str:
    slug = run.workspace.slug
    if run.side == "source":
        return reverse("sources:run", args=[slug, owner.slug, run.pk])
    if not run.counted:
        return reverse("warehouses:settings", args=[slug, owner.warehouse.slug, "maintenance"])
    return reverse("warehouses:run", args=[slug, owner.warehouse.slug, owner.schema.source.slug, run.pk])


def _first_sentence(run: Run) -> str:
    ranked = sorted(run.notices, key=lambda notice: ("error", "warning", "info").index(notice["level"]))
    return " ".join(filter(None, (ranked[0]["message"], ranked[0]["action"]))) if ranked else ""
