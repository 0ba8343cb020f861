"""The warehouses' side of the catalog: kinds of databases, and what each takes."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from warehouses.engines import ENGINES
from warehouses.engines.base import Engine
from warehouses.pages.frame import address, why_not
from warehouses.setup import beyond_plan
from workspace.access import Ability
from workspace.pages import Crumb, MemberRequest, Tab, member_page


def engine_of(kind: str) -> type[Engine]:
    """The engine of an address, or Http404."""
    if kind not in ENGINES:
        raise Http404("There is no such kind of warehouse.")
    return ENGINES[kind]


@member_page(Ability.SEE_WAREHOUSES)
def show_catalog(request: MemberRequest) -> HttpResponse:
    """Cards of all engines, or of those that fit the search."""
    text = request.GET.get("q", "").strip()
    slug = request.access.workspace.slug
    context = {
        "title": "Catalog",
        "crumbs": [Crumb("Catalog")],
        "tabs": [
            Tab("Sources", reverse("sources:catalog", args=[slug])),
            Tab("Warehouses", address("catalog", request), current=True),
        ],
        "engines": [engine for engine in ENGINES.values() if _fits(engine, text.lower())],
        "text": text,
    }
    return render(request, "warehouses/catalog.html", context)


@member_page(Ability.SEE_WAREHOUSES)
def show_entry(request: MemberRequest, kind: str) -> HttpResponse:
    """What an engine is, what it takes, and how to prepare the database."""
    engine, access = engine_of(kind), request.access
    context = {
        "title": engine.name,
        "crumbs": [Crumb("Catalog", address("catalog", request)), Crumb(engine.name)],
        "engine": engine,
        "warehouses": access.warehouses().filter(kind=kind).order_by("name"),
        "why_not": why_not(access, Ability.ADMIN_WAREHOUSES) or beyond_plan(access.workspace),
    }
    return render(request, "warehouses/catalog_entry.html", context)


def _fits(engine: type[Engine], text: str) -> bool:
    return text in f"{engine.name} {engine.category} {engine.summary}".lower()
