"""Checksums of a table's rows per bucket of ids: one number from rows made of the Hub and from the rows of a database.

The text of a row is its cells as `as_text` writes them, timestamps as `2020-01-31T10:20:30Z` (with as many digits of a
second as there are), `NULL` where there is none, joined by CELL_END; `uuid_ts`, the moment of loading, is left out. Its
checksum is the first fifteen hex digits of the text's SHA-256. Those of a bucket are added, in whatever order the rows
come. A bucket is named by the first hex digits of the SHA-256 of the ids in it. Every database can count like this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from workspace.hub.columns import SYSTEM, Value, as_text

CELL_END, NULL = "\x1f", "\x1d"
BUCKET_DIGITS, SUM_DIGITS = 3, 15
LEFT_OUT = "uuid_ts"

Checksums = dict[str, tuple[int, int]]
"""Bucket → its number of rows and the sum of their checksums."""

_LOADED = [column.name for column in SYSTEM].index(LEFT_OUT)


def bucket_of(object_id: str) -> str:
    """The bucket an id belongs to."""
    return sha256(object_id.encode("utf-8", "replace")).hexdigest()[:BUCKET_DIGITS]


def add_rows(sums: Checksums, rows: Iterable[Sequence[Value]], width: int) -> None:
    """Add rows that begin with the system columns, as far as `width` columns; shorter ones end in NULLs."""
    for row in rows:
        cells = [value if type(value) is str else NULL if value is None else as_text(value) for value in row]
        cells += [NULL] * (width - len(cells))
        text = CELL_END.join([*cells[:_LOADED], *cells[_LOADED + 1 : width]])
        checksum = int(sha256(text.encode("utf-8", "replace")).hexdigest()[:SUM_DIGITS], 16)
        bucket = bucket_of(cells[0])
        count, total = sums.get(bucket, (0, 0))
        sums[bucket] = (count + 1, total + checksum)


def differing_buckets(expected: Checksums, found: Checksums) -> list[str]:
    """Buckets that do not have the same rows on both sides."""
    return sorted(bucket for bucket in {*expected, *found} if expected.get(bucket) != found.get(bucket))
