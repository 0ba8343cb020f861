"""How far each collection has been flushed: flushes move the watermarks forward, people send them back.

Whoever sends one back counts that in the watermark. A flush saves only over the count it has read, so that it never
covers up what was asked for while it worked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from warehouses.models import Connection, Watermark
from workspace.hub.models import Collection


class Rewound(Exception):
    """Somebody has sent a watermark back since it was read; whoever has read it begins again."""


def waiting(connections: QuerySet[Connection]) -> Iterator[Connection]:
    """Those of the connections for which the Hub has changes that were not flushed."""
    mark = Watermark.objects.filter(connection=OuterRef(OuterRef("pk")), collection=OuterRef("pk"))
    flushed = Coalesce(Subquery(mark.values("version")), 0)
    behind = Collection.objects.filter(schema=OuterRef("schema"), version__gt=flushed)
    names = ArraySubquery(behind.values("name"))
    for connection in connections.select_related("warehouse__workspace").annotate(behind=names):
        if set(connection.behind) - set(connection.collections_off):
            yield connection


def rewind(connection: Connection, collections: Iterable[Collection], *, rewrite: bool) -> int:
    """Have these collections flushed from the beginning; with `rewrite` also rows that are equal. Returns how many.

    A backfill that is under way begins anew. Rows are written again up to what the Hub has by now: a flush that works
    just now may have brought any of them.
    """
    wanted = [Watermark(connection=connection, collection=collection) for collection in collections]
    marks = Watermark.objects.filter(
        connection=connection, collection__in=[mark.collection_id for mark in wanted]
    )
    newest = Subquery(Collection.objects.filter(pk=OuterRef("collection")).values("version"))
    fields = {"rewrite_until": Greatest(F("rewrite_until"), F("version"), newest)} if rewrite else {}
    with transaction.atomic():
        Watermark.objects.bulk_create(wanted, ignore_conflicts=True)  # a first flush may be under way
        list(marks.select_for_update(of=("self",)).order_by("collection__position", "collection__name"))
        return marks.update(version=0, rewinds=F("rewinds") + 1, **fields)


def begin_anew(connection: Connection) -> None:
    """Forget what has been flushed over a connection: its warehouse is another database now."""
    with transaction.atomic():
        rewind(connection, Collection.objects.filter(schema=connection.schema_id), rewrite=False)
        connection.columns.all().delete()


def save(mark: Watermark, version: int, rewrite_until: int) -> None:
    """Move a watermark in the caller's transaction; raises Rewound when somebody has sent it back."""
    key: dict[str, Any] = {"connection_id": mark.connection_id, "collection_id": mark.collection_id}
    Watermark.objects.get_or_create(**key)
    fields = {"version": version, "rewrite_until": rewrite_until}
    if not Watermark.objects.filter(**key, rewinds=mark.rewinds).update(**fields):
        raise Rewound
    mark.version, mark.rewrite_until = version, rewrite_until
