"""Hub objects: a few made-up ones per collection, and copies with ids and moments of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from workspace.hub.models import Collection
from workspace.seeding import invented

VARIANTS = 30
DELETED_EACH = 50
"""Every so many objects have vanished at the source."""


def add_objects(sources: Sequence[Any], count: int, days: int) -> None:
    """`count` objects over all collections: most in the first source and in the last collections of each."""
    collections = list(Collection.objects.filter(schema__source__in=sources).select_related("schema"))
    properties = {stream.collection: stream.properties for stream in sources[0].connector.streams}
    place_of = {source.schema_id: place for place, source in enumerate(sources)}
    weights = [1 / (1 + place_of[c.schema_id]) * (1 + c.position) ** 2 for c in collections]
    shares = [int(count * weight / sum(weights)) for weight in weights]
    shares[0] += count - sum(shares)
    with connection.cursor() as cursor:
        cursor.execute(
            """CREATE TEMP TABLE seed_object (name text, variant int, payload text) ON COMMIT DROP;
               CREATE TEMP TABLE seed_share (id bigint, name text, share bigint) ON COMMIT DROP"""
        )
        cursor.executemany(
            "INSERT INTO seed_object VALUES (%s, %s, %s)",
            [
                (name, n, invented.payload(known, n))
                for name, known in properties.items()
                for n in range(VARIANTS)
            ],
        )
        cursor.executemany(
            "INSERT INTO seed_share VALUES (%s, %s, %s)",
            [(c.pk, c.name, share) for c, share in zip(collections, shares, strict=True) if share],
        )
        since, span = timezone.now() - timedelta(days=days), days * 86_400_000_000
        cursor.execute(_COPY, {"variants": VARIANTS, "each": DELETED_EACH, "since": since, "days": span})
        cursor.execute(_COUNT, {"each": DELETED_EACH})
        cursor.execute("DROP TABLE seed_object, seed_share")


_COPY = """
INSERT INTO hub_object (collection_id, object_id, version, payload, payload_hash, source_stamp, received_at, deleted_at)
SELECT s.id, n, v.version, replace(replace(replace(t.payload, '"{id}"', n::text),
           '{created}', v.created), '{updated}', v.updated)::json,
       md5(s.id || ' ' || n)::uuid, v.at - interval '90 seconds', v.at,
       CASE WHEN n %% %(each)s = 0 THEN v.at END
FROM seed_share s
CROSS JOIN LATERAL generate_series(1, s.share) n
JOIN seed_object t ON t.name = s.name AND t.variant = n %% %(variants)s
CROSS JOIN LATERAL (SELECT %(since)s::timestamptz + n * (interval '1 microsecond' * (%(days)s / (s.share + 1))) AS at) m
CROSS JOIN LATERAL (SELECT m.at, (extract(epoch FROM m.at) * 1000000)::bigint AS version,
    to_char(m.at AT TIME ZONE 'UTC' - interval '200 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
    to_char(m.at AT TIME ZONE 'UTC' - interval '90 seconds', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated) v
"""
_COUNT = """
UPDATE hub_collection c
SET version = (SELECT max(version) FROM hub_object o WHERE o.collection_id = c.id), objects_stored = s.share,
    objects_deleted = s.share / %(each)s, full_read_at = now() - interval '2 days', changed_at = now()
FROM seed_share s WHERE s.id = c.id
"""
