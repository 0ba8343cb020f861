"""A source at a glance: how it stands, what it does right now, every run it ever made. Starting and stopping one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from sources.models import Source, SourceSync
from sources.pages.frame import address, find_source, last_sync, source_context
from sources.pages.progress import REMEDIES, notices_of, progress_of
from sources.schedule import request_sync
from sources.tasks import enqueue
from workspace import audit
from workspace.access import Ability
from workspace.errors import ConfigError
from workspace.hub.models import Collection
from workspace.pages import MemberRequest, is_fragment, member_page, page_by_time
from workspace.runs import Run, request_cancel
from workspace.standing import standing


@member_page()
def overview(request: MemberRequest, slug: str) -> HttpResponse:
    """The page and, for htmx, the part of it that moves."""
    source = find_source(request, slug)
    if source.status == Source.Status.SETUP:
        return redirect("sources:setup", request.access.workspace.slug, slug, "connect")
    context = source_context(request, source, "overview") | _now(source) | _runs(request, source)
    context["connections"] = _connections(request, source)
    template = "sources/_overview.html" if is_fragment(request) else "sources/overview.html"
    return render(request, template, context)


@require_POST
@member_page()
def sync_now(request: MemberRequest, slug: str) -> HttpResponse:
    """Start a sync; `full` reads everything whole, `collection` (several) only these."""
    source = find_source(request, slug)
    request.access.require(Ability.ADMIN_SOURCE, source.pk)
    if source.status != Source.Status.ENABLED:
        messages.error(request, f"{source.name} is {source.get_status_display().lower()} and does not sync.")
        return redirect(address(source, "overview"))
    names = {stream.collection for stream in source.streams()}
    only = [name for name in request.POST.getlist("collection") if name in names]
    start_sync(request, source, full="full" in request.POST, only=only)
    return redirect(address(source, "overview"))


@require_POST
@member_page(while_closing=True)
def cancel(request: MemberRequest, slug: str, run_id: Any) -> HttpResponse:
    """Stop a sync: at once when nobody works on it yet, else after the page that is being written."""
    source = find_source(request, slug)
    request.access.require(Ability.ADMIN_SOURCE, source.pk)
    run = source.syncs.filter(pk=run_id, status__in=Run.ACTIVE).first()
    if run is None:
        messages.info(request, "That sync had ended already.")
    else:
        request_cancel(run)
        audit.record(source.workspace, request.user, "sync.cancelled", source, run=run.pk)
        messages.success(request, "The sync is being cancelled. What it has read so far is kept.")
    back = "run" if request.POST.get("back") == "run" else "overview"
    return redirect(address(source, back, *([run_id] if back == "run" else [])))


def start_sync(
    request: MemberRequest, source: Source, *, full: bool = False, only: Sequence[str] = ()
) -> None:
    """Queue a sync on behalf of this person, or say that one is under way."""
    if source.syncs.filter(status__in=Run.ACTIVE).exists():
        messages.info(request, "A sync is already under way; ask again when it has ended.")
        return
    try:
        with transaction.atomic():
            run = request_sync(source, full=full, only=only, by=request.user)
            audit.record(source.workspace, request.user, "sync.requested", source, full=full, only=only)
            transaction.on_commit(lambda: enqueue(run.pk))
    except ConfigError as error:  # one has begun just now
        messages.info(request, error.message)
        return
    messages.success(request, "The sync has been queued.")


def _now(source: Source) -> dict[str, Any]:
    """How the source stands at this moment."""
    last = last_sync(source)
    active = last if last is not None and last.active else None
    if last is not None:
        last.source = source
    return {
        "last": last,
        "active": active,
        "state": standing(source.status, source.next_sync_at, last),
        "progress": progress_of(active) if active else [],
        "objects": sum(
            collection.objects_live for collection in Collection.objects.filter(schema=source.schema_id)
        ),
        "alarms": _alarms(last),
    }


def _alarms(last: SourceSync | None) -> list[dict[str, Any]]:
    """Notices of the last sync that only a person can resolve."""
    if last is None or last.active:
        return []
    return [
        notice
        for notice in notices_of(last)
        if notice["level"] == "error" and (notice["code"] in REMEDIES or not notice["collection"])
    ]


def _runs(request: MemberRequest, source: Source) -> dict[str, Any]:
    runs = source.syncs.select_related("started_by").defer("counts", "log")
    return {"slab": page_by_time(runs, request)}


def _connections(request: MemberRequest, source: Source) -> Any:
    """Where the source's data flows, as far as this person may see warehouses."""
    if not request.access.sees_warehouses:
        return []
    schema: Any = source.schema
    return list(schema.connections.select_related("warehouse").order_by("warehouse__name"))
