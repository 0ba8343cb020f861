"""Selective sync: which collections and properties of a source a warehouse gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from warehouses.models import Connection
from warehouses.watermarks import rewind
from workspace.errors import ConfigError
from workspace.hub.columns import SYSTEM
from workspace.hub.models import Collection
from workspace.hub.names import OVERFLOW


def change_selection(
    connection: Connection, collections_off: Iterable[str], properties_off: Mapping[str, Iterable[str]]
) -> None:
    """Save what is turned off. Nothing is deleted in the warehouse.

    A collection that is turned on again catches up from its watermark; a property that is turned on again makes its
    collection a backfill from the Hub. So does any change of properties where some of them have no column of their own:
    what is in OVERFLOW hangs together. System columns cannot be turned off: raises ConfigError(code="system_column").
    """
    wanted = {name: sorted(set(columns)) for name, columns in properties_off.items() if columns}
    _refuse_system_columns(wanted)
    with transaction.atomic():
        stored = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        again = [n for n, off in stored.properties_off.items() if set(off) - set(wanted.get(n, []))]
        again += [n for n in _overflowing(stored) if stored.properties_off.get(n, []) != wanted.get(n, [])]
        backfill(connection, again)
        connection.collections_off, connection.properties_off = sorted(set(collections_off)), wanted
        connection.save(update_fields=["collections_off", "properties_off"])


def backfill(connection: Connection, collections: Iterable[str]) -> int:
    """Write every row of these collections again from the Hub at the next sync, without asking the vendor."""
    found = Collection.objects.filter(schema=connection.schema_id, name__in=list(collections))
    return rewind(connection, found, rewrite=True)


def _overflowing(connection: Connection) -> list[str]:
    """Collections of which not all properties have a column."""
    return list(connection.columns.filter(name=OVERFLOW).values_list("collection__name", flat=True))


def _refuse_system_columns(properties_off: Mapping[str, Iterable[str]]) -> None:
    system = {column.name for column in SYSTEM}
    for collection, columns in properties_off.items():
        if refused := sorted(system & set(columns)):
            raise ConfigError(f"{collection}.{refused[0]} cannot be turned off.", code="system_column")
