"""The collections of a source in the Hub: their counts, what is held or in quarantine, reading them whole again."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from sources.connectors.base import Stream
from sources.models import Cursor, Source
from sources.pages.frame import address, find_source, source_context
from workspace import audit
from workspace.access import Ability
from workspace.hub.deletions import approve_deletions
from workspace.hub.models import Collection, HeldDeletion
from workspace.pages import Crumb, MemberRequest, member_page

KEPT = 50
"""Records of the quarantine that are shown, the latest first."""


@dataclass(frozen=True)
class Line:
    """A collection in the list."""

    stream: Stream
    on: bool
    collection: Collection | None
    quarantined: int
    held: int


@member_page()
def show_collections(request: MemberRequest, slug: str) -> HttpResponse:
    """All collections of the source."""
    source = find_source(request, slug)
    context = source_context(request, source, "collections", Crumb("Collections"), title="Collections")
    return render(request, "sources/collections.html", {**context, "lines": lines_of(source)})


@require_POST
@member_page()
def approve(request: MemberRequest, slug: str, collection: str) -> HttpResponse:
    """Agree that the held objects are gone at the vendor."""
    source = find_source(request, slug)
    request.access.require(Ability.ADMIN_SOURCE, source.pk)
    stored = find_collection(source, collection)
    with transaction.atomic():
        approved = approve_deletions(stored)
        audit.record(
            source.workspace,
            request.user,
            "deletions.approved",
            source,
            collection=collection,
            count=approved,
        )
    messages.success(request, f"{approved:,} {collection} are marked as deleted.")
    return redirect(address(source, "collection", collection))


def lines_of(source: Source) -> list[Line]:
    """Every collection of the connector in the order of reading, with what the Hub has of it."""
    stored = {one.name: one for one in Collection.objects.filter(schema=source.schema_id)}
    held = _counted(HeldDeletion.objects.filter(collection__schema=source.schema_id))
    kept = _counted(source.quarantine.all())
    return [
        Line(
            stream,
            stream.collection not in source.collections_off,
            (one := stored.get(stream.collection)),
            kept.get(one.pk, 0) if one else 0,
            held.get(one.pk, 0) if one else 0,
        )
        for stream in source.connector.streams
    ]


def find_collection(source: Source, name: str) -> Collection:
    """The Hub's collection of this name, or Http404."""
    if name not in {stream.collection for stream in source.connector.streams}:
        raise Http404("There is no such collection.")
    return get_object_or_404(Collection, schema=source.schema_id, name=name)


def trouble_of(source: Source, collection: Collection) -> dict[str, object]:
    """Context of what is wrong in a collection: objects held from deletion, records in quarantine."""
    held = HeldDeletion.objects.filter(collection=collection)
    quarantine = source.quarantine.filter(collection=collection).order_by("-last_seen_at")
    cursor = Cursor.objects.filter(source=source, collection=collection).first()
    return {
        "held": held.count(),
        "held_ids": list(held.values_list("object_id", flat=True)[:20]),
        "quarantine": list(quarantine[:KEPT]),
        "reading_since": cursor.reading_since if cursor else None,
    }


def _counted(rows: object) -> dict[int, int]:
    """Rows per collection."""
    return dict(rows.values_list("collection").annotate(Count("collection")))  # type: ignore[attr-defined]
