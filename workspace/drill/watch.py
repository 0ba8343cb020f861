"""A reader that never sleeps: what the warehouse shows must at every moment be whole, and never go back.

A flush brings changes in the order of their versions. So whatever a reader sees must be complete up to the highest
version in it: each object whose version is not above that and has not changed since must be there in this version.
"""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2.sql import SQL, Identifier

from workspace.drill.checker import Counts
from workspace.drill.servers import Database

SNAPSHOT = psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ
NEW_IN_HUB = """SELECT o.object_id, o.version FROM hub_object o JOIN hub_collection c ON c.id = o.collection_id
                WHERE c.name = %s AND o.version > %s AND o.version <= %s"""


class Watch(threading.Thread):
    """Looks every so many seconds; what it counts is taken by `taken`."""

    def __init__(self, app: Database, warehouse: Database, schema: str, every: float) -> None:
        super().__init__(name="watch", daemon=True)
        self.looks = 0
        self._app, self._warehouse, self._schema = app, warehouse, schema
        self._every, self._counts = every, Counts()
        self._highest: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._over = threading.Event()
        self._looking = threading.Lock()

    def taken(self) -> Counts:
        """What was counted since the last call."""
        with self._looking:
            counts, self._counts = self._counts, Counts()
        return counts

    def forget(self) -> None:
        """Begin anew: somebody has dropped a table, which is no fault of the product."""
        with self._looking:
            self._highest, self._rows = {}, {}

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self.join(10)

    def run(self) -> None:
        """Look until told to stop; servers that are away are looked for again."""
        while not self._over.is_set():
            try:
                with (
                    closing(psycopg2.connect(self._warehouse.own_url)) as warehouse,
                    closing(psycopg2.connect(self._app.own_url)) as app,
                ):
                    warehouse.set_session(isolation_level=SNAPSHOT, readonly=True)
                    app.autocommit = True
                    while not self._over.wait(self._every):
                        with self._looking:
                            self._look(warehouse, app)
            except psycopg2.Error:
                self._over.wait(self._every)

    def _look(self, warehouse: Any, app: Any) -> None:
        with warehouse.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [self._schema])
            seen = {name: self._new_rows(cursor, name) for (name,) in cursor.fetchall()}
        warehouse.rollback()
        with app.cursor() as cursor:
            for name, (highest, rows, new) in seen.items():
                before = self._highest.get(name, 0)
                if highest < before or rows < self._rows.get(name, 0):
                    self._counts.add("regressed", f"{name} had more before")
                cursor.execute(NEW_IN_HUB, [name, before, highest])
                if missing := [key for key, version in cursor if new.get(key) != version]:
                    self._counts.add("half_visible", f"{name} {missing[0]} comes later than others")
                self._highest[name], self._rows[name] = highest, rows
        self.looks += 1

    def _new_rows(self, cursor: Any, name: str) -> tuple[int, int, dict[str, int]]:
        table = SQL("{}.{}").format(Identifier(self._schema), Identifier(name))
        cursor.execute(SQL("SELECT coalesce(max(_version), 0), count(*) FROM {}").format(table))
        highest, rows = cursor.fetchone()
        before = self._highest.get(name, 0)
        if highest <= before:
            return highest, rows, {}
        cursor.execute(SQL("SELECT id, _version FROM {} WHERE _version > %s").format(table), [before])
        return highest, rows, dict(cursor.fetchall())
