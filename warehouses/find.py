"""A warehouse by the path people type."""

from __future__ import annotations

from django.core.management.base import CommandError

from warehouses.models import Connection, Warehouse
from workspace.prompts import split_path


def find_warehouse(path: str) -> Warehouse:
    """The warehouse at `acme/w`; raises CommandError when there is none."""
    workspace, slug = split_path(path)
    warehouse = Warehouse.objects.filter(workspace=workspace, slug=slug).first()
    if warehouse is None:
        raise CommandError(f"The workspace {workspace.slug} has no warehouse {slug}.")
    return warehouse


def find_connections(path: str, source: str = "") -> list[Connection]:
    """The enabled connections of a warehouse, of one source or of all; raises CommandError when there is none."""
    warehouse = find_warehouse(path)
    connections = list(warehouse.connections.filter(enabled=True).select_related("schema"))
    if source:
        connections = [c for c in connections if c.schema.source.slug == source]
    if not connections:
        what = f"the source {source}" if source else "any source"
        raise CommandError(f"{warehouse} is not connected to {what}.")
    return connections
