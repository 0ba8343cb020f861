"""The SQL of a PostgreSQL warehouse: tables that only grow, and a merge that never lets a row go backwards.

A merge is a COPY into a temporary table and one INSERT … ON CONFLICT. While a table is being filled for the first
time it is the COPY alone, the least PostgreSQL can do. Staging takes the types of the real table, so a column that
somebody gave another type (`jsonb` for labels, `varchar(200)`) goes on working as long as its values fit.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import psycopg2
import psycopg2.errors

from warehouses.engines.base import Counts, Row, Session
from warehouses.engines.copytext import OPTIONS, CopyText
from warehouses.engines.postgres_link import Link
from warehouses.engines.postgres_sql import (
    ANY,
    NEWER,
    NOT_OLDER,
    SQL_TYPES,
    STAGE,
    STORED_TYPES,
    WIDER,
    checksums,
    definition,
    differing,
    erasing,
    known_ids,
    literal,
    quoted,
    standing,
    state_of,
    surplus,
    target_of,
    upsert,
    widened,
)
from warehouses.engines.postgres_widening import Aside, is_worthwhile
from warehouses.engines.sqlstates import Place, explained
from workspace.errors import ConfigError, TransientError
from workspace.hub.checksums import LEFT_OUT, Checksums
from workspace.hub.columns import SYSTEM, Column, Type
from workspace.hub.names import WIDENING

MOST_COLUMNS = 1_500
"""PostgreSQL counts 1,600 in the life of a table, dropped ones as well: so many are left to give lost ones back."""

MARK = re.compile(r"\[filled by Tributary for ([^][]*)\]")
"""In the comment on a schema: who fills it."""


class PostgresSession(Session):
    """A link with its transaction; one method at a time, from whatever thread."""

    # A row has 8,160 bytes; of a value that is longer than 24 bytes 18 stay in the row at the worst.
    most_values: ClassVar[int | None] = 320

    def __init__(self, link: Link, place: Place) -> None:
        self._link = link
        self._place = place
        self._lock = threading.RLock()
        # Table → whether it is worth trying to append: it was empty, or the first rows staged were all unknown.
        self._growing: dict[str, bool] = {}

    @property
    def lost(self) -> bool:
        return self._link.closed

    def describe(self, schema: str) -> dict[str, dict[str, Type]]:
        with self._work(schema, f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {self._user};"):
            tables: dict[str, dict[str, Type]] = {}
            for table, column, type_ in self._all(
                """SELECT c.relname, a.attname, coalesce(base.typname, t.typname)
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = t.typbasetype
                   WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND a.attname <> %s
                   ORDER BY c.relname, a.attnum""",
                [schema, WIDENING],
            ):
                tables.setdefault(table, {})[column] = STORED_TYPES.get(type_, Type.TEXT)
            return tables

    def has_together(self, tables: Sequence[str]) -> bool:
        """Whether tables of all these names are in one schema."""
        with self._work("", ""):
            sql = "SELECT FROM pg_class WHERE relname = ANY (%s) AND relkind = 'r' GROUP BY relnamespace"
            return bool(self._all(f"{sql} HAVING count(*) = %s", [list(tables), len(tables)]))

    def create_schema(self, schema: str, owner: str = "") -> None:
        # Looked up first: IF NOT EXISTS alone demands the right to create even when there is nothing to do.
        with self._work(schema, f"GRANT CREATE ON DATABASE {quoted(self._place.database)} TO {self._user};"):
            if not self._all("SELECT FROM pg_namespace WHERE nspname = %s", [schema]):
                self._run(f"CREATE SCHEMA {quoted(schema)}")
            if self._is_foreign(schema, owner):
                raise ConfigError(
                    f"Another workspace fills the schema {schema} of {self._place.database}.",
                    code="schema_foreign",
                    action="Give the source another schema name. If nobody fills it any more: "
                    f"COMMENT ON SCHEMA {quoted(schema)} IS NULL;",
                )
            if owner:
                self._mark(schema, owner)

    def create_table(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        with self._work(
            f"{schema}.{table}", f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {self._user};"
        ):
            if table in self.describe(schema):
                return
            definitions = ", ".join(definition(column) for column in (*SYSTEM, *columns))
            self._run(f"CREATE TABLE {target_of(schema, table)} ({definitions}, PRIMARY KEY (id))")

    def add_columns(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        with self._own(schema, table):
            additions = ", ".join(f"ADD COLUMN IF NOT EXISTS {definition(column)}" for column in columns)
            if additions:
                self._run(f"ALTER TABLE {target_of(schema, table)} {additions}")

    def room(self, schema: str, table: str) -> int:
        with self._read(schema, table):
            sql = "SELECT coalesce(max(attnum), 0) FROM pg_attribute WHERE attrelid = to_regclass(%s)"
            ((used,),) = self._all(sql, [target_of(schema, table)])
            return MOST_COLUMNS - max(int(used), len(SYSTEM))

    def widen(self, schema: str, table: str, column: Column) -> None:
        with self._own(schema, table):
            stored = self.describe(schema).get(table, {}).get(column.name)
            if stored is not None and column.type not in WIDER[stored]:
                return  # somebody has made it as wide already
            value = widened(quoted(column.name), stored, column.type)
            change = f"ALTER COLUMN {quoted(column.name)} TYPE {SQL_TYPES[column.type]} USING {value}"
            self._link.rewrite(f"ALTER TABLE {target_of(schema, table)} {change}")

    def widens_aside(self, schema: str, table: str, column: Column) -> bool:
        with self._own(schema, table):
            worthwhile = is_worthwhile(self._link, target_of(schema, table), column.name)
            return worthwhile and self.room(schema, table) > 0

    def widen_aside(self, schema: str, table: str, column: Column, progress: Callable[[float], None]) -> None:
        with self._own(schema, table):
            self.rollback()
            stored = self.describe(schema).get(table, {}).get(column.name)
            if stored is None:
                self.add_columns(schema, table, [column])
            elif column.type in WIDER[stored]:
                aside = Aside(self._link, target_of(schema, table), column, stored, progress)
                if not aside.widen():
                    self.widen(schema, table, column)
            self.commit()

    def fits_float(self, schema: str, table: str, name: str) -> bool:
        column = quoted(name)
        with self._read(schema, table):
            inexact = f"{column} NOT BETWEEN -9007199254740992 AND 9007199254740992"
            return not self._all(f"SELECT FROM {target_of(schema, table)} WHERE {inexact} LIMIT 1")

    def merge(
        self,
        schema: str,
        table: str,
        columns: Sequence[Column],
        rows: Iterable[Row],
        *,
        rewrite: bool = False,
    ) -> int:
        target, names = target_of(schema, table), [column.name for column in columns]
        with self._write(schema, table):
            now, keyed, filled = self._all(state_of(target))[0]
            text = partial(CopyText, rows, len(names), {names.index("uuid_ts"): now})
            if not filled:
                self._growing[target] = True
            growing = keyed and isinstance(rows, Sequence) and self._growing.get(target)
            written = self._append(target, names, text()) if growing else None
            if written is not None:
                return written
            with self._staged(target, names, text()) as staged:
                if target not in self._growing:
                    self._growing[target] = not self._all(known_ids(target))
                written = self._run(upsert(target, names, NOT_OLDER if rewrite else NEWER))
                return written if written == staged else int(self._all(standing(target))[0][0])

    def restore(self, schema: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> int:
        target, names = target_of(schema, table), [column.name for column in columns]
        with self._write(schema, table):
            now = self._all(state_of(target))[0][0]
            with self._staged(target, names, CopyText(rows, len(names), {names.index("uuid_ts"): now})):
                return self._run(upsert(target, names, ANY))

    def erase(self, schema: str, table: str, ids: Sequence[str]) -> int:
        target, rows = target_of(schema, table), ((id_,) for id_ in ids)
        with self._allowed(schema, table, "SELECT, DELETE"):
            self._run(f"LOCK TABLE {target} IN SHARE ROW EXCLUSIVE MODE")
            with self._staged(target, ["id"], CopyText(rows, 1)):
                return self._run(erasing(target))

    def differing(self, schema: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> list[str]:
        target, names = target_of(schema, table), [column.name for column in columns]
        with self._read(schema, table), self._staged(target, names, CopyText(rows, len(names))):
            return [id_ for (id_,) in self._all(differing(target, names))]

    def checksums(
        self, schema: str, table: str, columns: Sequence[Column], without: Iterable[str]
    ) -> Checksums:
        target, rows = target_of(schema, table), ((id_,) for id_ in without)
        with self._read(schema, table), self._staged(target, ["id"], CopyText(rows, 1)):
            stored = self.describe(schema).get(table, {})
            names = [column.name for column in columns if column.name != LEFT_OUT]
            sums = self._all(checksums(target, {name: stored.get(name, Type.TEXT) for name in names}))
            return {bucket: (count, int(total)) for bucket, count, total in sums}

    def surplus(self, schema: str, table: str, ids: Iterable[str]) -> list[str]:
        target, rows = target_of(schema, table), ((id_,) for id_ in ids)
        with self._read(schema, table), self._staged(target, ["id"], CopyText(rows, 1)):
            return [id_ for (id_,) in self._all(surplus(target))]

    def count(self, schema: str, table: str) -> Counts:
        with self._read(schema, table):
            return Counts(
                *self._all(f"SELECT count(*), count(_deleted_at) FROM {target_of(schema, table)}")[0]
            )

    def newest(self, schema: str, table: str, limit: int) -> int | None:
        with self._read(schema, table):
            sql = f"SELECT max(_version) FROM {target_of(schema, table)} WHERE _version <= %s"
            return self._all(sql, [limit])[0][0]  # type: ignore[no-any-return]

    def rename_schema(self, old: str, new: str, owner: str = "") -> None:
        database = quoted(self._place.database)
        grant = f"GRANT CREATE ON DATABASE {database} TO {self._user};"
        with self._work(new, f"ALTER SCHEMA {quoted(old)} OWNER TO {self._user}; {grant}"):
            found = self._all("SELECT nspname FROM pg_namespace WHERE nspname IN (%s, %s)", [old, new])
            if (new,) in found:
                message = f"There is a schema named {new} in {self._place.database} already."
                raise ConfigError(
                    message, code="schema_taken", action="Choose another name, or rename that one."
                )
            if (old,) in found and not self._is_foreign(old, owner):
                self._run(f"ALTER SCHEMA {quoted(old)} RENAME TO {quoted(new)}")

    def commit(self) -> None:
        with self._work("", ""):
            try:
                self._link.commit()
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                # The server may or may not have committed; repeating the same rows is harmless either way.
                message = f"The connection to {self._place.host} was lost while committing."
                raise TransientError(message, code="commit_unknown") from error

    def rollback(self) -> None:
        with self._work("", ""):
            self._growing.clear()
            if not self._link.closed:
                self._link.rollback()

    def _comment(self, schema: str) -> str:
        """The comment on a schema, which carries the mark of who fills it."""
        sql = "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s"
        return str(self._all(sql, [schema])[0][0])

    def _is_foreign(self, schema: str, owner: str) -> bool:
        found = MARK.search(self._comment(schema)) if owner else None
        return found is not None and found[1] != owner

    def _mark(self, schema: str, owner: str) -> None:
        """Add the mark to what the comment says already; only who owns a schema can comment on it."""
        comment = self._comment(schema)
        if MARK.search(comment):
            return
        sql = "SELECT FROM pg_namespace WHERE nspname = %s AND pg_has_role(nspowner, 'USAGE')"
        if self._all(sql, [schema]):
            text = f"{comment} [filled by Tributary for {owner}]".strip()
            self._run(f"COMMENT ON SCHEMA {quoted(schema)} IS {literal(text)}")

    def _append(self, target: str, names: Sequence[str], text: CopyText) -> int | None:
        """Copy rows straight into the table; None, and nothing done, when one of them is there already."""
        self._run("SAVEPOINT appending")
        try:
            written = self._copy(target, names, text)
        except psycopg2.errors.UniqueViolation:
            self._run("ROLLBACK TO SAVEPOINT appending")
            self._growing[target] = False
            return None
        self._run("RELEASE SAVEPOINT appending")
        return written

    @contextmanager
    def _staged(self, target: str, names: Sequence[str], text: CopyText) -> Iterator[int]:
        """The number of rows put in a temporary table with the types of the real one; it is gone afterwards."""
        columns = ", ".join(map(quoted, names))
        self._run(f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS SELECT {columns} FROM {target} WITH NO DATA")
        yield self._copy(STAGE, names, text)
        self._run(f"DROP TABLE {STAGE}")

    def _copy(self, target: str, names: Sequence[str], text: CopyText) -> int:
        columns = ", ".join(map(quoted, names))
        try:
            return self._link.copy(f"COPY {target} ({columns}) FROM STDIN {OPTIONS}", text)
        except psycopg2.Error:
            if text.failure is not None:  # whoever makes the rows failed, not the database
                raise text.failure from None
            raise

    def _run(self, sql: str) -> int:
        return self._link.run(sql)

    def _all(self, sql: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        return self._link.all(sql, values)

    @property
    def _user(self) -> str:
        return quoted(self._place.user)

    def _own(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._work(
            f"{schema}.{table}", f"ALTER TABLE {target_of(schema, table)} OWNER TO {self._user};"
        )

    def _write(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._allowed(schema, table, "SELECT, INSERT, UPDATE")

    def _read(self, schema: str, table: str) -> AbstractContextManager[None]:
        return self._allowed(schema, table, "SELECT")

    def _allowed(self, schema: str, table: str, rights: str) -> AbstractContextManager[None]:
        """Work that needs these rights on a table, and temporary tables."""
        return self._work(
            f"{schema}.{table}",
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {self._user}; "
            f"GRANT {rights} ON {target_of(schema, table)} TO {self._user}; "
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
