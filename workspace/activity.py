"""Runs of both sides as one list in order of time, however long the history.

Each side keeps its runs in a table of its own. A list is made of strands that an index yields in order (all runs of a
workspace, those of one source, those of one status), of each no more rows than are shown; then they are merged. So the
first page and the thousandth cost the same, and so do the newest runs of a hundred sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.http import HttpRequest

from workspace.models import Workspace
from workspace.pages import Key, Slab, page_by_key
from workspace.runs import Run

SIDES = {
    "source": ("sources", "SourceSync", "source"),
    "warehouse": ("warehouses", "WarehouseSync", "connection"),
}
"""App, model and owner of the runs of each side."""

PLAIN = [
    "id",
    "status",
    "trigger",
    "started_by_id",
    "queued_at",
    "started_at",
    "finished_at",
    "cancel_requested",
    "waiting_until",
    "waiting_for",
    "requests",
    "waited",
    "rows",
]
HAS_DONE = (Run.Status.SUCCESS, Run.Status.PARTIAL, Run.Status.FAILED)
"""Runs that ended by themselves and say how it went."""


def runs_of(side: str) -> type[Run]:
    """The model of a side's runs."""
    app, model, _ = SIDES[side]
    return apps.get_model(app, model)


def owner_of(run: Run) -> Any:
    """The id of the source or the connection whose run it is."""
    return getattr(run, f"{SIDES[run.side][2]}_id")


@dataclass(frozen=True)
class Wanted:
    """Which runs: sides with their owners (None: every one of the workspace), status and period."""

    workspace: Workspace
    owners: dict[str, Sequence[Any] | None]
    statuses: Sequence[str] = ()
    since: datetime | None = None
    told: bool = False
    """Whether the notices themselves are read, not only how many there are."""

    def fetch(self, key: Key | None, newer: bool, limit: int) -> list[Run]:
        """So many runs next to the key (None: the newest), as `page_by_key` wants them."""
        strands = [_Strand(self, side, key, newer, limit) for side, ids in self.owners.items() if ids != []]
        return _merged(strands, newer, limit)

    def page(self, request: HttpRequest, size: int = 25) -> Slab[Run]:
        """The page of the list that the request asks for."""
        return page_by_key(self.fetch, request, size, to_pk=runs_of("source")._meta.pk.to_python)

    def latest(self) -> dict[tuple[str, Any], Run]:
        """The newest run of each owner, by side and owner's id; skipped ones say nothing about their owner."""
        statuses = self.statuses or [status for status in Run.Status.values if status != Run.Status.SKIPPED]
        each = replace(self, statuses=statuses, since=None)
        strands = [_Newest(each, side, None, False, 1) for side, ids in self.owners.items() if ids]
        return {(run.side, owner_of(run)): run for run in _read(strands, "")} if strands else {}


@dataclass(frozen=True)
class _Strand:
    """The SQL of one side's part of a list."""

    wanted: Wanted
    side: str
    key: Key | None
    newer: bool
    limit: int

    @property
    def sql(self) -> str:
        """One ordered look into the table, or one for each owner and status asked for."""
        way = "ASC" if self.newer else "DESC"
        order = f"ORDER BY t.queued_at {way}, t.id {way} LIMIT {self.limit}"
        look = f"SELECT {', '.join(self._columns())} FROM {runs_of(self.side)._meta.db_table} t"
        lists, where = self._lists()
        look = f"{look} WHERE {' AND '.join([*where, *self._bounds()])} {order}"
        return f"SELECT r.* FROM {', '.join([*lists, f'LATERAL ({look}) r'])}" if lists else f"({look})"

    @property
    def values(self) -> list[Any]:
        """What stands for each %s, in their order."""
        wanted, owners = self.wanted, self.wanted.owners[self.side]
        values: list[Any] = [] if owners is None else [list(owners)]
        values += [list(wanted.statuses)] if wanted.statuses else []
        values += [wanted.workspace.pk] if owners is None else []
        values += [wanted.since] if wanted.since else []
        return values + (list(self.key) if self.key else [])

    def _lists(self) -> tuple[list[str], list[str]]:
        lists, where = [], []
        if self.wanted.owners[self.side] is None:
            where.append("t.workspace_id = %s")
        else:
            owner = runs_of(self.side)._meta.get_field(SIDES[self.side][2])
            kind = owner.target_field.rel_db_type(connection)  # type: ignore[union-attr]
            lists.append(f"unnest(%s::{kind}[]) AS o(id)")
            where.append(f"t.{owner.column} = o.id")  # type: ignore[union-attr]
        if self.wanted.statuses:
            lists.append("unnest(%s::text[]) AS s(status)")
            where.insert(0, "t.status = s.status")
        return lists, where

    def _bounds(self) -> Iterator[str]:
        if self.wanted.since:
            yield "t.queued_at >= %s"
        if self.key:
            yield f"(t.queued_at, t.id) {'>' if self.newer else '<'} (%s, %s::uuid)"

    def _columns(self) -> Iterator[str]:
        yield f"'{self.side}' AS side"
        yield f"t.{SIDES[self.side][2]}_id::text AS owner_id"
        yield from (f"t.{name}" for name in PLAIN)
        yield "CASE WHEN t.finished_at IS NULL THEN t.counts END AS counts"
        yield "jsonb_array_length(t.notices) AS noticed"
        yield f"{'t.notices' if self.wanted.told else 'NULL::jsonb'} AS notices"


@dataclass(frozen=True)
class _Newest(_Strand):
    """The newest run of each owner: found in the index alone, then read."""

    @property
    def sql(self) -> str:
        """One look for each status, one run of what they find, for each owner."""
        (owners, statuses), where = self._lists()
        table = runs_of(self.side)._meta.db_table
        order = "ORDER BY queued_at DESC, id DESC LIMIT 1"
        look = f"SELECT t.id, t.queued_at FROM {table} t WHERE {' AND '.join(where)} {order}"
        newest = f"SELECT l.id FROM {statuses}, LATERAL ({look}) l {order}"
        # One look by its key for each: a join would be free to read the whole table.
        row = f"SELECT {', '.join(self._columns())} FROM {table} t WHERE t.id = n.id LIMIT 1"
        return f"SELECT r.* FROM {owners}, LATERAL ({newest}) n, LATERAL ({row}) r"


def _merged(strands: Sequence[_Strand], newer: bool, limit: int) -> list[Run]:
    way = "ASC" if newer else "DESC"
    return _read(strands, f"ORDER BY queued_at {way}, id {way} LIMIT {limit}") if strands else []


def _read(strands: Sequence[_Strand], order: str) -> list[Run]:
    found = " UNION ALL ".join(strand.sql for strand in strands)
    values = [value for strand in strands for value in strand.values]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({found}) m {order}", values)
        names = [column.name for column in cursor.description]
        return [_run(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _run(row: dict[str, Any]) -> Run:
    """A run as its model, without what lists do not show."""
    side, noticed = row.pop("side"), row.pop("noticed")
    owner = runs_of(side)._meta.get_field(SIDES[side][2])
    row[owner.attname] = owner.to_python(row.pop("owner_id"))  # type: ignore[union-attr]
    for name, empty in (("counts", {}), ("notices", [])):
        row[name] = json.loads(row[name]) if row[name] else empty
    run = runs_of(side)(**row)
    run.noticed = noticed
    return run
