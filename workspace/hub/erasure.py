"""Forgetting objects for good: what is erased is gone from the Hub and is refused when the vendor sends it again.

Erased objects are known by an HMAC of their ids under a key of their schema, which is sealed like all secrets: who
reads the database alone learns nothing from it, not even by trying every number. The ids themselves stay, sealed, only
until every warehouse has removed its rows. As in `workspace.hub.store` what writes runs in the caller's transaction.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from workspace.hub.models import Collection, Erased, Erasure, Schema
from workspace.hub.signals import objects_erased
from workspace.hub.store import advance, lock


@dataclass(frozen=True, slots=True)
class Suppression:
    """What must not come back into a schema."""

    key: bytes
    digests: frozenset[str]

    def covers(self, collection: str, object_id: str) -> bool:
        """Whether this object was erased."""
        return digest(self.key, collection, object_id) in self.digests


def digest(key: bytes, collection: str, object_id: str) -> str:
    """The id of an object of a collection as it is remembered: the same id elsewhere has another one."""
    return hmac.digest(key, f"{collection}\0{object_id}".encode("utf-8", "replace"), "sha256").hex()


def suppression_of(schema_id: int) -> Suppression | None:
    """What is refused as of now; None, for the price of one look, where nothing was ever erased."""
    schema = Schema.objects.filter(pk=schema_id, erasing__isnull=False).first()
    if schema is None:
        return None
    digests = Erased.objects.filter(collection__schema=schema).values_list("digest", flat=True)
    return Suppression(_key(schema), frozenset(digests))


def begin(collection: Collection, object_id: str) -> Erasure:
    """Refuse this object from the commit on, and keep note that it is to be erased."""
    schema = Schema.objects.select_for_update(no_key=True).get(pk=collection.schema_id)
    if schema.erasing is None:
        schema.erasing = {"key": secrets.token_hex(32)}
        schema.save(update_fields=["erasing"])
    hidden = digest(_key(schema), collection.name, object_id)
    erasure = Erasure(schema=schema, collection=collection, digest=hidden)
    erasure.sealed = {"id": object_id, "ids": {collection.name: [object_id]}}
    erasure.save(force_insert=True)
    Erased.objects.bulk_create([Erased(collection=collection, digest=hidden)], ignore_conflicts=True)
    return erasure


def remove(erasure: Erasure, collection: Collection, object_ids: Sequence[str]) -> None:
    """Remove these objects of a collection from the Hub and refuse them from the commit on."""
    key = _key(erasure.schema)
    hidden = [digest(key, collection.name, object_id) for object_id in object_ids]
    rows = [Erased(collection=collection, digest=one) for one in sorted(hidden)]
    Erased.objects.bulk_create(rows, ignore_conflicts=True)
    erasure.counts[collection.name] = erasure.counts.get(collection.name, 0) + _delete(
        collection, list(object_ids), hidden
    )
    known = erasure.sealed["ids"]
    merged = dict.fromkeys([*known.get(collection.name, []), *object_ids])
    erasure.sealed = {**erasure.sealed, "ids": {**known, collection.name: list(merged)}}
    erasure.save(update_fields=["counts", "sealed"])


def finish(erasure: Erasure) -> None:
    """Say that the Hub has forgotten everything: now it is the warehouses' turn."""
    erasure.erased_at = timezone.now()
    erasure.save(update_fields=["erased_at"])
    objects_erased.send(sender=Erasure, erasure=erasure, ids=ids_of(erasure))


def ids_of(erasure: Erasure) -> dict[str, list[str]]:
    """The ids of all that is to go, per collection; none once they are no longer needed."""
    sealed = erasure.sealed
    return dict(sealed["ids"]) if sealed else {}


def unfinished() -> Iterable[Erasure]:
    """Those that the Hub has still to do."""
    return Erasure.objects.filter(ended_at=None, erased_at=None).order_by("asked_at")


def _delete(collection: Collection, ids: list[str], hidden: list[str]) -> int:
    """How many objects there were. The version rises although no object has it: warehouses see that there is work."""
    with connection.cursor() as cursor:
        version = lock(cursor, collection)
        known: list[Any] = [collection.pk, ids]
        for table in ("hub_missed", "hub_helddeletion"):
            cursor.execute(f"DELETE FROM {table} WHERE collection_id = %s AND object_id = ANY(%s)", known)
        # A read that is under way counts its notes in the end: they stay as many as they were.
        cursor.execute(
            """UPDATE hub_seen s SET object_id = e.hidden FROM unnest(%s::text[], %s::text[]) AS e (id, hidden)
               WHERE s.collection_id = %s AND s.object_id = e.id""",
            [ids, hidden, collection.pk],
        )
        cursor.execute(
            """DELETE FROM hub_object WHERE collection_id = %s AND object_id = ANY(%s)
               RETURNING deleted_at IS NOT NULL""",
            known,
        )
        deleted = [row[0] for row in cursor.fetchall()]
        if deleted:
            advance(cursor, collection, version + 1, -len(deleted), -sum(deleted))
    return len(deleted)


def _key(schema: Schema) -> bytes:
    return bytes.fromhex(schema.erasing["key"])
