"""A psycopg2 connection whose transactions begin with our settings and whose statements end in time.

Settings last for a transaction, not for the session: behind a pooler the next transaction may run in another session,
and another client's transaction in this one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from warehouses.engines.copytext import CopyText
from warehouses.engines.deadline import Deadline
from warehouses.engines.sqlstates import Place, silence

STATEMENT, TABLE_REWRITE = 300, 3_600
"""Seconds a statement may take, and the one that rewrites a table because a column widens."""
GRACE = 15
"""Seconds after which a server is silent that should have ended a statement by itself."""

SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "600s",
    "client_connection_check_interval": "10s",
    # A worker that vanishes with its host, in the midst of a COPY: its locks go after a minute, not after two hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60s",
    "extra_float_digits": "3",
    "standard_conforming_strings": "on",
    "default_toast_compression": "lz4",
}
"""Set where the server knows the setting, in this very spelling, and the value; sent as a query, because poolers
refuse start-up options."""

_KNOWN = """SELECT name FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings known USING (name)
    WHERE (known.enumvals IS NULL OR value = ANY (known.enumvals))
    AND (name <> 'client_connection_check_interval' OR version() LIKE '%%linux%%')"""


class Link:
    """The connection; `seconds` is how long a statement may take instead of STATEMENT. One thread at a time."""

    def __init__(self, connection: Any, place: Place, seconds: float = 0) -> None:
        self._connection = connection
        self._place = place
        self._seconds = seconds or STATEMENT
        self._deadline = Deadline(self._cut)
        self._settings: dict[str, str] | None = None

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return bool(self._connection.closed)

    def run(self, sql: str, seconds: float | None = None) -> int:
        """Execute a statement; the number of rows it touched."""
        with self._cursor(seconds) as cursor:
            cursor.execute(sql)
            return int(cursor.rowcount)

    def rewrite(self, sql: str) -> int:
        """As `run`, for a statement that goes through a whole table: it has TABLE_REWRITE seconds."""
        self.run(f"SET LOCAL statement_timeout = '{TABLE_REWRITE}s'")
        count = self.run(sql, TABLE_REWRITE)
        self.run(f"SET LOCAL statement_timeout = '{STATEMENT}s'")
        return count

    def all(self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def copy(self, sql: str, text: CopyText) -> int:
        """Send rows; their number."""
        with self._cursor() as cursor:
            cursor.copy_expert(sql, text)
            return int(cursor.rowcount)

    def commit(self) -> None:
        """End the transaction."""
        with self._in_time():
            self._connection.commit()

    def rollback(self) -> None:
        """Forget the transaction."""
        with self._in_time():
            self._connection.rollback()

    def close(self) -> None:
        """End the connection; what was not committed is forgotten."""
        self._deadline.close()
        self._connection.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Allow so many seconds for all statements of the block together."""
        with self._deadline.within(seconds):
            yield

    @contextmanager
    def _cursor(self, seconds: float | None = None) -> Iterator[Any]:
        """A cursor in a transaction that has our settings."""
        with self._in_time(seconds), self._connection.cursor() as cursor:
            if self._connection.info.transaction_status == TRANSACTION_STATUS_IDLE:
                self._set(cursor)
            yield cursor

    @contextmanager
    def _in_time(self, seconds: float | None = None) -> Iterator[None]:
        """Whatever the server does, this ends; raises TransientError("silent") when it did nothing for too long."""
        try:
            with self._deadline.within((seconds or self._seconds) + GRACE):
                yield
        except psycopg2.Error as error:
            if self._deadline.passed:
                raise silence(self._place) from error
            raise

    def _set(self, cursor: Any) -> None:
        if self._settings is None:
            wanted = SETTINGS | {"statement_timeout": f"{self._seconds:.0f}s"}
            cursor.execute(_KNOWN, [list(wanted), list(wanted.values())])
            self._settings = {name: wanted[name] for (name,) in cursor.fetchall()}
        names = [list(self._settings), list(self._settings.values())]
        cursor.execute(
            "SELECT set_config(name, value, true) FROM unnest(%s, %s) AS wanted (name, value)", names
        )

    def _cut(self) -> None:
        """End the line below psycopg2, which then finds the connection closed."""
        with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
