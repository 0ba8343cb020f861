"""The only door to the Hub: `upsert` for sources, `changes` for warehouses, and `deletions` beside it for what is gone.

Every function that writes runs in the caller's transaction and begins by locking the collection's row, so that there
is one writer at a time and versions commit in the order of their numbers: a reader can never step over one.

A version is the database's clock in microseconds, or the last version plus one if that is higher. So versions also
rise across a restore of this database from a backup, and rows that a warehouse got before it are overtaken.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction

from workspace.hub.checksums import BUCKET_DIGITS
from workspace.hub.models import Collection
from workspace.payload import parse, render

LONGEST_ID = 500
"""Bytes of an id: it is part of an index."""
NULL = "\\N"
LAST = 2**63 - 1
"""No version is above it."""


class Entry(NamedTuple):
    """An object ready to be stored."""

    object_id: str
    stamp: datetime | None
    payload: bytes
    digest: str
    mended: int


class Change(NamedTuple):
    """The latest state of an object that changed."""

    version: int
    object_id: str
    payload: str
    digest: str
    received_at: str
    deleted_at: str | None


@dataclass(slots=True)
class Tally:
    """What became of the objects handed to `upsert`."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    stale: int = 0
    mended: int = 0

    def as_dict(self) -> dict[str, int]:
        """Counts by name."""
        return asdict(self)


def prepare(object_id: str, stamp: datetime | None, record: dict[str, Any]) -> Entry:
    """Render and hash a record; pure, so that the thread that fetches can do it.

    Raises ValueError with the reason when no database stores it.
    """
    if not can_be_id(object_id):
        raise ValueError(f"Its id is longer than {LONGEST_ID} bytes or holds characters no database stores.")
    payload, mended = render(record)
    digest = hashlib.blake2b(payload, digest_size=16).hexdigest()
    return Entry(object_id, stamp, payload, digest, mended)


def can_be_id(text: str) -> bool:
    """Whether an object can be stored under this id."""
    if len(text) < LONGEST_ID // 4 and text.isalnum():
        return True
    try:
        return "\x00" not in text and len(text.encode()) <= LONGEST_ID
    except UnicodeEncodeError:  # a lone surrogate
        return False


def upsert(
    collection: Collection, entries: Sequence[Entry], *, partial: bool = False, growing: bool = False
) -> Tally:
    """Store the latest state of objects by id.

    Equal content writes nothing. An entry whose stamp is older than the stored one is refused and counted as stale.
    Of two entries with one id the newer stamp wins, the later one if equal. With `partial`, keys that are absent keep
    their stored value. An object that comes, changed or not, is not missing: its deletion is no longer held.
    `growing` says that hardly any is stored already, as in a first read: they are written without being looked up.
    """
    tally = Tally(mended=sum(entry.mended for entry in entries))
    latest = _latest(entries, tally)
    if not latest:
        return tally
    with connection.cursor() as cursor:
        version = lock(cursor, collection)
        if growing and _append(cursor, collection, version, list(latest.values())):
            tally.new += len(latest)
            advance(cursor, collection, version + len(latest), len(latest), 0)
            return tally
        stored = _stored(cursor, collection, list(latest))
        _let_go(cursor, collection, list(stored))
        if partial:
            latest = _merged(cursor, collection, latest, stored)
        new, changed, revived = _sort_out(latest, stored, tally)
        if new or changed:
            _write(cursor, collection, version, new, changed)
            advance(cursor, collection, version + len(new) + len(changed), len(new), -revived)
    return tally


def changes(
    collection_id: int, after: int, until: int, limit: int, buckets: Sequence[str] | None = None
) -> list[Change]:
    """The next `limit` objects whose latest version is in (after, until], in the order of versions.

    With `buckets` only objects whose ids belong to them; see `workspace.hub.checksums`.
    """
    within = "" if buckets is None else f"AND {_BUCKET} = ANY(%s)"
    with transaction.atomic(), connection.cursor() as cursor:
        # After a large load the planner knows nothing of the table yet and would sort all of it for every slice.
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"""SELECT version, object_id, payload::text, payload_hash::text,
                      replace((received_at AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z',
                      replace((deleted_at AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'
               FROM hub_object WHERE collection_id = %s AND version > %s AND version <= %s {within}
               ORDER BY version LIMIT %s""",
            [collection_id, after, until, *([] if buckets is None else [list(buckets)]), limit],
        )
        return [Change(*row) for row in cursor]


_BUCKET = f"left(encode(sha256(convert_to(object_id, 'UTF8')), 'hex'), {BUCKET_DIGITS})"


# Objects by their ids, each found by the key. Asked for all at once, a planner that knows nothing of a young table
# reads the whole collection by its versions instead.
_EACH = """unnest(%s::text[]) AS wanted CROSS JOIN LATERAL
           (SELECT * FROM hub_object WHERE collection_id = %s AND object_id = wanted LIMIT 1) AS found"""


def count_changes(collection_id: int, after: int, limit: int) -> int:
    """How many objects changed after a version, counted no further than `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM hub_object WHERE collection_id = %s AND version > %s LIMIT %s) c",
            [collection_id, after, limit],
        )
        return int(cursor.fetchone()[0])


def next_versions(after: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each pair of a collection and a version the next version that an object has, None when there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")  # as for `changes`
        cursor.execute(
            """SELECT (SELECT version FROM hub_object o WHERE o.collection_id = a.collection AND o.version > a.version
                       ORDER BY o.version LIMIT 1)
               FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY AS a(collection, version, place)""",
            [[collection for collection, _ in after], [version for _, version in after]],
        )
        return [row[0] for row in cursor]


def object_ids(collection_id: int, after: int = 0, until: int = LAST) -> Iterator[str]:
    """All ids of a collection whose latest version is in (after, until]; streamed."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT object_id FROM hub_object WHERE collection_id = %s AND version > %s AND version <= %s",
            [collection_id, after, until],
        )
        for row in cursor:
            yield row[0]


def unchanged(collection_id: int, object_ids: Iterable[str], until: int) -> set[str]:
    """Those of the ids whose objects have not changed after version `until`, as of this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT object_id FROM {_EACH} WHERE version <= %s", [list(object_ids), collection_id, until]
        )
        return {row[0] for row in cursor}


def go_on_above(collection: Collection, version: int) -> None:
    """Let the versions of changes to come be above this one."""
    Collection.objects.filter(pk=collection.pk, version__lt=version).update(version=version)


def forget(collection: Collection) -> None:
    """Remove all objects of a collection, notes and held deletions; for a source that is deleted."""
    with connection.cursor() as cursor:
        for table in ("hub_seen", "hub_missed", "hub_helddeletion", "hub_object"):
            cursor.execute(f"DELETE FROM {table} WHERE collection_id = %s", [collection.pk])


def lock(cursor: Any, collection: Collection) -> int:
    """The lock of the one writer; returns the version its first change comes after."""
    cursor.execute(
        """SELECT greatest(version, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
           FROM hub_collection WHERE id = %s FOR NO KEY UPDATE""",
        [collection.pk],
    )
    return int(cursor.fetchone()[0])


def advance(cursor: Any, collection: Collection, version: int, stored: int, deleted: int) -> None:
    """Set the version of the collection's last change and add to what it has stored and of that deleted."""
    cursor.execute(
        """UPDATE hub_collection SET version = %s, objects_stored = objects_stored + %s,
               objects_deleted = objects_deleted + %s, changed_at = now() WHERE id = %s""",
        [version, stored, deleted, collection.pk],
    )


def _latest(entries: Sequence[Entry], tally: Tally) -> dict[str, Entry]:
    latest: dict[str, Entry] = {}
    for entry in entries:
        known = latest.get(entry.object_id)
        if known is None or not _older(entry.stamp, known.stamp):
            latest[entry.object_id] = entry
    tally.unchanged += len(entries) - len(latest)
    return latest


def _older(stamp: datetime | None, than: datetime | None) -> bool:
    return stamp is not None and than is not None and stamp < than


def _stored(cursor: Any, collection: Collection, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    cursor.execute(
        f"""SELECT object_id, replace(payload_hash::text, '-', ''), source_stamp, deleted_at IS NOT NULL
            FROM {_EACH}""",
        [ids, collection.pk],
    )
    return {row[0]: row[1:] for row in cursor}


def _let_go(cursor: Any, collection: Collection, ids: list[str]) -> None:
    cursor.execute(
        "DELETE FROM hub_helddeletion WHERE collection_id = %s AND object_id = ANY(%s)", [collection.pk, ids]
    )


def _merged(
    cursor: Any, collection: Collection, latest: dict[str, Entry], stored: dict[str, Any]
) -> dict[str, Entry]:
    cursor.execute(f"SELECT object_id, payload::text FROM {_EACH}", [list(stored), collection.pk])
    whole = dict(latest)
    for object_id, text in cursor:
        entry = latest[object_id]
        whole[object_id] = prepare(object_id, entry.stamp, parse(text) | parse(entry.payload))
    return whole


def _sort_out(
    latest: dict[str, Entry], stored: dict[str, tuple[Any, ...]], tally: Tally
) -> tuple[list[Entry], list[Entry], int]:
    new, changed, revived = [], [], 0
    for object_id, entry in latest.items():
        known = stored.get(object_id)
        if known is None:
            new.append(entry)
            continue
        digest, stamp, deleted = known
        # What was taken for deleted is back, whatever its stamp.
        if _older(entry.stamp, stamp) and not deleted:
            tally.stale += 1
        elif digest == entry.digest and not deleted:
            tally.unchanged += 1
        else:
            changed.append(entry)
            revived += deleted
    tally.new += len(new)
    tally.changed += len(changed)
    return new, changed, revived


def _append(cursor: Any, collection: Collection, version: int, entries: Sequence[Entry]) -> bool:
    """Write objects that are not stored yet; False, and nothing done, when one of them is."""
    try:
        with transaction.atomic():
            _copy(cursor, "hub_object", collection, version, entries)
    except IntegrityError:
        return False
    return True


def _write(
    cursor: Any, collection: Collection, version: int, new: Sequence[Entry], changed: Sequence[Entry]
) -> None:
    """New objects go straight into the table (the lock keeps other writers out), changed ones through a stage."""
    if new:
        _copy(cursor, "hub_object", collection, version, new)
    if changed:
        cursor.execute(_STAGE)
        _copy(cursor, "hub_stage", collection, version + len(new), changed)
        cursor.execute(_APPLY)


_FIELDS = "collection_id, received_at, object_id, version, payload, payload_hash, source_stamp"
_STAGE = f"""CREATE TEMP TABLE IF NOT EXISTS hub_stage ON COMMIT DELETE ROWS AS
             SELECT {_FIELDS} FROM hub_object WITH NO DATA"""
_APPLY = """UPDATE hub_object o
            SET version = s.version, payload = s.payload, payload_hash = s.payload_hash,
                source_stamp = s.source_stamp, received_at = s.received_at, deleted_at = NULL
            FROM hub_stage s WHERE o.collection_id = s.collection_id AND o.object_id = s.object_id"""


def _copy(cursor: Any, table: str, collection: Collection, version: int, entries: Sequence[Entry]) -> None:
    cursor.execute("SELECT transaction_timestamp()::text")
    received = cursor.fetchone()[0]
    head = f"{collection.pk}\t{received}\t".encode()
    lines = [
        b"%b%b\t%d\t%b\t%b\n"
        % (
            head,
            _escape(object_id),
            number,
            payload.replace(b"\\", b"\\\\"),
            f"{digest}\t{stamp.isoformat() if stamp else NULL}".encode(),
        )
        for number, (object_id, stamp, payload, digest, _) in enumerate(entries, version + 1)
    ]
    with connection.wrap_database_errors:  # Django wraps those of `execute` alone
        cursor.copy_expert(f"COPY {table} ({_FIELDS}) FROM STDIN", io.BytesIO(b"".join(lines)), 1 << 16)


def _escape(text: str) -> bytes:
    if text.isalnum():
        return text.encode()
    plain = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return plain.encode()
