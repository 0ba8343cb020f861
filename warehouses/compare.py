"""A comparison: every table of a connection against what the Hub says, value by value, and repair where wanted.

The expected rows are made from the Hub as a flush would make them. Their checksums per bucket of ids are compared with
the table's; the rows of buckets that differ are staged in the warehouse and compared there, as the database stores
them. Objects that changed after the watermark are left to the next flush.

Syncs and flushes go on meanwhile. So what was found is confirmed: a row counts as differing, and a repair is committed,
only while its object is still as it was compared. Then no repair can set a row back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from warehouses import erasing
from warehouses.comparisons import queue_comparison
from warehouses.engines.base import Row, Session
from warehouses.findings import Finding
from warehouses.flush import SLICE_OBJECTS, lay_out
from warehouses.models import Column as KnownColumn
from warehouses.models import Comparison, Connection, Watermark
from workspace.foreground import run_to_end
from workspace.hub import store
from workspace.hub.checksums import Checksums, add_rows, differing_buckets
from workspace.hub.columns import SYSTEM, SYSTEM_NAMES, Column, Layout, Type
from workspace.hub.room import Room
from workspace.runs import Lease, Run
from workspace.slices import Slice, SliceOver, take_slice


@dataclass(slots=True)
class Table:
    """A table under comparison, as far as version `until`, by the columns that we made and that are there."""

    mark: Watermark
    until: int
    stored: dict[str, Type]
    layout: Layout
    finding: Finding

    @property
    def name(self) -> str:
        """Its name in the warehouse."""
        return self.mark.collection.name

    @property
    def columns(self) -> list[Column]:
        """The columns compared, in the order of a row's values."""
        return [*SYSTEM, *(Column(n, type_) for n, type_ in self.stored.items() if n not in SYSTEM_NAMES)]

    @property
    def complete(self) -> bool:
        """Whether it is there and has its system columns, without which nothing can be compared."""
        return self.stored.keys() >= SYSTEM_NAMES

    def unchanged(self, ids: set[str]) -> set[str]:
        """Those of the ids whose rows must still be as compared: neither Hub nor watermark has moved on."""
        if not Watermark.objects.filter(pk=self.mark.pk, version__gte=self.until).exists():
            return set()
        return store.unchanged(self.mark.collection_id, ids, self.until)


def compare(connection: Connection, trigger: str = Run.Trigger.MANUAL, *, repair: bool = False) -> Comparison:
    """Compare a connection here and now, to the end; joins a comparison that is under way."""
    run = queue_comparison(connection, trigger, repair=repair)
    return run_to_end(run, lambda: run_slice(run.pk), lambda run: None)


def run_slice(run_id: Any, *, seconds: float | None = None) -> bool:
    """Work on a comparison for about `seconds`; see `workspace.slices.take_slice`."""
    return take_slice(Comparison, run_id, lambda run, lease: CompareSlice(run, lease, seconds))


class CompareSlice(Slice[Comparison]):
    """One worker's turn on a comparison; the run's `progress` says how far its last table has come."""

    def __init__(self, run: Comparison, lease: Lease, seconds: float | None) -> None:
        super().__init__(run, lease, seconds)
        self.connection: Connection = run.connection
        self.schema = self.connection.schema.name
        self.findings = [Finding(**finding) for finding in run.findings]

    def work(self) -> None:
        """Every table that something has been flushed into."""
        off = self.connection.collections_off
        marks = self.connection.watermarks.filter(version__gt=0).exclude(collection__name__in=off)
        with self.connection.warehouse.engine().open() as session:
            for mark in marks.select_related("collection").order_by("collection__position"):
                finding = self._finding(mark)
                if not finding.ended:
                    self._compare(session, mark, finding)
                    finding.ended = True
                    finding.tell(self.run)
                    self._save()
                    self.pause_if_late()

    def outcome(self, *, failed: bool) -> str:
        """Success: everything is as the Hub says, by now at least. Partial: something is not."""
        if failed:
            return Run.Status.FAILED
        return Run.Status.PARTIAL if self.run.troubled else Run.Status.SUCCESS

    def finish(self, status: str) -> None:
        """End the run, unless somebody has asked meanwhile for a repair of what it found."""
        with transaction.atomic():
            wanted = Comparison.objects.select_for_update().only("repair").get(pk=self.run.pk).repair
            if status == Run.Status.PARTIAL and wanted and not self.run.repair:
                raise SliceOver
            super().finish(status)

    def _finding(self, mark: Watermark) -> Finding:
        """The finding about a table: the one begun or ended, or a new one.

        It begins anew when a repair is wanted that it was made without, and when rows are being written again.
        """
        name, rewound = mark.collection.name, self.run.progress.get("until", 0) > mark.version
        for finding in self.findings:
            mended = finding.sound or finding.repairing or not self.run.repair
            if finding.collection == name and mended and (finding.ended or not rewound):
                return finding
        self.findings = [finding for finding in self.findings if finding.collection != name]
        self.run.notices = [notice for notice in self.run.notices if notice["collection"] != name]
        self.run.progress = {"until": mark.version, "after": 0, "sums": {}, "buckets": None}
        self.findings.append(Finding(name, repairing=self.run.repair))
        return self.findings[-1]

    def _compare(self, session: Session, mark: Watermark, finding: Finding) -> None:
        table = self._table(session, mark, finding)
        if not table.complete:
            finding.differs(store.object_ids(mark.collection_id, until=table.until))
        elif buckets := self._differing_buckets(session, table):
            self._compare_rows(session, table, buckets)
            surplus = session.surplus(self.schema, table.name, store.object_ids(mark.collection_id))
            finding.exceeds(erasing.erase_again(session, self.connection, table.name, surplus))
        session.commit()

    def _table(self, session: Session, mark: Watermark, finding: Finding) -> Table:
        """What there is to compare; a repair first makes dropped tables and columns again, empty."""
        name = mark.collection.name
        off = frozenset(self.connection.properties_off.get(name, []))
        made = KnownColumn.objects.filter(connection=self.connection, collection=mark.collection)
        known = {c.name: c.type for c in SYSTEM} | {c.name: Type(c.type) for c in made if c.name not in off}
        found = session.describe(self.schema).get(name, {})
        lost = known.keys() - found.keys()
        finding.lacks(not found, lost)
        if lost and self.run.repair:
            session.create_schema(self.schema, self.run.workspace.mark)
            session.create_table(self.schema, name, [])
            session.add_columns(self.schema, name, [Column(column, known[column]) for column in lost])
            found = session.describe(self.schema)[name]
        session.commit()
        stored = {column: type_ for column, type_ in found.items() if column in known}
        full = Room(lambda: 0, session.most_values)  # what has no column now has its place in OVERFLOW
        layout = Layout(stored, off, room=full)
        return Table(mark, self.run.progress["until"], stored, layout, finding)

    def _differing_buckets(self, session: Session, table: Table) -> list[str]:
        """Buckets of ids in which anything differs: checksums of what is expected against those of the table."""
        progress = self.run.progress
        if progress["buckets"] is None:
            sums: Checksums = {bucket: tuple(sum_) for bucket, sum_ in progress["sums"].items()}
            for rows in self._expected(table):
                add_rows(sums, rows, len(table.columns))
                table.finding.rows += len(rows)
                progress["sums"] = sums
            later = store.object_ids(table.mark.collection_id, after=table.until)
            found = session.checksums(self.schema, table.name, table.columns, later)
            session.commit()
            progress.update(after=0, sums={}, buckets=differing_buckets(sums, found))
        return list(progress["buckets"])

    def _compare_rows(self, session: Session, table: Table, buckets: list[str]) -> None:
        """The rows of these buckets, value by value."""
        for rows in self._expected(table, buckets):
            differing = session.differing(self.schema, table.name, table.columns, rows)
            ids = table.unchanged(set(differing))
            repaired = self._repair(session, table, rows, ids) if self.run.repair else 0
            session.commit()
            table.finding.differs(sorted(ids), repaired)

    def _repair(self, session: Session, table: Table, rows: list[Row], ids: set[str]) -> int:
        """Write these rows again; what changes in the Hub meanwhile is left to the next flush."""
        while ids:
            wanted = [row for row in rows if row[0] in ids]
            restored = session.restore(self.schema, table.name, table.columns, wanted)
            still = table.unchanged(ids)
            if still == ids:
                return restored
            session.rollback()
            ids = still
        return 0

    def _expected(self, table: Table, buckets: list[str] | None = None) -> Iterator[list[Row]]:
        """The rows there should be, slice by slice; between two slices the turn may end."""
        progress, width = self.run.progress, len(table.columns)
        limits = (table.until, SLICE_OBJECTS, buckets)
        while changes := store.changes(table.mark.collection_id, progress["after"], *limits):
            yield [lay_out(change, table.layout)[:width] for change in changes]
            progress["after"] = changes[-1].version
            self.lease.check()
            if buckets is not None or self.late:
                self._save()
            self.pause_if_late()

    def _save(self) -> None:
        """Findings, sentences and how far we are, with the lease, in one transaction."""
        with transaction.atomic():
            self.lease.commit_point(
                findings=[asdict(finding) for finding in self.findings],
                progress=self.run.progress,
                notices=self.run.notices,
                log=self.run.log,
            )
