"""The list of a workspace's sources: how each stands, when it runs, what it feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Lower
from django.http import HttpResponse
from django.shortcuts import render

from sources.models import Source, SourceSync
from sources.pages.frame import leave
from workspace.access import Ability, Access
from workspace.pages import Crumb, MemberRequest, address_with, is_fragment, member_page
from workspace.standing import standing

PAGE = 50


@dataclass(frozen=True)
class Row:
    """A source in the list. `state` is a key of `workspace.looks.LOOKS`."""

    source: Source
    state: str
    last: SourceSync | None
    warehouses: list[str]
    may_go_on: bool
    """Whether this person may finish a draft."""


@member_page()
def list_sources(request: MemberRequest) -> HttpResponse:
    """All sources that may be seen, drafts too, by name; `q` narrows them."""
    access, wanted = request.access, request.GET.get("q", "").strip()
    sources = _by_name(access, wanted)
    found = list(sources.filter(place__gt=request.GET.get("after", ""))[: PAGE + 1])
    older = address_with(request, after=found[PAGE - 1].place) if len(found) > PAGE else ""
    context = {
        "rows": _rows(access, found[:PAGE]),
        "wanted": wanted,
        "more": older,
        "first": address_with(request, after="") if request.GET.get("after") else "",
        "create": leave(access, Ability.CREATE_SOURCE),
    }
    if is_fragment(request):
        return render(request, "sources/_list.html", context)
    return render(request, "sources/list.html", {**context, "title": "Sources", "crumbs": [Crumb("Sources")]})


def _by_name(access: Access, wanted: str) -> QuerySet[Any]:
    """In the order of names; `place` is a key that no two of them share."""
    sources: QuerySet[Any] = access.sources().annotate(
        place=Concat(Lower("name"), Value(" "), F("slug"), output_field=CharField())
    )
    newest = SourceSync.objects.filter(source=OuterRef("pk")).order_by("-queued_at", "-pk")
    sources = sources.annotate(last_id=Subquery(newest.values("pk")[:1]))
    return sources.filter(name__icontains=wanted).order_by("place").select_related("schema")


def _rows(access: Access, sources: Sequence[Any]) -> list[Row]:
    runs = SourceSync.objects.defer("counts", "notices", "log")
    last = runs.in_bulk([source.last_id for source in sources if source.last_id])
    fed = _warehouses(access, sources)
    return [
        Row(
            source,
            standing(source.status, source.next_sync_at, last.get(source.last_id)),
            last.get(source.last_id),
            fed.get(source.schema_id, []),
            access.may(Ability.ADMIN_SOURCE, source.pk),
        )
        for source in sources
    ]


def _warehouses(access: Access, sources: Sequence[Source]) -> dict[int, list[str]]:
    """Names of the warehouses that each schema flows into; none for who may not see warehouses."""
    schemas = [source.schema_id for source in sources]
    flows = access.warehouses().filter(connections__schema__in=schemas, connections__enabled=True)
    fed: dict[int, list[str]] = {}
    for schema, name in flows.order_by("name").values_list("connections__schema", "name"):
        fed.setdefault(schema, []).append(name)
    return fed
