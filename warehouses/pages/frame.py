"""What the pages of one warehouse share: finding it, breadcrumbs that switch, tabs, and why something is greyed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from warehouses.models import Connection, Warehouse
from workspace.access import Ability, Access
from workspace.pages import Crumb, MemberRequest, Tab, is_fragment

SIBLINGS = 50
"""So many neighbours a breadcrumb offers to switch to."""


def find_warehouse(request: MemberRequest, slug: str) -> Warehouse:
    """The workspace's warehouse of this slug, or Http404."""
    warehouse: Warehouse = get_object_or_404(request.access.warehouses(), slug=slug)
    return warehouse


def find_connection(request: MemberRequest, slug: str, source_slug: str) -> Connection:
    """The connection of a warehouse to the source of this slug, or Http404."""
    warehouse = find_warehouse(request, slug)
    connections = warehouse.connections.select_related("schema__source")
    return get_object_or_404(connections, schema__source__slug=source_slug)


def address(name: str, request: MemberRequest, *args: object) -> str:
    """The address of one of our pages in this workspace."""
    return reverse(f"warehouses:{name}", args=[request.access.workspace.slug, *args])


def connection_address(name: str, request: MemberRequest, connection: Connection, *args: object) -> str:
    """The address of a page of a connection."""
    return address(name, request, connection.warehouse.slug, connection.schema.source.slug, *args)


def why_not(access: Access, ability: Ability, source_id: Any = None) -> str:
    """The sentence beside a greyed control; empty when it may be used."""
    return "" if access.may(ability, source_id) else access.refusal(ability)


def go(request: MemberRequest, url: str) -> HttpResponse:
    """Lead the browser on after a form, whether the page or htmx sent it."""
    if is_fragment(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def show_warehouse(
    request: MemberRequest, template: str, warehouse: Warehouse, tab: str, **context: Any
) -> HttpResponse:
    """Answer with a page of a warehouse; `tab` names the page, `title` is in the context."""
    here = [Crumb("Warehouses", address("list", request)), _warehouse_crumb(request, warehouse, tab)]
    here += [Crumb("Settings")] if tab == "settings" else []
    here += [Crumb(context["title"])] if tab != "overview" else []
    pages = {"overview": "Overview", "health": "Health"}
    tabs = [Tab(label, address(name, request, warehouse.slug), name == tab) for name, label in pages.items()]
    tabs.append(Tab("Settings", address("settings", request, warehouse.slug, "basic"), tab == "settings"))
    frame = {"warehouse": warehouse, "crumbs": here, "tabs": tabs}
    return render(request, template, frame | context)


def show_connection(
    request: MemberRequest, template: str, connection: Connection, tab: str, **context: Any
) -> HttpResponse:
    """Answer with a page of a connection, below its warehouse."""
    warehouse, source = connection.warehouse, connection.schema.source
    pages = {"history": "Sync History", "connection_health": "Health", "connection_settings": "Settings"}
    tabs = [
        Tab(label, connection_address(name, request, connection), name == tab)
        for name, label in pages.items()
    ]
    crumbs = [
        Crumb("Warehouses", address("list", request)),
        _warehouse_crumb(request, warehouse, "overview"),
        Crumb(
            f"Receiving from {source.name}",
            tabs[0].url,
            _connections_of(request, connection, tab or "history"),
        ),
    ]
    crumbs += [Crumb(context["title"])] if tab != "history" else []
    frame = {"warehouse": warehouse, "connection": connection, "source": source}
    return render(request, template, {**frame, "crumbs": crumbs, "tabs": tabs, **context})


def _warehouse_crumb(request: MemberRequest, warehouse: Warehouse, tab: str) -> Crumb:
    name, more = ("settings", ["basic"]) if tab == "settings" else (tab, [])
    known = request.access.warehouses().exclude(pk=warehouse.pk).order_by("name")
    others = [
        (label, address(name, request, slug, *more))
        for label, slug in known.values_list("name", "slug")[:SIBLINGS]
    ]
    return Crumb(warehouse.name, address("overview", request, warehouse.slug), others)


def _connections_of(request: MemberRequest, connection: Connection, tab: str) -> list[tuple[str, str]]:
    others = connection.warehouse.connections.exclude(pk=connection.pk).filter(schema__source__isnull=False)
    found = others.order_by("schema__source__name").values_list(
        "schema__source__name", "schema__source__slug"
    )
    return [(name, address(tab, request, connection.warehouse.slug, slug)) for name, slug in found[:SIBLINGS]]
