"""Warehouses: the list of them, and how each stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from warehouses.models import Connection, Warehouse, WarehouseSync
from warehouses.pages.frame import address, why_not
from warehouses.pages.wording import kind_of, schedule_of
from warehouses.setup import beyond_plan
from warehouses.standing import latest_sync, stand, state_of_warehouse
from workspace.access import Ability
from workspace.pages import Crumb, MemberRequest, is_fragment, member_page


@dataclass(frozen=True)
class Line:
    """A warehouse of the list."""

    warehouse: Warehouse
    url: str
    kind: str
    state: str
    sources: list[str]
    sync: WarehouseSync | None
    schedule: str


@member_page(Ability.SEE_WAREHOUSES)
def show_list(request: MemberRequest) -> HttpResponse:
    """Every warehouse of the workspace."""
    context: dict[str, Any] = {"lines": _lines(request)}
    if is_fragment(request):
        return render(request, "warehouses/parts/list.html", context)
    context |= {"title": "Warehouses", "crumbs": [Crumb("Warehouses")]}
    context["why_not"] = why_not(request.access, Ability.ADMIN_WAREHOUSES) or beyond_plan(
        request.access.workspace
    )
    return render(request, "warehouses/list.html", context)


def _lines(request: MemberRequest) -> list[Line]:
    warehouses = list(request.access.warehouses().defer("settings").order_by("name"))
    known = {warehouse.pk: warehouse for warehouse in warehouses}
    connections = list(
        Connection.objects.filter(warehouse__in=warehouses, schema__source__isnull=False)
        .select_related("schema__source")
        .order_by("schema__source__name")
    )
    for connection in connections:
        connection.warehouse = known[connection.warehouse_id]
    of = {pk: [] for pk in known}  # type: ignore[var-annotated]
    for line in stand(connections):
        of[line.connection.warehouse_id].append(line)
    return [
        Line(
            warehouse,
            address("overview", request, warehouse.slug),
            kind_of(warehouse),
            state_of_warehouse(warehouse, of[warehouse.pk]),
            [line.connection.schema.source.name for line in of[warehouse.pk]],
            latest_sync(of[warehouse.pk]),
            schedule_of(warehouse),
        )
        for warehouse in warehouses
    ]
