"""Add warehouse: how to reach the database, a test of that, and the sources that are to flow into it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render

from warehouses.engines.base import Engine
from warehouses.forms import AddForm
from warehouses.models import Warehouse
from warehouses.pages.catalog import engine_of
from warehouses.pages.frame import address, go, why_not
from warehouses.pages.probing import Verdict, complain, probe, refuse
from warehouses.pages.telling import warehouse_told
from warehouses.setup import add_warehouse, attach_schema, beyond_plan
from workspace import audit
from workspace.access import Ability, Access
from workspace.errors import ConfigError
from workspace.pages import Crumb, MemberRequest, is_fragment, member_page


@dataclass(frozen=True)
class Choice:
    """A source that may be ticked, or why it may not."""

    source: Any
    ticked: bool
    why_not: str


@member_page(Ability.ADMIN_WAREHOUSES)
def add(request: MemberRequest, kind: str) -> HttpResponse:
    """The form; *Test connection* and *Save* send the same fields."""
    engine = engine_of(kind)
    if request.method != "POST":
        start = {"name": engine.name, "key": uuid.uuid4()}
        return _show(request, engine, AddForm(initial=start), engine.SettingsForm())
    form, fields = AddForm(request.POST), engine.SettingsForm(request.POST)
    if "test" in request.POST:
        verdict = probe(engine, fields.cleaned_data) if fields.is_valid() else complain(fields)
        return _answer(request, engine, form, fields, verdict)
    if not (form.is_valid() and fields.is_valid()):
        return _answer(request, engine, form, fields, complain(form, fields))
    try:
        warehouse = _add(request, engine, form.cleaned_data)
    except ConfigError as error:
        return _answer(request, engine, form, fields, refuse(error))
    messages.success(request, f"{warehouse.name} is connected.")
    return go(request, address("overview", request, warehouse.slug))


def _add(request: MemberRequest, engine: type[Engine], values: dict[str, Any]) -> Warehouse:
    """The warehouse with its connections; adding them is one thing, which a second click does not repeat."""
    access, ticked = request.access, request.POST.getlist("sources")
    sources = [source for source in _sources(request) if str(source.pk) in ticked]
    for source in sources:
        access.require(Ability.CONNECT, source.pk)

    def finish(warehouse: Warehouse) -> None:
        told = warehouse_told(warehouse)
        audit.record(access.workspace, access.user, "warehouse.created", warehouse.slug, **told)
        for source in sources:
            connect(access, warehouse, source)

    fields = request.POST.dict()
    return add_warehouse(
        access.workspace, engine.kind, values["name"], fields, key=values["key"], then=finish
    )


def connect(access: Access, warehouse: Warehouse, source: Any) -> None:
    """Attach a source and say so in the audit trail."""
    attach_schema(warehouse, source.schema, access.user)
    audit.record(
        access.workspace, access.user, "warehouse.source_connected", warehouse.slug, source=source.slug
    )


def choices(request: MemberRequest, taken: Iterable[int] = ()) -> list[Choice]:
    """The sources that may flow into a warehouse, without those of the schemas `taken`."""
    access, ticked = request.access, request.POST.getlist("sources")
    refusal = why_not(access, Ability.CONNECT)  # once: the sentence names the owners, which is a query
    return [
        Choice(source, str(source.pk) in ticked, "" if access.may(Ability.CONNECT, source.pk) else refusal)
        for source in _sources(request).exclude(schema__in=list(taken))
    ]


def _sources(request: MemberRequest) -> Any:
    """Sources that are set up; drafts choose their warehouses themselves."""
    return request.access.sources().exclude(status="setup").select_related("schema").order_by("name")


def _answer(
    request: MemberRequest, engine: type[Engine], form: AddForm, fields: forms.Form, verdict: Verdict
) -> HttpResponse:
    if is_fragment(request):
        return render(request, "warehouses/parts/verdict.html", {"verdict": verdict})
    return _show(request, engine, form, fields, verdict)


def _show(
    request: MemberRequest,
    engine: type[Engine],
    form: AddForm,
    fields: forms.Form,
    verdict: Verdict | None = None,
) -> HttpResponse:
    crumbs = [Crumb("Warehouses", address("list", request)), Crumb("Add warehouse")]
    context = {
        "title": f"Add warehouse: {engine.name}",
        "crumbs": crumbs,
        "engine": engine,
        "form": form,
        "fields": fields,
        "verdict": verdict,
        "choices": choices(request),
        "beyond_plan": beyond_plan(request.access.workspace),
    }
    return render(request, "warehouses/add.html", context)
