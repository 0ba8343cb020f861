"""The search of the top bar: sources and warehouses by a part of their name."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from workspace.pages import Crumb, MemberRequest, is_fragment, member_page

MOST = 8
"""Of each kind, in the list below the field; the page shows all."""


@member_page()
def search(request: MemberRequest) -> HttpResponse:
    """The list below the field while one types, or a page without JavaScript."""
    text = request.GET.get("q", "").strip()
    fragment = is_fragment(request)
    found = _found(request, text, MOST if fragment else 1000) if text else []
    context = {"title": "Search", "crumbs": [Crumb("Search")], "search_text": text, "found": found}
    return render(request, "workspace/parts/found.html" if fragment else "workspace/search.html", context)


def _found(request: MemberRequest, text: str, most: int) -> list[dict[str, Any]]:
    access, slug = request.access, request.access.workspace.slug
    wanted = Q(name__icontains=text) | Q(slug__icontains=text)
    sources = access.sources().filter(wanted | Q(schema__name__icontains=text)).order_by("name")[:most]
    warehouses = access.warehouses().filter(wanted).order_by("name")[:most]
    sides = (("Source", "sources:overview", sources), ("Warehouse", "warehouses:overview", warehouses))
    return [
        {"kind": kind, "icon": one.kind, "name": one.name, "url": reverse(page, args=[slug, one.slug])}
        for kind, page, ones in sides
        for one in ones
    ]
