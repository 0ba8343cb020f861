"""The statements of PostgresSession that take more than a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workspace.hub.checksums import BUCKET_DIGITS, CELL_END, NULL, SUM_DIGITS
from workspace.hub.columns import Column, Type

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

WIDER = {
    Type.BOOLEAN: {Type.TEXT},
    Type.INTEGER: {Type.FLOAT, Type.NUMERIC, Type.TEXT},
    Type.FLOAT: {Type.NUMERIC, Type.TEXT},
    Type.NUMERIC: {Type.TEXT},
    Type.TIMESTAMP: {Type.TEXT},
    Type.TEXT: set[Type](),
}
"""The types that hold every value of a type, and more."""

STAGE = "pg_temp.tributary_stage"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def target_of(schema: str, table: str) -> str:
    """A table as SQL names it."""
    return f"{quoted(schema)}.{quoted(table)}"


def definition(column: Column) -> str:
    """A column as CREATE TABLE and ADD COLUMN take it."""
    return f"{quoted(column.name)} {SQL_TYPES[column.type]}"


def state_of(target: str) -> str:
    """The time of this transaction, whether ids are unique in the table, and whether it has any row.

    Naming the table locks it against losing its key before the rows are in.
    """
    return f"""
        SELECT now()::text, EXISTS (
            SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attname = 'id'
            WHERE indrelid = '{target.replace("'", "''")}'::regclass AND indkey::text = attnum::text
            AND indisunique AND indisvalid AND indimmediate AND indpred IS NULL
        ), EXISTS (SELECT FROM {target})"""


def known_ids(target: str) -> str:
    """One row when any staged id is in the table."""
    return f"SELECT FROM {STAGE} s JOIN {target} t ON t.id = s.id LIMIT 1"


NEWER, NOT_OLDER, ANY = "<", "<=", None
"""Which staged rows replace a stored one, by how its version compares with theirs."""


def upsert(target: str, names: Sequence[str], guard: str | None) -> str:
    """The guarded merge of the stage; a row without a version was not written by us and is overtaken."""
    columns = ", ".join(map(quoted, names))
    changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in names if name != "id")
    return (
        f"INSERT INTO {target} AS t ({columns}) SELECT {columns} FROM {STAGE} ON CONFLICT (id) DO UPDATE"
        f" SET {changes}" + (f" WHERE coalesce(t._version, -1) {guard} excluded._version" if guard else "")
    )


def standing(target: str) -> str:
    """How many staged rows stand in the table in their version."""
    return f"SELECT count(*) FROM {STAGE} s JOIN {target} t ON t.id = s.id AND t._version = s._version"


def erasing(target: str) -> str:
    """The deletion of the staged ids."""
    return f"DELETE FROM {target} t USING {STAGE} s WHERE t.id = s.id"


def differing(target: str, names: Sequence[str]) -> str:
    """Staged ids whose row is missing or holds anything else; when it was loaded does not count."""
    compared = [quoted(name) for name in names if name not in ("id", "uuid_ts")]
    expected, stored = (", ".join(f"{side}.{name}" for name in compared) for side in "st")
    return (
        f"SELECT s.id FROM {STAGE} s LEFT JOIN {target} t ON t.id = s.id"
        f" WHERE t.id IS NULL OR ROW({expected}) IS DISTINCT FROM ROW({stored})"
    )


def checksums(target: str, columns: Mapping[str, Type]) -> str:
    """Rows and the sum of their checksums per bucket, but for the staged ids; see `workspace.hub.checksums`."""
    cells = ", ".join(widened(f"t.{quoted(name)}", type_, Type.TEXT) for name, type_ in columns.items())
    # An array, because a function takes no more than a hundred arguments.
    row = _sha256(f"array_to_string(ARRAY[{cells}], E'\\x{ord(CELL_END):02x}', E'\\x{ord(NULL):02x}')")
    number = f"('x' || left({row}, {SUM_DIGITS}))::bit({4 * SUM_DIGITS})::bigint"
    return (
        f"SELECT left({_sha256('t.id')}, {BUCKET_DIGITS}), count(*), sum({number}) FROM {target} t"
        f" WHERE NOT EXISTS (SELECT FROM {STAGE} s WHERE s.id = t.id) GROUP BY 1"
    )


def _sha256(text: str) -> str:
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"


def surplus(target: str) -> str:
    """Ids of the table that are not staged."""
    return f"SELECT t.id FROM {target} t WHERE NOT EXISTS (SELECT FROM {STAGE} s WHERE s.id = t.id)"


def widened(column: str, old: Type | None, new: Type) -> str:
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
        return (
            f"replace({column}::timestamp::text, ' ', 'T') || 'Z'"  # the transaction is in UTC and writes ISO
        )
    return text


def _trimmed(number: str) -> str:
    """A decimal's text without needless zeros, as SQL."""
    return f"(CASE WHEN {number} LIKE '%.%' THEN rtrim(rtrim({number}, '0'), '.') ELSE {number} END)"
