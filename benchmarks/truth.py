"""Is what a contestant left in its table what the server holds?"""

from __future__ import annotations

from typing import Any


class Wrong(Exception):
    """A contestant's table is not what the server holds."""


def check(cursor: Any, table: str, cases: int, changed: int = 0, since: str = "") -> None:
    """Raises Wrong unless the table has each case once, and so many of them changed at that time or later."""
    cursor.execute(f"SELECT count(*), count(DISTINCT id) FROM {table}")
    rows, ids = cursor.fetchone()
    if (rows, ids) != (cases, cases):
        raise Wrong(f"{rows:,} rows, {ids:,} ids instead of {cases:,}")
    if since:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE updated_at::timestamptz >= %s", [since])
        (found,) = cursor.fetchone()
        if found != changed:
            raise Wrong(f"{found:,} changed rows instead of {changed:,}")
