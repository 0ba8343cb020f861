"""Sync History of a connection: every run, and each with its results per collection."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from warehouses.models import Connection, WarehouseSync
from warehouses.pages.frame import connection_address, find_connection, show_connection, why_not
from warehouses.pages.overview import begin_sync
from warehouses.standing import progress_of
from workspace import audit
from workspace.access import Ability
from workspace.pages import MemberRequest, is_fragment, member_page, page_by_time
from workspace.runs import Run, request_cancel


@member_page(Ability.SEE_WAREHOUSES)
def show_history(request: MemberRequest, slug: str, source_slug: str) -> HttpResponse:
    """All runs, newest first; the first page follows what happens."""
    connection = find_connection(request, slug, source_slug)
    runs = connection.syncs.defer("log", "counts")
    active = connection.syncs.filter(status__in=Run.ACTIVE).first()
    context: dict[str, Any] = {
        "title": "Sync History",
        "connection": connection,
        "slab": page_by_time(runs, request),
        "active": active,
        "why_not": why_not(request.access, Ability.ADMIN_WAREHOUSES),
    }
    if is_fragment(request):
        return render(request, "warehouses/parts/history.html", context)
    return show_connection(request, "warehouses/history.html", tab="history", **context)


@member_page(Ability.SEE_WAREHOUSES)
def show_run(request: MemberRequest, slug: str, source_slug: str, run_id: Any) -> HttpResponse:
    """One run: results per collection, preparation and loading, counts read back, notices, log."""
    connection = find_connection(request, slug, source_slug)
    run = get_object_or_404(connection.syncs.select_related("started_by"), pk=run_id)
    marks = dict(connection.watermarks.values_list("collection__name", "version"))
    results = list(run.results.select_related("collection").order_by("collection__position"))
    context: dict[str, Any] = {
        "title": f"Sync of {timezone.localtime(run.queued_at):%d %b %Y, %H:%M}",
        "connection": connection,
        "run": run,
        "results": results,
        "preparation": sum(result.preparation for result in results),
        "loading": sum(result.loading for result in results),
        "progress": progress_of(run, marks),
        "why_not": why_not(request.access, Ability.ADMIN_WAREHOUSES),
        "history": connection_address("history", request, connection),
    }
    if is_fragment(request):
        return render(request, "warehouses/parts/run.html", context)
    return show_connection(request, "warehouses/run.html", tab="", **context)


@require_POST
@member_page(Ability.ADMIN_WAREHOUSES)
def sync(request: MemberRequest, slug: str, source_slug: str) -> HttpResponse:
    """Sync this connection now."""
    connection = find_connection(request, slug, source_slug)
    if not (connection.enabled and connection.warehouse.enabled):
        messages.error(request, "The connection is disabled; enable it first.")
    else:
        begin_sync(request, connection)
        messages.success(request, "The sync has been queued.")
    return redirect(connection_address("history", request, connection))


@require_POST
@member_page(Ability.ADMIN_WAREHOUSES, while_closing=True)
def cancel(request: MemberRequest, slug: str, source_slug: str, run_id: Any) -> HttpResponse:
    """Stop a run: at once when nobody works on it, else after the slice that is being loaded."""
    connection = find_connection(request, slug, source_slug)
    run = _active(connection, run_id)
    if run is None:
        messages.info(request, "That sync had ended already.")
    else:
        request_cancel(run)
        audit.record(
            connection.warehouse.workspace, request.user, "warehouse.sync_cancelled", connection, run=run.pk
        )
        messages.success(request, "The sync is being cancelled. What it has loaded is kept.")
    return redirect(connection_address("run", request, connection, run_id))


def _active(connection: Connection, run_id: Any) -> WarehouseSync | None:
    return connection.syncs.filter(pk=run_id, status__in=Run.ACTIVE).first()
