"""The objects of a collection as the Hub has them: a list to leaf through, and each with its JSON and its columns."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode

from sources.models import Source
from sources.pages.collections import find_collection, trouble_of
from sources.pages.frame import address, find_source, leave, source_context
from workspace.access import Ability
from workspace.hub.columns import Layout
from workspace.hub.models import Collection, Object
from workspace.pages import Crumb, MemberRequest, Slab, member_page

PAGE = 50
TITLES = ("subject", "name", "email", "first_name", "rating")
"""Properties that tell people which object it is, the first that has a value."""


@member_page()
def show_objects(request: MemberRequest, slug: str, collection: str) -> HttpResponse:
    """The objects that changed last first; `id` finds one."""
    source = find_source(request, slug)
    stored = find_collection(source, collection)
    wanted = request.GET.get("id", "").strip()
    found = Object.objects.filter(collection=stored)
    if wanted:
        found = found.filter(object_id=wanted)
    elif (before := request.GET.get("before", "")).isdecimal():
        found = found.filter(version__lt=int(before[:18]))
    rows = list(found.order_by("-version")[: PAGE + 1])
    older = f"?{urlencode({'before': rows[PAGE - 1].version})}" if len(rows) > PAGE else ""
    context = source_context(request, source, "collections", *_crumbs(source, collection), title=collection)
    context |= {
        "collection": stored,
        "slab": Slab([(one, _title(one.payload)) for one in rows[:PAGE]], older=older),
        "first": request.path if request.GET.get("before") else "",
        "wanted": wanted,
        **trouble_of(source, stored),
    }
    return render(request, "sources/objects.html", context)


@member_page()
def show_object(request: MemberRequest, slug: str, collection: str, object_id: str) -> HttpResponse:
    """One object: what it is, its columns, and its JSON as received."""
    source = find_source(request, slug)
    stored = find_collection(source, collection)
    one = get_object_or_404(Object, collection=stored, object_id=object_id)
    crumbs = [*_crumbs(source, collection), Crumb(object_id)]
    context = source_context(request, source, "collections", *crumbs, title=f"{collection} {object_id}")
    context |= {
        "collection": stored,
        "object": one,
        "own": leave(request.access, Ability.OWN, source.pk),
        "columns": _columns(stored, one),
        "json": json.dumps(one.payload, indent=2, ensure_ascii=False),
    }
    return render(request, "sources/object.html", context)


def _crumbs(source: Source, collection: str) -> list[Crumb]:
    others = [
        (stream.collection, address(source, "collection", stream.collection))
        for stream in source.connector.streams
        if stream.collection != collection
    ]
    return [
        Crumb("Collections", address(source, "collections")),
        Crumb(collection, address(source, "collection", collection), others),
    ]


def _title(payload: Any) -> str:
    return next((str(payload[name]) for name in TITLES if payload.get(name)), "")


def _columns(collection: Collection, one: Object) -> list[tuple[str, str, Any]]:
    """Name, type and value of each column, as a warehouse has them."""
    layout = Layout({})
    row = layout.row(one.payload)
    made = [
        (column.name, column.type.value, value) for column, value in zip(layout.columns, row, strict=False)
    ]
    system = [
        ("id", "text", one.object_id),
        ("received_at", "timestamp", one.received_at.isoformat()),
        ("_version", "integer", one.version),
        ("_deleted_at", "timestamp", one.deleted_at.isoformat() if one.deleted_at else None),
    ]
    return [*system, *sorted(made)]
