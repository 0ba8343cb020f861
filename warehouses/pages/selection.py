"""Selective Sync: which collections and properties of each source a warehouse gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from warehouses.models import Column, Connection
from warehouses.select import change_selection
from workspace import audit
from workspace.hub.columns import SYSTEM
from workspace.hub.models import Collection
from workspace.models import User

FIXED = [column.name for column in SYSTEM]
"""Columns that cannot be turned off."""
MOST = 1_500
"""Properties on one page. Of more than one source with more of them, each source's own page lists its properties."""


@dataclass
class Choice:
    """A collection, how many of its properties are on, and where they are shown their names, types and state."""

    collection: Collection
    on: bool
    total: int
    chosen: int
    properties: list[tuple[str, str, bool]] | None = None


@dataclass
class Group:
    """A source of the warehouse with its collections."""

    connection: Connection
    choices: list[Choice]

    @property
    def chosen(self) -> int:
        """How many collections are on."""
        return sum(choice.on for choice in self.choices)


def selection_of(connections: Iterable[Connection]) -> list[Group]:
    """What can be chosen in each connection, and what is. Three queries for any number of connections."""
    connections = list(connections)
    of_these = Column.objects.filter(connection__in=connections)
    counts = {
        (connection, collection): count
        for connection, collection, count in of_these.values_list("connection", "collection").annotate(
            Count("pk")
        )
    }
    listed = len(connections) == 1 or sum(counts.values()) <= MOST
    columns: dict[tuple[int, int], list[Any]] | None = {} if listed else None
    if columns is not None:
        for column in of_these.order_by("name"):
            columns.setdefault((column.connection_id, column.collection_id), []).append(column)
    collections: dict[int, list[Collection]] = {}
    for collection in Collection.objects.filter(schema__in=[one.schema_id for one in connections]):
        collections.setdefault(collection.schema_id, []).append(collection)

    def choice(one: Connection, known: Collection) -> Choice:
        key = (one.pk, known.pk)
        if columns is None:
            return _counted(one, known, counts.get(key, 0))
        return _listed(one, known, columns.get(key, []))

    return [
        Group(one, [choice(one, known) for known in collections.get(one.schema_id, [])])
        for one in connections
    ]


def save_selection(connections: Iterable[Connection], posted: Any, by: User) -> int:
    """Save what was ticked; returns how many connections changed.

    Every collection and property that was shown is named in `shown`: the others stay as they are.
    """
    changed = 0
    ticked, shown = set(posted.getlist("on")), posted.getlist("shown")
    for connection in connections:
        collections, properties = _off(connection, shown, ticked)
        before = (sorted(connection.collections_off), connection.properties_off)
        if (collections, properties) == before:
            continue
        change_selection(connection, collections, properties)
        details = {"before": before, "after": (collections, properties)}
        audit.record(connection.warehouse.workspace, by, "warehouse.selection_changed", connection, **details)
        changed += 1
    return changed


def _counted(connection: Connection, collection: Collection, total: int) -> Choice:
    off = len(connection.properties_off.get(collection.name, []))
    return Choice(collection, collection.name not in connection.collections_off, total, max(total - off, 0))


def _listed(connection: Connection, collection: Collection, columns: list[Any]) -> Choice:
    off = connection.properties_off.get(collection.name, [])
    types = {column.name: column.type for column in columns}
    properties = [(name, types.get(name, ""), name not in off) for name in sorted({*types, *off})]
    chosen = sum(on for _, _, on in properties)
    is_on = collection.name not in connection.collections_off
    return Choice(collection, is_on, len(properties), chosen, properties)


def _off(
    connection: Connection, shown: list[str], ticked: set[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Keys read `connection/collection` or `connection/collection/property`."""
    collections = set(connection.collections_off)
    properties = {name: set(off) for name, off in connection.properties_off.items()}
    for key in shown:
        owner, *names = key.split("/", 2)
        if owner != str(connection.pk) or not names:
            continue
        off = collections if len(names) == 1 else properties.setdefault(names[0], set())
        (off.discard if key in ticked else off.add)(names[-1])
    return sorted(collections), {name: sorted(off) for name, off in sorted(properties.items()) if off}
