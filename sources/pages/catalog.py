"""The sources' side of the catalog: what can be connected, and what each brings."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sources.connectors import CONNECTORS
from sources.connectors.base import Connector
from sources.pages.frame import leave
from sources.pages.wizard import connector_of
from workspace.access import Ability
from workspace.pages import Crumb, MemberRequest, Tab, member_page


@member_page()
def show_catalog(request: MemberRequest) -> HttpResponse:
    """Cards of all connectors, or of those of a category or that fit the search."""
    text, category = request.GET.get("q", "").strip(), request.GET.get("category", "")
    slug = request.access.workspace.slug
    fitting = [one for one in CONNECTORS.values() if _fits(one, text.lower(), category)]
    context = {
        "title": "Catalog",
        "crumbs": [Crumb("Catalog")],
        "tabs": [
            Tab("Sources", reverse("sources:catalog", args=[slug]), current=True),
            Tab("Warehouses", reverse("warehouses:catalog", args=[slug])),
        ],
        "categories": sorted({one.category for one in CONNECTORS.values()}),
        "category": category,
        "groups": [
            (name, [one for one in fitting if one.category == name])
            for name in sorted({one.category for one in fitting})
        ],
        "text": text,
    }
    return render(request, "sources/catalog.html", context)


@member_page()
def show_entry(request: MemberRequest, kind: str) -> HttpResponse:
    """What a connector brings, what it needs, and whether it is offered here."""
    connector, access = connector_of(kind), request.access
    context = {
        "title": connector.name,
        "crumbs": [
            Crumb("Catalog", reverse("sources:catalog", args=[access.workspace.slug])),
            Crumb(connector.name),
        ],
        "connector": connector,
        "offered": access.workspace.region in connector.regions,
        "create": leave(access, Ability.CREATE_SOURCE),
        "sources": access.sources().filter(kind=kind).exclude(status="setup").order_by("name")[:20],
    }
    return render(request, "sources/catalog_entry.html", context)


def _fits(connector: Connector, text: str, category: str) -> bool:
    said = f"{connector.name} {connector.category} {connector.summary}".lower()
    return text in said and category in ("", connector.category)
