"""Thirty days of a warehouse or of one connection: rows loaded each day, exactly, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum
from django.http import HttpResponse
from django.utils import timezone

from warehouses.models import Connection, RowsPerDay
from warehouses.pages.frame import find_connection, find_warehouse, show_connection, show_warehouse
from warehouses.pages.overview import connections_of
from workspace.access import Ability
from workspace.charts import Series, Slot, bar_chart
from workspace.models import Workspace
from workspace.pages import MemberRequest, member_page

DAYS = 30


@member_page(Ability.SEE_WAREHOUSES)
def show_warehouse_health(request: MemberRequest, slug: str) -> HttpResponse:
    """All connections together, and each by itself."""
    warehouse = find_warehouse(request, slug)
    connections = list(connections_of(warehouse))
    names = {one.pk: one.schema.source.name for one in connections}
    since = _since(warehouse.workspace)
    sums = RowsPerDay.objects.filter(connection__in=names, collection=None, day__gte=since)
    by_source = sums.values("connection").annotate(Sum("rows"), Sum("runs"), Sum("failures"))
    lines = sorted(
        (names[one["connection"]], one["rows__sum"], one["runs__sum"], one["failures__sum"])
        for one in by_source
    )
    context = {**_days(request, connections), "title": "Health", "lines": lines, "head": "Source"}
    return show_warehouse(request, "warehouses/health.html", warehouse, "health", **context)


@member_page(Ability.SEE_WAREHOUSES)
def show_connection_health(request: MemberRequest, slug: str, source_slug: str) -> HttpResponse:
    """One connection, by collection."""
    connection = find_connection(request, slug, source_slug)
    sums = RowsPerDay.objects.filter(
        connection=connection, collection__isnull=False, day__gte=_since(connection.warehouse.workspace)
    )
    by_collection = sums.values("collection__name").annotate(Sum("rows")).order_by("collection__name")
    lines = [(one["collection__name"], one["rows__sum"], None, None) for one in by_collection]
    context = {**_days(request, [connection]), "title": "Health", "lines": lines, "head": "Collection"}
    template = "warehouses/connection_health.html"
    return show_connection(request, template, connection, "connection_health", **context)


def _since(workspace: Workspace) -> date:
    return timezone.localtime(timezone=workspace.zone).date() - timedelta(days=DAYS - 1)


def _days(request: MemberRequest, connections: Iterable[Connection]) -> dict[str, Any]:
    """The chart and the sums of the last thirty days in the workspace's time zone."""
    since = _since(request.access.workspace)
    sums = RowsPerDay.objects.filter(connection__in=list(connections), collection=None, day__gte=since)
    per_day = {
        one["day"]: one for one in sums.values("day").annotate(Sum("rows"), Sum("runs"), Sum("failures"))
    }
    days = [since + timedelta(days=number) for number in range(DAYS)]
    none = {"rows__sum": 0, "runs__sum": 0, "failures__sum": 0}
    found = [(day, per_day.get(day, none)) for day in days]
    slots = [Slot(f"{day:%d %b}", [one["rows__sum"]]) for day, one in found]
    return {
        "chart": bar_chart("Rows loaded", [Series("rows", "bar-rows")], slots),
        "rows": sum(one["rows__sum"] for _, one in found),
        "runs": sum(one["runs__sum"] for _, one in found),
        "failures": sum(one["failures__sum"] for _, one in found),
        "zone": request.access.workspace.time_zone,
    }
