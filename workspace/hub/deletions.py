"""What a complete read of a collection did not meet: marked as deleted, or held until an admin agrees.

A read notes the ids it meets (`begin_read`, `note_seen`); its `sweep` looks for the stored objects that are not among
them. As in `workspace.hub.store` what writes objects runs in the caller's transaction and locks the collection first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from workspace.hub.models import Collection
from workspace.hub.store import advance, lock

DELETION_SHARE, DELETION_FLOOR = 0.05, 20
"""More than this share of a collection, and more than this many: a deletion waits for an admin."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a complete read found missing: marked as deleted, held for an admin, or left until the next read."""

    deleted: int = 0
    held: int = 0
    doubted: int = 0


def begin_read(collection: Collection) -> bool:
    """Start noting ids for a read of the whole collection; False when there is nothing that could go missing."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hub_seen WHERE collection_id = %s", [collection.pk])
        cursor.execute(
            "SELECT objects_stored > objects_deleted FROM hub_collection WHERE id = %s", [collection.pk]
        )
        return bool(cursor.fetchone()[0])


def note_seen(collection: Collection, object_ids: Iterable[str]) -> int:
    """Remember that these objects exist at the vendor; returns how many were not noted before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hub_seen (collection_id, object_id) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
            [collection.pk, list(object_ids)],
        )
        return int(cursor.rowcount)


def sweep(collection: Collection, seen: int, *, twice: bool = False) -> Sweep | None:
    """Mark as deleted what a complete read did not meet; more than the guard allows is held instead.

    `seen` is what `note_seen` returned in total. None when the notes are not whole: a crash has emptied them. With
    `twice` an object is only gone when the sweep before did not meet it either.
    """
    with connection.cursor() as cursor:
        version = lock(cursor, collection)
        cursor.execute("SELECT count(*) FROM hub_seen WHERE collection_id = %s", [collection.pk])
        if cursor.fetchone()[0] != seen:
            return None
        held = _hold_missing(cursor, collection, twice)
        suspicious = _is_suspicious(cursor, collection, held)
        deleted = 0 if suspicious else _delete_held(cursor, collection, version)
        doubted = _note_missed(cursor, collection) - held + deleted if twice else 0
        cursor.execute("DELETE FROM hub_seen WHERE collection_id = %s", [collection.pk])
    return Sweep(deleted, held if suspicious else 0, doubted)


def approve_deletions(collection: Collection) -> int:
    """Mark the held objects as deleted; returns how many. Those that have come again meanwhile are no longer held."""
    with connection.cursor() as cursor:
        return _delete_held(cursor, collection, lock(cursor, collection))


_MISSING = """FROM hub_object o WHERE o.collection_id = %s AND o.deleted_at IS NULL AND NOT EXISTS
               (SELECT FROM hub_seen s WHERE s.collection_id = o.collection_id AND s.object_id = o.object_id)"""
_AGAIN = """AND EXISTS
            (SELECT FROM hub_missed m WHERE m.collection_id = o.collection_id AND m.object_id = o.object_id)"""


def _hold_missing(cursor: Any, collection: Collection, twice: bool) -> int:
    """Hold what is missing now in place of what was held before; how many that are."""
    cursor.execute("DELETE FROM hub_helddeletion WHERE collection_id = %s", [collection.pk])
    cursor.execute(
        f"""INSERT INTO hub_helddeletion (collection_id, object_id, found_at)
            SELECT o.collection_id, o.object_id, now() {_MISSING} {_AGAIN if twice else ""}""",
        [collection.pk],
    )
    return int(cursor.rowcount)


def _note_missed(cursor: Any, collection: Collection) -> int:
    """Remember for the next sweep what is missing and not deleted; how many that are."""
    cursor.execute("DELETE FROM hub_missed WHERE collection_id = %s", [collection.pk])
    cursor.execute(
        f"INSERT INTO hub_missed (collection_id, object_id) SELECT o.collection_id, o.object_id {_MISSING}",
        [collection.pk],
    )
    return int(cursor.rowcount)


def _is_suspicious(cursor: Any, collection: Collection, missing: int) -> bool:
    if missing <= DELETION_FLOOR:
        return False
    cursor.execute(
        "SELECT objects_stored - objects_deleted FROM hub_collection WHERE id = %s", [collection.pk]
    )
    return bool(missing > DELETION_SHARE * cursor.fetchone()[0])


def _delete_held(cursor: Any, collection: Collection, version: int) -> int:
    """Mark as deleted what is held, but for what has changed since; how many that were."""
    cursor.execute(
        """UPDATE hub_object o SET version = %s + gone.place, deleted_at = now(), received_at = now()
           FROM (SELECT object_id, row_number() OVER () AS place
                 FROM hub_helddeletion JOIN hub_object USING (collection_id, object_id)
                 WHERE collection_id = %s AND deleted_at IS NULL AND hub_object.received_at <= found_at) gone
           WHERE o.collection_id = %s AND o.object_id = gone.object_id""",
        [version, collection.pk, collection.pk],
    )
    deleted = int(cursor.rowcount)
    cursor.execute("DELETE FROM hub_helddeletion WHERE collection_id = %s", [collection.pk])
    if deleted:
        advance(cursor, collection, version + deleted, 0, deleted)
    return deleted
