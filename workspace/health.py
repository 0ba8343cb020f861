"""Everything that fails or is late in one list, each with its cause and the one thing that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from workspace.access import Ability, Access
from workspace.activity import Wanted
from workspace.dashboard import Directory
from workspace.drill.latest import last_report
from workspace.pages import Crumb, MemberRequest, member_page
from workspace.runs import Run
from workspace.standing import standing

TROUBLED = ("failed", "partial", "late")
ACCOUNT_CODES = (
    "credentials_rejected", "no_credentials", "not_administrator", "address_refused",
    "not_desk", "site_not_found", "invalid_site", "tls_failed",
)  # fmt: skip
"""Codes of notices that a change of the source's connection mends."""


@dataclass(frozen=True)
class Remedy:
    """The button of a trouble: a link, or a form that posts. With `why_not` it is greyed."""

    label: str
    url: str
    posts: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Trouble:
    """Something that fails or is late."""

    name: str
    url: str
    icon: str
    state: str
    run: Run | None
    run_url: str
    cause: str
    advice: str
    remedy: Remedy


@member_page()
def show(request: MemberRequest) -> HttpResponse:
    """The page."""
    directory = Directory(request.access)
    owners: dict[str, Any] = {
        "source": [source.pk for source in directory.sources],
        "warehouse": [connection.pk for connection in directory.connections],
    }
    latest = Wanted(request.access.workspace, owners, told=True).latest()
    groups = [
        ("Sources", len(directory.sources), list(_source_troubles(directory, latest))),
        ("Warehouses", len(directory.warehouses), list(_flush_troubles(directory, latest))),
    ]
    drill = last_report(settings.DRILL_REPORT)
    context = {"title": "Health", "crumbs": [Crumb("Health")], "groups": groups, "drill": drill}
    return render(request, "workspace/health.html", context)


def _source_troubles(directory: Directory, latest: dict[Any, Run]) -> Iterator[Trouble]:
    access, slug = directory.access, directory.access.workspace.slug
    for source in directory.sources:
        run = latest.get(("source", source.pk))
        state = standing(source.status, source.next_sync_at, run)
        if state not in TROUBLED:
            continue
        notice = _worst(run)
        url = reverse("sources:overview", args=[slug, source.slug])
        run_url = reverse("sources:run", args=[slug, source.slug, run.pk]) if run else ""
        remedy = _mend_source(access, source, state, notice.get("code", ""))
        cause, advice = _words(state, notice)
        yield Trouble(source.name, url, source.kind, state, run, run_url, cause, advice, remedy)


def _mend_source(access: Access, source: Any, state: str, code: str) -> Remedy:
    slug, allowed = access.workspace.slug, access.may(Ability.ADMIN_SOURCE, source.pk)
    why_not = "" if allowed else access.refusal(Ability.ADMIN_SOURCE)
    if state != "late" and code in ACCOUNT_CODES:
        address = reverse("sources:settings", args=[slug, source.slug, "connection"])
        return Remedy("Update credentials", address, why_not=why_not)
    if state != "late" and code == "deletions_held":
        address = reverse("sources:collections", args=[slug, source.slug])
        return Remedy("Review deletions", address, why_not=why_not)
    return Remedy("Sync now", reverse("sources:sync", args=[slug, source.slug]), posts=True, why_not=why_not)


def _flush_troubles(directory: Directory, latest: dict[Any, Run]) -> Iterator[Trouble]:
    access, slug = directory.access, directory.access.workspace.slug
    for connection in directory.connections:
        warehouse, source = connection.warehouse, connection.source
        run = latest.get(("warehouse", connection.pk))
        switch = "enabled" if connection.enabled and warehouse.enabled else "disabled"
        state = standing(switch, warehouse.next_sync_at, run)
        if state not in TROUBLED:
            continue
        where = [slug, warehouse.slug, source.slug]
        notice = _worst(run)
        cause, advice = _words(state, notice)
        yield Trouble(
            f"{source.name} → {warehouse.name}",
            reverse("warehouses:history", args=where),
            warehouse.kind,
            state,
            run,
            reverse("warehouses:run", args=[*where, run.pk]) if run else "",
            cause,
            advice,
            _mend_flush(access, where, state, notice),
        )


def _mend_flush(access: Access, where: list[str], state: str, notice: dict[str, Any]) -> Remedy:
    why_not = "" if access.admins_warehouses else access.refusal(Ability.ADMIN_WAREHOUSES)
    code = notice.get("code", "")
    if state != "late" and not notice.get("collection") and code not in ("unexpected", "worker_lost", ""):
        address = reverse("warehouses:settings", args=[*where[:2], "connection"])
        return Remedy("Check the connection", address, why_not=why_not)
    if code == "counts_differ":
        address = reverse("warehouses:settings", args=[*where[:2], "maintenance"])
        return Remedy("Compare and repair", address, why_not=why_not)
    return Remedy("Sync now", reverse("warehouses:sync_connection", args=where), posts=True, why_not=why_not)


def _worst(run: Run | None) -> dict[str, Any]:
    """The notice that says most about why a run went wrong; empty when it has none."""
    notices = run.notices if run else []
    ranked = sorted(notices, key=lambda notice: ("error", "warning", "info").index(notice["level"]))
    return ranked[0] if ranked and ranked[0]["level"] != "info" else {}


def _words(state: str, notice: dict[str, Any]) -> tuple[str, str]:
    if state == "late":
        return "It should have started by now: no worker or no scheduler is at work.", ""
    if not notice:
        return "The last run did not end well and left no notice.", ""
    collection = f"{notice['collection']}: " if notice.get("collection") else ""
    return f"{collection}{notice['message']}", str(notice.get("action", ""))
