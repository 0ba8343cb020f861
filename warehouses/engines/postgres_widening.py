"""Widening a column of a large table beside it, so that nobody who reads the table waits.

ALTER COLUMN … TYPE rewrites the table under a lock that keeps every reader out, for seconds. Here a column of the new
type is filled beside the old one in many short transactions, and then the two change places, which takes milliseconds.
Somebody whose snapshot is older than that and who first reads the table afterwards finds the column empty; a rewrite
shows them an empty table.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg2
import psycopg2.errors

from warehouses.engines.postgres_link import TABLE_REWRITE, Link
from warehouses.engines.postgres_sql import SQL_TYPES, quoted, widened
from workspace.errors import TransientError
from workspace.hub.columns import Column, Type
from workspace.hub.names import WIDENING

LARGE = 64 << 20
"""Bytes of a table with its indexes. PostgreSQL rewrites about 100 MB a second, so that less is locked for no longer
than somebody notices; and a copy costs more than a rewrite."""
PAGES = 1_000
"""Pages filled in one transaction: 8 MB, a fraction of a second for whoever wants to write the same rows."""
LOCK = "300ms"
"""How long the lock that keeps readers out is asked for at a time: whoever comes to read waits behind it."""
PAUSE, PATIENCE = 0.5, 300.0
"""Seconds between two attempts at that lock, in which readers go on, and after which it is given up."""

T = TypeVar("T")
Progress = Callable[[float], None]
_ASIDE = quoted(WIDENING)

# A dropped column takes along what hangs on it, or is refused because of it; ALTER COLUMN … TYPE keeps it. Triggers
# would fire for every row, policies could hide some, and subscribers would receive a column they do not have.
_LONELY = """
    SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %(name)s
    WHERE c.oid = to_regclass(%(target)s) AND c.relkind = 'r' AND NOT c.relispartition
    AND NOT c.relrowsecurity AND NOT c.relhasrules AND pg_has_role(c.relowner, 'USAGE')
    AND NOT a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
    AND a.attacl IS NULL AND a.attoptions IS NULL AND coalesce(a.attstattarget, -1) < 0
    AND NOT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_class'::regclass
        AND refobjid = c.oid AND refobjsubid = a.attnum)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_type'::regclass
        AND refobjid = c.reltype AND deptype <> 'i')
    AND NOT EXISTS (SELECT FROM pg_description WHERE classoid = 'pg_class'::regclass
        AND objoid = c.oid AND objsubid = a.attnum)
    AND NOT EXISTS (SELECT FROM pg_seclabel WHERE classoid = 'pg_class'::regclass
        AND objoid = c.oid AND objsubid = a.attnum)
    AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhrelid, inhparent))
    AND NOT EXISTS (SELECT FROM pg_publication WHERE puballtables)
    AND NOT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass
        AND refobjid = c.relnamespace AND classid = to_regclass('pg_publication_namespace'))
"""
# Before version 14 a range of ctid is looked for in the whole table, at each step anew.
_WORTHWHILE = """
    AND current_setting('server_version_num')::int >= 140000 AND pg_total_relation_size(c.oid) >= %(large)s
"""


def is_worthwhile(link: Link, target: str, name: str) -> bool:
    """Whether the column of this name can and should be widened aside, if the table takes one more."""
    return bool(link.all(_LONELY + _WORTHWHILE, {"target": target, "name": name, "large": LARGE}))


class Aside:
    """The widening of one column of type `stored`; `progress` is told how much of it is done, and may raise."""

    def __init__(self, link: Link, target: str, column: Column, stored: Type, progress: Progress) -> None:
        self._link = link
        self._target = target
        self._column = column
        self._value = widened(quoted(column.name), stored, column.type)
        self._progress = progress
        self._ends = time.monotonic() + TABLE_REWRITE

    def widen(self) -> bool:
        """Widen and commit; False, and nothing done, when after all it has to be done in place."""
        try:
            places = self._patiently(self._add, 0.0)
            self._fill()
            return self._patiently(lambda: self._swap(places), 1.0)
        except psycopg2.errors.ProgramLimitExceeded:  # a row has no room for both columns
            self._forget()
            return False
        except BaseException:
            self._forget()
            raise

    def _add(self) -> list[tuple[int, int]]:
        """Make the new column, instead of one that a crash has left; returns where both are."""
        self._link.run(f"ALTER TABLE {self._target} DROP COLUMN IF EXISTS {_ASIDE}")
        self._link.run(f"ALTER TABLE {self._target} ADD COLUMN {_ASIDE} {SQL_TYPES[self._column.type]}")
        return self._places()

    def _fill(self) -> None:
        """Copy what has a value, some pages at a time; what a step has written is not missing any more."""
        sql = "SELECT pg_relation_size(to_regclass(%s)) / current_setting('block_size')::int"
        ((pages,),) = self._link.all(sql, [self._target])
        for page in range(0, pages + 1, PAGES):
            self._tell(page / (pages + 1))
            here = f"ctid >= '({page},0)'::tid AND ctid < '({page + PAGES},0)'::tid"
            missing = f"{_ASIDE} IS NULL AND {quoted(self._column.name)} IS NOT NULL"
            self._link.run(f"UPDATE {self._target} SET {_ASIDE} = {self._value} WHERE {here} AND {missing}")
            self._link.commit()
        self._tell(1.0)

    def _swap(self, places: list[tuple[int, int]]) -> bool:
        """Let the new column take the old one's place; False, without the new one, when something hangs on the old."""
        # Readers go on, writers wait.
        self._link.run(f"LOCK TABLE {self._target} IN SHARE ROW EXCLUSIVE MODE")
        if self._places() != places:
            message = f"The column {self._column.name} was changed while it was widened."
            raise TransientError(message, code="table_changed")
        self._catch_up()
        self._link.run(f"LOCK TABLE {self._target} IN ACCESS EXCLUSIVE MODE")
        name = quoted(self._column.name)
        lonely = bool(self._link.all(_LONELY, {"target": self._target, "name": self._column.name}))
        self._link.run(f"ALTER TABLE {self._target} DROP COLUMN {name if lonely else _ASIDE}")
        if lonely:
            self._link.run(f"ALTER TABLE {self._target} RENAME COLUMN {_ASIDE} TO {name}")
        return lonely

    def _catch_up(self) -> None:
        """Copy again what somebody else has written meanwhile; nobody does any more."""
        differing = f"{_ASIDE} IS DISTINCT FROM {self._value}"
        self._link.rewrite(f"UPDATE {self._target} SET {_ASIDE} = {self._value} WHERE {differing}")

    def _places(self) -> list[tuple[int, int]]:
        """Number and type of the old column and the new: they tell whether these are still the same."""
        return self._link.all(
            "SELECT attnum, atttypid FROM pg_attribute WHERE attrelid = to_regclass(%s)"
            " AND attname IN (%s, %s) ORDER BY attnum",
            [self._target, self._column.name, WIDENING],
        )

    def _patiently(self, change: Callable[[], T], done: float) -> T:
        """Commit a change as soon as its locks are free, without having readers wait behind it for long."""
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                self._link.run(f"SET LOCAL lock_timeout = '{LOCK}'")
                result = change()
                self._link.commit()
                return result
            except psycopg2.errors.LockNotAvailable:
                if time.monotonic() > ends:
                    raise
                self._link.rollback()
                self._progress(done)
                time.sleep(PAUSE)

    def _tell(self, done: float) -> None:
        self._progress(done)
        if time.monotonic() > self._ends:
            message = f"The database took more than an hour to widen the column {self._column.name}."
            raise TransientError(message, code="timeout")

    def _forget(self) -> None:
        """Drop the new column if that is possible at once; else the next attempt does."""
        with contextlib.suppress(psycopg2.Error, TransientError):
            self._link.rollback()
            self._link.run(f"SET LOCAL lock_timeout = '{LOCK}'")
            self._link.run(f"ALTER TABLE {self._target} DROP COLUMN IF EXISTS {_ASIDE}")
            self._link.commit()
