"""A warehouse sync: what changed in the Hub since the watermark, into one warehouse.

Small deltas of all collections commit together, so that no reader sees a case whose customer is not there yet; a
large backfill commits every half second. The watermark moves after the warehouse has committed: a crash in between
makes the next run repeat the slices, which the version guard of the merge turns into nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from warehouses import erasing, known, watermarks
from warehouses.engines.base import Row, Session
from warehouses.models import CollectionResult, Connection, WarehouseSync, Watermark
from warehouses.models import Column as KnownColumn
from warehouses.restored import overtake
from warehouses.schedule import retry_later
from warehouses.targets import Target
from warehouses.watermarks import Rewound
from warehouses.widening import Wider, widen, widened_aside
from workspace.ahead import Ahead
from workspace.errors import ConfigError, PublicError, TransientError
from workspace.hub import store
from workspace.hub.columns import SYSTEM, SYSTEM_NAMES, Change, Column, Layout, Type
from workspace.hub.models import Collection
from workspace.hub.names import OVERFLOW
from workspace.hub.room import Room
from workspace.payload import parse
from workspace.runs import Cancelled, Lease, Run
from workspace.slices import Slice, take_slice

log = logging.getLogger(__name__)

SLICE_OBJECTS = 1000
"""Objects staged and merged at a time: sets the memory, hardly the speed."""
COMMIT_SECONDS = 0.5
"""How long slices of a backfill are gathered for one commit: the most that a crash can cost beyond the one at work."""
TOGETHER = 20_000
"""Up to this many changes all collections commit in one transaction."""
Watch = Callable[[WarehouseSync, str, int, int], None]
"""Told after each slice: the run, the collection, objects flushed of it in this run, objects expected."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A slice of the Hub as rows: what the table needs first, the rows, and the version after them."""

    columns: list[Column]
    changes: list[Change]
    warnings: list[str]
    rows: list[Row]
    version: int
    seconds: float


def run_slice(run_id: Any, *, seconds: float | None = None, watch: Watch | None = None) -> bool:
    """Work on a warehouse sync for about `seconds`; see `workspace.slices.take_slice`."""
    return take_slice(WarehouseSync, run_id, lambda run, lease: FlushSlice(run, lease, seconds, watch))


def prepare(target: Target, layout: Layout) -> Iterator[Prepared]:
    """The target's changes as slices of rows; runs ahead of the warehouse in its own thread."""
    after, started = target.reached, time.monotonic()
    while slice_ := store.changes(target.collection.pk, after, target.until, SLICE_OBJECTS):
        rows = [lay_out(change, layout) for change in slice_]
        after = slice_[-1].version
        columns, changes = [*SYSTEM, *layout.columns], layout.take_changes()
        yield Prepared(columns, changes, layout.take_warnings(), rows, after, time.monotonic() - started)
        started = time.monotonic()


def lay_out(change: store.Change, layout: Layout) -> Row:
    """An object as a row: the system columns, then its properties."""
    row = layout.row(parse(change.payload))
    return [
        change.object_id, change.received_at, change.digest, None, change.version, change.deleted_at, *row
    ]  # fmt: skip


class FlushSlice(Slice[WarehouseSync]):
    """One worker's turn on a warehouse sync."""

    def __init__(self, run: WarehouseSync, lease: Lease, seconds: float | None, watch: Watch | None) -> None:
        super().__init__(run, lease, seconds)
        self.watch = watch
        self.connection: Connection = run.connection
        self.schema = self.connection.schema.name
        self.tables: dict[str, dict[str, Type]] = {}
        self._results: dict[int, CollectionResult] = {}
        self._looked_at: dict[str, Target] = {}
        self._settings: Any = None
        self._may_pass = False

    def work(self) -> None:
        """Flush what is pending and read the counts back; begin again when somebody changes what that is."""
        while True:
            try:
                return self._work()
            except Rewound:
                self.run.say("What is to be flushed was changed meanwhile; looking again.")
            except TransientError:
                self._may_pass = True
                raise

    def _work(self) -> None:
        """One attempt; with nothing pending and nothing to erase the warehouse is left alone."""
        pending = self._pending()
        self.run.say(f"{len(pending)} collections have changes in the Hub.")
        # Before anything is read from the Hub: what is read afterwards does not hold it any more.
        wanted = erasing.wanted_of(self.connection)
        if pending or wanted:
            self._settings = self.connection.warehouse.settings
            with self.connection.warehouse.engine().open() as session:
                for erasure in wanted:
                    erasing.erase(session, self.connection, erasure, self.run, self.lease)
                if pending:
                    self._read_back(session, self._flush(session))

    def outcome(self, *, failed: bool) -> str:
        """Success: nothing to complain about. Partial: notices and some rows. Failed: notices and no rows."""
        if not self.run.troubled and not failed:
            return Run.Status.SUCCESS
        return Run.Status.PARTIAL if any(r.rows for r in self.run.results.all()) else Run.Status.FAILED

    def finish(self, status: str) -> None:
        """End the run; what the last comparison found is said by every run until it is repaired."""
        compared = self.connection.comparisons.filter(status__in=(Run.Status.SUCCESS, Run.Status.PARTIAL))
        last = compared.order_by("-queued_at", "-pk").first()
        if last is not None and last.status == Run.Status.PARTIAL:
            message = f"The comparison of {last.queued_at:%Y-%m-%d} found rows that are not as in the Hub."
            self.run.notice("info", "rows_differ", message, action="See what it found, and repair it.")
        with transaction.atomic():
            super().finish(status)
            if self._may_pass or any(count.get("may_pass") for count in self.run.counts.values()):
                retry_later(self.run)

    def _pending(self) -> list[Target]:
        """What is to be flushed, all collections as they stood at one moment."""
        stood = Collection.objects.filter(schema=self.connection.schema)
        marks = {mark.collection_id: mark for mark in self.connection.watermarks.all()}
        self.connection.refresh_from_db()  # after the marks: who changes it sends them back
        if not (self.connection.enabled and self.connection.warehouse.enabled):
            self.run.notice("info", "turned_off", "The connection or its warehouse has been turned off.")
            raise Cancelled
        results = {result.collection_id: result for result in self.run.results.all()}
        targets = [
            self._target(collection, marks, results)
            for collection in stood
            if collection.name not in self.connection.collections_off
        ]
        self._results = results | {target.collection.pk: target.result for target in targets}
        return [target for target in targets if target.reached < target.until]

    def _target(
        self, collection: Collection, marks: dict[int, Watermark], results: dict[int, CollectionResult]
    ) -> Target:
        mark = marks.get(collection.pk) or Watermark(connection=self.connection, collection=collection)
        result = results.get(collection.pk) or CollectionResult(sync=self.run, collection=collection)
        return Target(
            collection, mark, collection.version, collection.objects_stored, result, reached=mark.version
        )

    def _flush(self, session: Session) -> list[Target]:
        """All that is pending, begun again whenever a column of a large table had to be widened first."""
        self._looked_at = {}
        while True:
            try:
                self._attempt(session)
                return list(self._looked_at.values())
            except Wider as wanted:
                self._widen(session, wanted.target, wanted.changes)

    def _attempt(self, session: Session) -> None:
        """Together when it is little, else (or when a table refuses) one table at a time."""
        targets = self._look(session)
        if sum(target.pending for target in targets) <= TOGETHER:
            try:
                return self._flush_together(session, targets)
            except PublicError as error:
                if session.lost:
                    raise
                log.info("Warehouse sync %s goes on table by table after %s", self.run.pk, error.code)
                session.rollback()
                targets = self._look(session)
        return self._flush_apart(session, targets)

    def _widen(self, session: Session, target: Target, changes: Sequence[Change]) -> None:
        """Widen columns of a table in transactions of their own; a table that refuses is left to the next run."""
        try:
            for change in changes:
                widen(session, self.schema, target.name, change, self.run, self.lease)
                with transaction.atomic():
                    self.lease.commit_point(notices=self.run.notices, log=self.run.log)
                    known.remember(self.connection, target.collection, {change.name: change.new}, [change])
        except PublicError as error:
            if session.lost:
                raise
            session.rollback()
            self._refused(target, error)

    def _look(self, session: Session) -> list[Target]:
        """What is pending, how much of it, and what the warehouse has."""
        session.create_schema(self.schema, self.connection.warehouse.workspace.mark)
        self.tables = session.describe(self.schema)
        targets = [
            target for target in self._pending() if "error" not in self.run.counts.get(target.name, {})
        ]
        if self.connection.warehouse.settings != self._settings:
            raise Rewound
        if self.connection.restored_at:
            tables = [(target.collection, target.name) for target in targets if target.name in self.tables]
            overtake(session, self.connection, tables)
        self._looked_at |= {target.name: target for target in targets}
        for target in targets:
            self._notice_losses(target)
            target.pending = store.count_changes(target.collection.pk, target.reached, TOGETHER + 1)
            span = {"from": target.reached, "until": target.until}
            self.run.counts.setdefault(target.name, span)["until"] = target.until
        return targets

    def _notice_losses(self, target: Target) -> None:
        """A table or column that somebody dropped is filled again from the Hub; that is decided once, not at each look.

        A lost column is forgotten with it: it comes back when an object has a value for it.
        """
        mark, table = target.watermark, self.tables.get(target.name)
        if mark.version == 0:
            return
        known = KnownColumn.objects.filter(connection=self.connection, collection=target.collection)
        off = self.connection.properties_off.get(target.name, [])
        lost = (SYSTEM_NAMES | set(known.values_list("name", flat=True))) - set(table or ()) - set(off)
        if table is not None and not lost:
            return
        target.reached = 0
        with transaction.atomic():
            watermarks.save(mark, 0, max(mark.rewrite_until, target.until))
            known.filter(name__in=lost).delete()
            what = f"Columns {', '.join(sorted(lost))}" if table else "The table"
            message = f"{what} had been dropped in the warehouse and was filled again from the Hub."
            self.run.notice("info", "refilled", message, collection=target.name)
            self.lease.commit_point(notices=self.run.notices)

    def _flush_together(self, session: Session, targets: list[Target]) -> None:
        """Everything in one transaction of the warehouse."""
        for target in targets:
            for _ in self._load(session, target):
                self.lease.check()
        session.commit()
        self._save(targets)

    def _flush_apart(self, session: Session, targets: list[Target]) -> None:
        """A few slices at a time; a table that refuses is a notice and the others go on."""
        session.commit()  # the schema, which a refusal would take back
        for target in targets:
            try:
                committed = time.monotonic()
                for _ in self._load(session, target):
                    self.lease.check()
                    if self.late or time.monotonic() - committed >= COMMIT_SECONDS:
                        self._commit(session, target)
                        self.pause_if_late()
                        committed = time.monotonic()
                self._commit(session, target)
            except PublicError as error:
                if session.lost:
                    raise
                session.rollback()
                self._refused(target, error)

    def _commit(self, session: Session, target: Target) -> None:
        session.commit()
        self._save([target])

    def _refused(self, target: Target, error: PublicError) -> None:
        """Leave a table to the next run; kept with the run, so that its further slices leave it alone as well."""
        target.loaded = 0
        self.run.counts[target.name] |= {"error": error.code, "may_pass": isinstance(error, TransientError)}
        self.run.notice("error", error.code, error.message, collection=target.name, action=error.action)
        self.lease.commit_point(counts=self.run.counts, notices=self.run.notices)
        self.pause_if_late()

    def _load(self, session: Session, target: Target) -> Iterator[None]:
        """Merge the target's slices, one after the other; the caller commits."""
        off = frozenset(self.connection.properties_off.get(target.name, []))
        fits_float = partial(session.fits_float, self.schema, target.name)
        room = Room(partial(session.room, self.schema, target.name), session.most_values)
        layout, flushed = Layout(self.tables.get(target.name, {}), off, fits_float, room), 0
        with Ahead(prepare(target, layout), 1, self.lease.check) as slices:
            for slice_ in slices:
                started = time.monotonic()
                self._shape(session, target, slice_)
                rewrite = target.reached < target.watermark.rewrite_until
                rows = session.merge(self.schema, target.name, slice_.columns, slice_.rows, rewrite=rewrite)
                target.reached = slice_.version
                target.loaded += rows
                target.result.preparation += slice_.seconds
                target.result.loading += time.monotonic() - started
                flushed += len(slice_.rows)
                yield
                if self.watch:
                    self.watch(self.run, target.name, flushed, target.pending)
        target.reached, result = target.until, target.result
        times = f"{result.preparation:.1f} s to prepare, {result.loading:.1f} s to load"
        self.run.say(f"{target.name}: {result.rows + target.loaded:,} rows, {times}.")

    def _shape(self, session: Session, target: Target, slice_: Prepared) -> None:
        """Make the table fit the slice: columns are only ever added or widened."""
        if target.name not in self.tables:
            session.create_table(self.schema, target.name, [])
            target.made = True
            self.tables[target.name] = {column.name: column.type for column in SYSTEM}
        self._mend(session, target)
        if not target.made and (wider := widened_aside(session, self.schema, target.name, slice_.changes)):
            raise Wider(target, wider)
        if new := [change.column for change in slice_.changes if change.old is None]:
            session.add_columns(self.schema, target.name, new)
        for change in slice_.changes:
            if change.name == OVERFLOW:
                target.news.append(("overflow", change.sentence))
            elif change.old is not None:
                session.widen(self.schema, target.name, change.column)
                target.news.append(("column_widened", change.sentence))
        target.news += [("column_warning", warning) for warning in slice_.warnings]
        self.tables[target.name].update({change.name: change.new for change in slice_.changes})
        target.learned += slice_.changes

    def _mend(self, session: Session, target: Target) -> None:
        """Give a table back the system columns that somebody dropped, but for its key."""
        missing = [column for column in SYSTEM if column.name not in self.tables[target.name]]
        if any(column.name == "id" for column in missing):
            table = f"{self.schema}.{target.name}"
            raise ConfigError(
                f"{table} has lost its column id.",
                code="id_missing",
                action=f"DROP TABLE {table}; -- it is made and filled again at the next sync",
            )
        if missing:
            session.add_columns(self.schema, target.name, missing)
            self.tables[target.name] |= {column.name: column.type for column in missing}

    def _save(self, targets: list[Target]) -> None:
        """Watermarks, results and columns, with the lease, in one transaction of ours."""
        for target in targets:
            target.result.rows += target.loaded
            target.loaded, target.made = 0, False
            for code, sentence in target.news:
                self.run.notice("info", code, sentence, collection=target.name)
            target.news = []
        with transaction.atomic():
            self.run.rows = sum(result.rows for result in self._results.values())
            fields = {name: getattr(self.run, name) for name in ("counts", "notices", "log", "rows")}
            self.lease.commit_point(**fields)
            for target in targets:
                watermarks.save(target.watermark, target.reached, target.watermark.rewrite_until)
                target.result.save()
                self._remember_columns(target)

    def _remember_columns(self, target: Target) -> None:
        if target.remembered and not target.learned:
            return
        known.remember(self.connection, target.collection, self.tables.get(target.name, {}), target.learned)
        target.remembered, target.learned = True, []

    def _read_back(self, session: Session, targets: list[Target]) -> None:
        """Count the tables as the warehouse sees them after the commit, against the Hub."""
        for target in targets:
            if target.watermark.version < target.until or target.name not in self.tables:
                continue
            counts = session.count(self.schema, target.name)
            target.result.rows_hub, target.result.rows_warehouse = target.stored, counts.rows
            target.result.save()
            moved = Collection.objects.get(pk=target.collection.pk).version != target.until
            if counts.rows != target.stored and not moved and not erasing.is_under_way(self.connection):
                message = f"The table has {counts.rows:,} rows, the Hub {target.stored:,} objects."
                action = f"manage.py verify_warehouse {self.connection.warehouse} --repair"
                self.run.notice("warning", "counts_differ", message, collection=target.name, action=action)
