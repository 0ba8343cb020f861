"""Proof by reading back: every row of a table against the Hub, value by value, and repair of those that differ.

The expected rows are made from the Hub as a flush would make them, staged in the warehouse and compared there, so
that types are compared as the database stores them. No request goes to the vendor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from warehouses.engines.base import Row, Session
from warehouses.flush import SLICE_OBJECTS, lay_out
from warehouses.models import Connection
from workspace.hub import store
from workspace.hub.columns import SYSTEM, Column, Layout
from workspace.hub.models import Collection


@dataclass(slots=True)
class Finding:
    """What the comparison of one table found: ids of rows that are missing or differ, and of rows too many."""

    collection: str
    rows: int = 0
    differing: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    repaired: int = 0

    @property
    def sound(self) -> bool:
        """Whether the table is what the Hub says."""
        return not self.differing and not self.surplus


def verify(connection: Connection, *, repair: bool = False) -> list[Finding]:
    """Compare every table of a connection with the Hub as far as it has been flushed.

    Objects that changed after the watermark are left to the next flush. With `repair` differing rows are written
    again from the Hub; surplus rows are only named: nothing is ever deleted from a warehouse.
    """
    with connection.warehouse.engine().open() as session:
        marks = connection.watermarks.select_related("collection").order_by("collection__position")
        wanted = [mark for mark in marks if mark.collection.name not in connection.collections_off]
        return [_compare(session, connection, mark.collection, mark.version, repair) for mark in wanted]


def _compare(
    session: Session, connection: Connection, collection: Collection, until: int, repair: bool
) -> Finding:
    schema, table = connection.schema.name, collection.name
    finding = Finding(table)
    known = session.describe(schema).get(table)
    if known is None:
        finding.differing = list(store.object_ids(collection.pk, until=until))
        return finding
    off = frozenset(connection.properties_off.get(table, []))
    for columns, rows in _expected(collection, until, Layout(known, off)):
        finding.rows += len(rows)
        ids = set(session.differing(schema, table, columns, rows))
        finding.differing += sorted(ids)
        if repair and ids:
            finding.repaired += session.restore(
                schema, table, columns, [row for row in rows if row[0] in ids]
            )
    finding.surplus = session.surplus(schema, table, store.object_ids(collection.pk))
    session.commit()
    return finding


def _expected(collection: Collection, until: int, layout: Layout) -> Iterator[tuple[list[Column], list[Row]]]:
    after = 0
    while slice_ := store.changes(collection.pk, after, until, SLICE_OBJECTS):
        rows = [lay_out(change, layout) for change in slice_]
        after = slice_[-1].version
        yield [*SYSTEM, *layout.columns], rows
