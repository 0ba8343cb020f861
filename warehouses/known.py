"""What the columns of a connection's tables are and why, kept with us: so a dropped one is noticed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from warehouses.models import Column as KnownColumn
from warehouses.models import Connection
from workspace.hub.columns import SYSTEM_NAMES, Change, Type
from workspace.hub.models import Collection


def remember(
    connection: Connection, collection: Collection, types: Mapping[str, Type], learned: Iterable[Change]
) -> None:
    """Keep a table's columns: new ones, those just learned or widened with the reason, and whatever differs.

    A column differs when a worker died between widening it and this.
    """
    owner = {"connection": connection, "collection": collection}
    before = {
        name: (type_, reason)
        for name, type_, reason in KnownColumn.objects.filter(**owner).values_list("name", "type", "reason")
    }
    reasons = {change.name: change.sentence[:200] for change in learned}
    now = {
        name: (type_, reasons.get(name, before.get(name, ("", ""))[1]))
        for name, type_ in types.items()
        if name not in SYSTEM_NAMES
    }
    KnownColumn.objects.bulk_create(
        [
            KnownColumn(**owner, name=name, type=type_, reason=reason)
            for name, (type_, reason) in now.items()
            if before.get(name) != (type_, reason)
        ],
        update_conflicts=True,
        unique_fields=["connection", "collection", "name"],
        update_fields=["type", "reason", "changed_at"],
    )
