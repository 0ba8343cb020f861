"""The SQL of a PostgreSQL warehouse: tables that only grow, and a merge that never lets a row go backwards.

A merge is a COPY into a temporary table and one INSERT … ON CONFLICT; into a table that is still empty it is the COPY
alone, which is the least PostgreSQL can do. Staging takes the types of the real table, so a column that somebody
gave another type (`jsonb` for labels, `varchar(200)`) goes on working as long as its values fit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import psycopg2

from warehouses.engines.base import Counts, Row, Session
from warehouses.engines.copytext import OPTIONS, CopyText
from warehouses.engines.sqlstates import Place, explained
from workspace.errors import TransientError
from workspace.hub.columns import SYSTEM, Column, Type, Value

SQL_TYPES = {
    Type.BOOLEAN: "boolean",
    Type.INTEGER: "bigint",
    Type.FLOAT: "double precision",
    Type.NUMERIC: "numeric",
    Type.TIMESTAMP: "timestamptz",
    Type.TEXT: "text",
}

STORED_TYPES = {
    "bool": Type.BOOLEAN,
    "int2": Type.INTEGER,
    "int4": Type.INTEGER,
    "int8": Type.INTEGER,
    "float4": Type.FLOAT,
    "float8": Type.FLOAT,
    "numeric": Type.NUMERIC,
    "date": Type.TIMESTAMP,
    "timestamp": Type.TIMESTAMP,
    "timestamptz": Type.TIMESTAMP,
}
"""`pg_type.typname` to ours; whatever else somebody chose (varchar, jsonb, uuid, an enum) takes text.

A narrower type somebody chose is respected: a value that does not fit it is an error that names the column.
"""

STAGE = "pg_temp.tributary_stage"
STATEMENT, TABLE_REWRITE = "300s", "1h"
"""How long a statement may take, and the one that rewrites a table because a column widens."""


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class PostgresSession(Session):
    """A psycopg2 connection with its transaction; one method at a time, from whatever thread."""

    def __init__(self, connection: Any, place: Place) -> None:
        self._connection = connection
        self._place = place
        self._lock = threading.RLock()
        self._fresh: set[str] = set()  # tables made in this transaction and still empty

    def describe(self, schema: str) -> dict[str, dict[str, Type]]:
        with self._work(schema, f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {self._user};"):
            tables: dict[str, dict[str, Type]] = {}
            for table, column, type_ in self._all(
                """SELECT c.relname, a.attname, coalesce(base.typname, t.typname)
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = t.typbasetype
                   WHERE n.nspname = %s AND c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum""",
                [schema],
            ):
                tables.setdefault(table, {})[column] = STORED_TYPES.get(type_, Type.TEXT)
            return tables

    def create_schema(self, schema: str) -> None:
        # Looked up first: IF NOT EXISTS alone demands the right to create even when there is nothing to do.
        with self._work(schema, f"GRANT CREATE ON DATABASE {quoted(self._place.database)} TO {self._user};"):
            if not self._all("SELECT FROM pg_namespace WHERE nspname = %s", [schema]):
                self._run(f"CREATE SCHEMA {quoted(schema)}")

    def create_table(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        with self._work(
            f"{schema}.{table}", f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {self._user};"
        ):
            if table in self.describe(schema):
                return
            definitions = ", ".join(_definition(column) for column in (*SYSTEM, *columns))
            self._run(f"CREATE TABLE {_target(schema, table)} ({definitions}, PRIMARY KEY (id))")
            self._fresh.add(_target(schema, table))

    def add_columns(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        with self._own(schema, table):
            additions = ", ".join(f"ADD COLUMN IF NOT EXISTS {_definition(column)}" for column in columns)
            if additions:
                self._run(f"ALTER TABLE {_target(schema, table)} {additions}")

    def widen(self, schema: str, table: str, column: Column) -> None:
        with self._own(schema, table):
            stored = self.describe(schema).get(table, {}).get(column.name)
            if stored in (column.type, Type.TEXT):
                return
            value = _widened(quoted(column.name), stored, column.type)
            change = f"ALTER COLUMN {quoted(column.name)} TYPE {SQL_TYPES[column.type]} USING {value}"
            self._run(f"SET LOCAL statement_timeout = '{TABLE_REWRITE}'")
            self._run(f"ALTER TABLE {_target(schema, table)} {change}")
            self._run(f"SET LOCAL statement_timeout = '{STATEMENT}'")

    def fits_float(self, schema: str, table: str, name: str) -> bool:
        column = quoted(name)
        with self._read(schema, table):
            inexact = f"{column} NOT BETWEEN -9007199254740992 AND 9007199254740992"
            return not self._all(f"SELECT FROM {_target(schema, table)} WHERE {inexact} LIMIT 1")

    def merge(
        self,
        schema: str,
        table: str,
        columns: Sequence[Column],
        rows: Iterable[Row],
        *,
        rewrite: bool = False,
    ) -> int:
        target, names = _target(schema, table), [column.name for column in columns]
        with self._write(schema, table):
            (now,) = self._all("SELECT now()::text")[0]
            text = CopyText(rows, len(names), {names.index("uuid_ts"): now})
            if self._is_empty(target):
                return self._copy(target, names, text)
            self._stage(target, names, text)
            written = self._run(_upsert(target, names, rewrite))
            self._run(f"DROP TABLE {STAGE}")
            return written

    def differing(self, schema: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> list[str]:
        names = [column.name for column in columns]
        compared = [quoted(name) for name in names if name not in ("id", "uuid_ts")]
        expected, stored = (", ".join(f"{side}.{name}" for name in compared) for side in "st")
        with self._read(schema, table):
            self._stage(_target(schema, table), names, CopyText(rows, len(names)))
            found = self._all(
                f"SELECT s.id FROM {STAGE} s LEFT JOIN {_target(schema, table)} t ON t.id = s.id"
                f" WHERE t.id IS NULL OR ROW({expected}) IS DISTINCT FROM ROW({stored})"
            )
            self._run(f"DROP TABLE {STAGE}")
            return [id_ for (id_,) in found]

    def surplus(self, schema: str, table: str, ids: Iterable[str]) -> list[str]:
        target = _target(schema, table)
        with self._read(schema, table):
            self._stage(target, ["id"], CopyText(((id_,) for id_ in ids), 1))
            found = self._all(
                f"SELECT t.id FROM {target} t WHERE NOT EXISTS (SELECT FROM {STAGE} s WHERE s.id = t.id)"
            )
            self._run(f"DROP TABLE {STAGE}")
            return [id_ for (id_,) in found]

    def count(self, schema: str, table: str) -> Counts:
        with self._read(schema, table):
            return Counts(*self._all(f"SELECT count(*), count(_deleted_at) FROM {_target(schema, table)}")[0])

    def rename_schema(self, old: str, new: str) -> None:
        grant = f"ALTER SCHEMA {quoted(old)} OWNER TO {self._user};"
        with self._work(
            new, f"{grant} GRANT CREATE ON DATABASE {quoted(self._place.database)} TO {self._user};"
        ):
            self._run(f"ALTER SCHEMA {quoted(old)} RENAME TO {quoted(new)}")

    def commit(self) -> None:
        with self._lock:
            self._fresh.clear()
            try:
                self._connection.commit()
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                # The server may or may not have committed; repeating the same rows is harmless either way.
                message = f"The connection to {self._place.host} was lost while committing."
                raise TransientError(message, code="commit_unknown") from error

    def rollback(self) -> None:
        with self._lock:
            self._fresh.clear()
            if not self._connection.closed:
                with self._work("", ""):
                    self._connection.rollback()

    def _is_empty(self, target: str) -> bool:
        """Whether rows can go straight in: nobody else can add any before we commit."""
        if target in self._fresh:
            self._fresh.discard(target)
            return True
        some = f"SELECT FROM {target} LIMIT 1"
        if self._all(some):
            return False
        self._run(f"LOCK TABLE {target} IN SHARE ROW EXCLUSIVE MODE")
        return not self._all(some)

    def _stage(self, target: str, names: Sequence[str], text: CopyText) -> None:
        columns = ", ".join(map(quoted, names))
        self._run(f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS SELECT {columns} FROM {target} WITH NO DATA")
        self._copy(STAGE, names, text)

    def _copy(self, target: str, names: Sequence[str], text: CopyText) -> int:
        columns = ", ".join(map(quoted, names))
        with self._connection.cursor() as cursor:
            try:
                cursor.copy_expert(f"COPY {target} ({columns}) FROM STDIN {OPTIONS}", text)
            except psycopg2.Error:
                if text.failure is not None:  # whoever makes the rows failed, not the database
                    raise text.failure from None
                raise
            return int(cursor.rowcount)

    def _run(self, sql: str) -> int:
        """Execute a statement; the number of rows it touched."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.rowcount)

    def _all(self, sql: str, values: Sequence[Value] | None = None) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    @property
    def _user(self) -> str:
        return quoted(self._place.user)

    def _own(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._work(f"{schema}.{table}", f"ALTER TABLE {_target(schema, table)} OWNER TO {self._user};")

    def _write(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._allowed(schema, table, "SELECT, INSERT, UPDATE")

    def _read(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._allowed(schema, table, "SELECT")

    def _allowed(self, schema: str, table: str, rights: str) -> AbstractContextManager[None]:
        """Work that needs these rights on a table, and temporary tables."""
        return self._work(
            f"{schema}.{table}",
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {self._user}; "
            f"GRANT {rights} ON {_target(schema, table)} TO {self._user}; "
            f"GRANT TEMPORARY ON DATABASE {quoted(self._place.database)} TO {self._user};",
        )

    @contextmanager
    def _work(self, table: str, grant: str) -> Iterator[None]:
        """One method at a time; what PostgreSQL refuses is told in words, naming table and grant."""
        with self._lock:
            try:
                yield
            except psycopg2.Error as error:
                known = explained(error, replace(self._place, table=table, grant=grant))
                if known is None:
                    raise
                raise known from error


def _target(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"


def _definition(column: Column) -> str:
    return f"{quoted(column.name)} {SQL_TYPES[column.type]}"


def _upsert(target: str, names: Sequence[str], rewrite: bool) -> str:
    """The guarded merge of the stage; a row without a version was not written by us and is overtaken."""
    columns = ", ".join(map(quoted, names))
    changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in names if name != "id")
    return (
        f"INSERT INTO {target} AS t ({columns}) SELECT {columns} FROM {STAGE} ON CONFLICT (id) DO UPDATE"
        f" SET {changes} WHERE coalesce(t._version, -1) {'<=' if rewrite else '<'} excluded._version"
    )


def _widened(column: str, old: Type | None, new: Type) -> str:
    """A column's value as a wider type, as SQL; texts read as `workspace.hub.columns.as_text` writes them."""
    text = f"{column}::text"
    if new is Type.NUMERIC and old is Type.FLOAT:
        return f"{text}::numeric"  # straight to numeric keeps 15 digits only
    if new is not Type.TEXT:
        return f"{column}::{SQL_TYPES[new]}"
    if old is Type.FLOAT:
        return f"CASE WHEN {text} LIKE '%e%' THEN {_trimmed(f'{text}::numeric::text')} ELSE {text} END"
    if old is Type.NUMERIC:
        return _trimmed(text)
    if old is Type.TIMESTAMP:
        moment = f"to_char({column}::timestamp, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
        return f"{_trimmed(moment)} || 'Z'"
    return text


def _trimmed(number: str) -> str:
    """A decimal's text without needless zeros, as SQL."""
    return f"(CASE WHEN {number} LIKE '%.%' THEN rtrim(rtrim({number}, '0'), '.') ELSE {number} END)"
