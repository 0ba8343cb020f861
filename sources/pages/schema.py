"""The schema of a source: the columns its collections have in each warehouse, their types, and since when."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from sources.pages.frame import find_source, source_context
from workspace.pages import Crumb, MemberRequest, member_page


@member_page()
def show_schema(request: MemberRequest, slug: str) -> HttpResponse:
    """Columns by collection; of the warehouse that `warehouse` names, else of the first."""
    source = find_source(request, slug)
    schema: Any = source.schema
    connections = []
    if request.access.sees_warehouses:
        connections = list(schema.connections.select_related("warehouse").order_by("warehouse__name"))
    named = [one for one in connections if one.warehouse.slug == request.GET.get("warehouse")]
    chosen = (named or connections or [None])[0]
    context = source_context(request, source, "schema", Crumb("Schema"), title="Schema")
    context |= {"connections": connections, "chosen": chosen, "tables": _tables(chosen)}
    return render(request, "sources/schema.html", context)


def _tables(connection: Any) -> list[tuple[str, list[Any]]]:
    """Collections in the order of reading with their columns by name; empty ones are left out."""
    if connection is None:
        return []
    tables: dict[str, list[Any]] = {}
    columns = connection.columns.select_related("collection").order_by("collection__position", "name")
    for column in columns:
        tables.setdefault(column.collection.name, []).append(column)
    return list(tables.items())
