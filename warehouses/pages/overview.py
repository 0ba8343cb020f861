"""A warehouse at a glance: the sources that flow into it, how each stands, starting syncs, attaching and detaching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from warehouses.models import Connection, Warehouse
from warehouses.pages.adding import choices, connect
from warehouses.pages.frame import address, find_warehouse, show_warehouse, why_not
from warehouses.pages.wording import kind_of, schedule_of
from warehouses.setup import detach, start_sync
from warehouses.standing import latest_sync, stand, state_of_warehouse
from workspace import audit
from workspace.access import Ability
from workspace.pages import MemberRequest, is_fragment, member_page


@member_page(Ability.SEE_WAREHOUSES)
def show(request: MemberRequest, slug: str) -> HttpResponse:
    """The page and, for htmx, the table that moves."""
    warehouse = find_warehouse(request, slug)
    lines = stand(connections_of(warehouse))
    context: dict[str, Any] = {
        "warehouse": warehouse,
        "lines": lines,
        "state": state_of_warehouse(warehouse, lines),
        "last": latest_sync(lines),
        "why_not": why_not(request.access, Ability.ADMIN_WAREHOUSES),
    }
    if is_fragment(request):
        return render(request, "warehouses/parts/connections.html", context)
    context |= {
        "title": warehouse.name,
        "kind": kind_of(warehouse),
        "schedule": schedule_of(warehouse),
        "choices": choices(request, [line.connection.schema_id for line in lines]),
    }
    return show_warehouse(request, "warehouses/overview.html", tab="overview", **context)


@require_POST
@member_page(Ability.ADMIN_WAREHOUSES)
def sync(request: MemberRequest, slug: str) -> HttpResponse:
    """Sync every enabled connection now."""
    warehouse = find_warehouse(request, slug)
    wanted = [one for one in connections_of(warehouse) if one.enabled and warehouse.enabled]
    for connection in wanted:
        begin_sync(request, connection)
    told = f"{len(wanted)} sync{'s' * (len(wanted) != 1)} queued." if wanted else "Nothing is enabled here."
    messages.success(request, told)
    return redirect(address("overview", request, slug))


@require_POST
@member_page(Ability.ADMIN_WAREHOUSES)
def attach(request: MemberRequest, slug: str) -> HttpResponse:
    """Let the ticked sources flow into the warehouse."""
    warehouse, ticked = find_warehouse(request, slug), request.POST.getlist("sources")
    sources = [one for one in request.access.sources().exclude(status="setup") if str(one.pk) in ticked]
    for source in sources:
        request.access.require(Ability.CONNECT, source.pk)
        connect(request.access, warehouse, source)
    if sources:
        messages.success(request, f"{', '.join(source.name for source in sources)} attached.")
    return redirect(address("overview", request, slug))


@require_POST
@member_page(Ability.ADMIN_WAREHOUSES)
def change(request: MemberRequest, slug: str, source_slug: str, way: str) -> HttpResponse:
    """Enable, disable or detach the connection to a source; tables and rows stay."""
    warehouse = find_warehouse(request, slug)
    connection = get_object_or_404(connections_of(warehouse), schema__source__slug=source_slug)
    source = connection.schema.source
    request.access.require(Ability.CONNECT, source.pk)
    do, done = _WAYS[way]
    with transaction.atomic():
        do(connection)
        action = f"warehouse.source_{done}"
        audit.record(warehouse.workspace, request.user, action, warehouse.slug, source=source.slug)
    messages.success(request, f"{source.name} is {done}. Its tables stay as they are.")
    return redirect(address("overview", request, slug))


def begin_sync(request: MemberRequest, connection: Connection) -> None:
    """Start a sync in this person's name."""
    with transaction.atomic():
        run = start_sync(connection, request.user)
        source = connection.schema.source.slug
        audit.record(
            connection.warehouse.workspace,
            request.user,
            "warehouse.sync_requested",
            connection,
            source=source,
            run=run.pk,
        )


def connections_of(warehouse: Warehouse) -> Any:
    """Its connections with their sources, by name."""
    connections = warehouse.connections.filter(schema__source__isnull=False).select_related("schema__source")
    return connections.select_related("schema__source", "warehouse__workspace").order_by(
        "schema__source__name"
    )


def _switch(connection: Connection, enabled: bool) -> None:
    connection.enabled = enabled
    connection.save(update_fields=["enabled"])


_WAYS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "enable": (lambda connection: _switch(connection, True), "enabled"),
    "disable": (lambda connection: _switch(connection, False), "disabled"),
    "detach": (detach, "detached"),
}
"""What is done, and the word for having done it."""
