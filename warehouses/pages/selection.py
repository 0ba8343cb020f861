"""Selective Sync: which collections and properties of each source a warehouse gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from warehouses.models import Column, Connection
from warehouses.select import change_selection
from workspace import audit
from workspace.hub.columns import SYSTEM
from workspace.hub.models import Collection
from workspace.models import User

FIXED = [column.name for column in SYSTEM]
"""Columns that cannot be turned off."""


@dataclass
class Choice:
    """A collection with its properties: name, type, on."""

    collection: Collection
    on: bool
    properties: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def chosen(self) -> int:
        """How many properties are on."""
        return sum(on for _, _, on in self.properties)


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
    """What can be chosen in each connection, and what is. Two queries for any number of connections."""
    connections = list(connections)
    columns: dict[tuple[int, int], list[Any]] = {}
    for column in Column.objects.filter(connection__in=connections).order_by("name"):
        columns.setdefault((column.connection_id, column.collection_id), []).append(column)
    collections: dict[int, list[Collection]] = {}
    for collection in Collection.objects.filter(schema__in=[one.schema_id for one in connections]):
        collections.setdefault(collection.schema_id, []).append(collection)
    return [
        Group(one, [_choice(one, known, columns) for known in collections.get(one.schema_id, [])])
        for one in connections
    ]


def save_selection(connections: Iterable[Connection], posted: Any, by: User) -> int:
    """Save what was ticked; returns how many connections changed.

    Every collection and property that was shown is named in `shown`: what appeared meanwhile stays on.
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


def _choice(
    connection: Connection, collection: Collection, columns: dict[tuple[int, int], list[Any]]
) -> Choice:
    off = connection.properties_off.get(collection.name, [])
    known = columns.get((connection.pk, collection.pk), [])
    names = {column.name: column.type for column in known} | {name: "" for name in off if name not in known}
    types = {column.name: column.type for column in known}
    properties = [(name, types.get(name, ""), name not in off) for name in sorted(names)]
    return Choice(collection, collection.name not in connection.collections_off, properties)


def _off(
    connection: Connection, shown: list[str], ticked: set[str]
) -> tuple[list[str], dict[str, list[str]]]:
    """Keys read `connection/collection` or `connection/collection/property`."""
    collections: list[str] = []
    properties: dict[str, list[str]] = {}
    for key in shown:
        parts = key.split("/")
        if parts[0] != str(connection.pk) or key in ticked:
            continue
        if len(parts) == 2:
            collections.append(parts[1])
        elif len(parts) == 3:
            properties.setdefault(parts[1], []).append(parts[2])
    return sorted(collections), {name: sorted(names) for name, names in sorted(properties.items())}
