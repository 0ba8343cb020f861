"""Add source, step by step: choose a name, connect, preview, finish.

The draft is a source in setup; every step saves it, so that a closed tab is taken up again where it was left. Each
step can be sent twice without harm.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from sources.connectors import CONNECTORS
from sources.connectors.base import Connector, SettingsError
from sources.forms import NameForm
from sources.models import Source
from sources.pages.frame import address, find_source, last_sync
from sources.pages.preview import look_ahead
from sources.pages.progress import progress_of
from sources.pages.telling import source_told
from sources.setup import (
    change_draft,
    check_source,
    derived_schema,
    discard_draft,
    draft_source,
    find_draft,
    refuse_region,
    start_source,
)
from workspace import audit
from workspace.access import Ability
from workspace.errors import ConfigError, PublicError
from workspace.forms import secret_fields
from workspace.pages import Crumb, MemberRequest, is_fragment, member_page

STEPS = (("name", "Choose a name"), ("connect", "Connect"), ("preview", "Preview"), ("finish", "Finish"))


@dataclass(frozen=True)
class Step:
    """A step of the rail: `state` is `done`, `current` or `ahead`."""

    label: str
    state: str
    url: str


@member_page(Ability.CREATE_SOURCE)
def begin(request: MemberRequest, kind: str) -> HttpResponse:
    """Choose a name: sending it makes the draft."""
    connector = connector_of(kind)
    try:
        refuse_region(request.access.workspace, kind)
    except ConfigError as error:
        messages.error(request, error.message)
        return redirect("sources:catalog_entry", request.access.workspace.slug, kind)
    if request.method != "POST":
        return _show_name(request, connector, _name_form(request, initial=_start(request, connector)))
    form = _name_form(request, request.POST)
    if form.is_valid():
        try:
            source = _draft(request, kind, form.cleaned_data)
        except ConfigError as error:
            form.add_error("schema_name", error.message)
        else:
            return redirect(address(source, "setup", "connect"))
    return _show_name(request, connector, form)


@member_page(Ability.CREATE_SOURCE)
def derive(request: MemberRequest, kind: str) -> HttpResponse:
    """The statement that shows how the source will be queried, for what has been typed so far."""
    connector_of(kind)
    name, typed = request.GET.get("name", "").strip(), request.GET.get("schema_name", "").strip()
    schema = typed or derived_schema(request.access.workspace, name or "source")
    context = {"schema": schema, "kind": kind, "connector": CONNECTORS[kind]}
    return render(request, "sources/wizard/_statement.html", context)


@member_page()
def step(request: MemberRequest, slug: str, step: str) -> HttpResponse:
    """A step of a draft; `resume` is the first one that is not done."""
    source = find_source(request, slug)
    request.access.require(Ability.ADMIN_SOURCE, source.pk)
    if source.status != Source.Status.SETUP and step != "finish":
        return redirect(address(source, "setup", "finish"))
    connected = source.credentials is not None
    if step == "resume" or (step in ("preview", "finish") and source.status == "setup" and not connected):
        return redirect(address(source, "setup", "preview" if connected else "connect"))
    views = {"name": _name, "connect": _connect, "preview": _preview, "finish": _finish}
    if step not in views:
        raise Http404("There is no such step.")
    return views[step](request, source)


@require_POST
@member_page()
def discard(request: MemberRequest, slug: str) -> HttpResponse:
    """Throw a draft away."""
    source = find_source(request, slug)
    request.access.require(Ability.ADMIN_SOURCE, source.pk)
    if source.status != Source.Status.SETUP:
        messages.info(request, f"{source.name} is set up already; delete it in its settings.")
        return redirect(address(source, "overview"))
    audit.record(source.workspace, request.user, "source.draft_discarded", source)
    discard_draft(source)
    messages.success(request, f"The draft {source.name} was discarded.")
    return redirect("sources:list", request.access.workspace.slug)


def connector_of(kind: str) -> Connector:
    """The connector of an address, or Http404."""
    if kind not in CONNECTORS:
        raise Http404("There is no such kind of source.")
    return CONNECTORS[kind]


def _name(request: MemberRequest, source: Source) -> HttpResponse:
    form = _name_form(request, request.POST or None, initial=_chosen(source))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            schema = values["schema_name"] or source.schema.name
            change_draft(source, values["name"], schema, _warehouses(request, values))
        except ConfigError as error:
            form.add_error("schema_name", error.message)
        else:
            return redirect(address(source, "setup", "connect"))
    return _show_name(request, source.connector, form, source)


def _connect(request: MemberRequest, source: Source) -> HttpResponse:
    form = settings_form(source, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            check_source(source, form.data)
        except PublicError as error:
            complain(form, error)
        else:
            audit.record(source.workspace, request.user, "source.connected", source, account=source.account)
            return redirect(address(source, "setup", "preview"))
    context = {"form": form, **split_fields(form)}
    return _show(request, source.connector, "connect", source, **context)


def _preview(request: MemberRequest, source: Source) -> HttpResponse:
    if request.method == "POST":
        names = [stream.collection for stream in source.connector.streams]
        off = [name for name in names if name not in request.POST.getlist("collections")]
        if len(off) == len(names):
            messages.error(request, "Tick at least one collection.")
            return redirect(address(source, "setup", "preview"))
        if start_source(source, by=request.user, collections_off=off):
            audit.record(source.workspace, request.user, "source.enabled", source, collections_off=off)
        return redirect(address(source, "setup", "finish"))
    try:
        preview = look_ahead(source)
    except PublicError as error:
        messages.error(request, f"{error.message} {error.action}".strip())
        return redirect(address(source, "setup", "connect"))
    return _show(request, source.connector, "preview", source, preview=preview)


def _finish(request: MemberRequest, source: Source) -> HttpResponse:
    if source.status == Source.Status.SETUP:
        return redirect(address(source, "setup", "preview"))
    run = last_sync(source)
    if run is not None:
        run.source = source
    feeds = source.schema.connections.filter(enabled=True, warehouse__enabled=True)
    context = {
        "run": run,
        "progress": progress_of(run) if run else [],
        "connected": source.schema.connections.exists(),
        "feeds": feeds.select_related("warehouse").order_by("warehouse__name"),
    }
    if is_fragment(request):
        return render(request, "sources/wizard/_finish.html", {"source": source, **context})
    return _show(request, source.connector, "finish", source, **context)


def settings_form(source: Source, data: Any = None, *, keeps_secrets: bool = False) -> forms.Form:
    """The connector's form, filled with what is stored except secrets.

    With `keeps_secrets` a secret that is left empty stays what it was, as long as everything else is right.
    """
    form = source.connector.SettingsForm
    stored = source.credentials or {}
    secrets = secret_fields(form)
    if data is not None:
        data = data.dict()
        if keeps_secrets:
            data |= {name: stored[name] for name in secrets if not data.get(name) and stored.get(name)}
    return form(data, initial={name: stored.get(name) for name in form.base_fields if name not in secrets})


def complain(form: forms.Form, error: PublicError) -> None:
    """Show an error at the field it is about, else above the form."""
    field = error.field if isinstance(error, SettingsError) and error.field in form.fields else None
    form.add_error(field, f"{error.message} {error.action}".strip())


def split_fields(form: forms.Form) -> dict[str, Any]:
    """The fields of the usual way, and those of another way, which are folded until one of them is used."""
    folded = getattr(form, "alternative", ())
    other = [field for field in form if field.name in folded]
    return {
        "plain": [field for field in form if field.name not in folded],
        "other": other,
        "unfold": any(field.value() or field.errors for field in other),
        "alternative": getattr(form, "alternative_label", ""),
    }


def _start(request: MemberRequest, connector: Connector) -> dict[str, Any]:
    """What the form begins with. Coming back to it shows the draft it made, as long as that is not connected."""
    name = f"source-draft-{request.access.workspace.pk}-{connector.kind}"
    key = request.session.get(name)
    if key and (draft := find_draft(request.access.workspace, uuid.UUID(key))):
        return {"key": key, **_chosen(draft)}
    key = request.session[name] = str(uuid.uuid4())
    return {"key": key, "name": connector.name, "warehouses": _only_warehouse(request)}


def _chosen(source: Source) -> dict[str, Any]:
    """What has been chosen for a draft."""
    warehouses = [str(pk) for pk in source.schema.connections.values_list("warehouse", flat=True)]
    return {"name": source.name, "schema_name": source.schema.name, "warehouses": warehouses}


def _draft(request: MemberRequest, kind: str, values: dict[str, Any]) -> Source:
    def told(source: Source) -> None:
        audit.record(source.workspace, request.user, "source.created", source, **source_told(source))

    warehouses = _warehouses(request, values)
    workspace, key = request.access.workspace, values["key"] or uuid.uuid4()
    if known := find_draft(workspace, key):
        change_draft(known, values["name"], values["schema_name"] or known.schema.name, warehouses)
        return known
    return draft_source(
        workspace,
        kind,
        values["name"],
        schema_name=values["schema_name"],
        warehouses=warehouses,
        key=key,
        then=told,
    )


def _name_form(request: MemberRequest, *args: Any, **options: Any) -> NameForm:
    """With the warehouses of the workspace, for those who may connect them."""
    access = request.access
    known = access.warehouses().order_by("name") if access.admins_warehouses else ()
    return NameForm(*args, warehouses=[(str(one.pk), one.name) for one in known], **options)


def _only_warehouse(request: MemberRequest) -> list[str]:
    known = [str(pk) for pk in request.access.warehouses().values_list("pk", flat=True)[:2]]
    return known if len(known) == 1 else []


def _warehouses(request: MemberRequest, values: dict[str, Any]) -> Any:
    return request.access.warehouses().filter(pk__in=values.get("warehouses", []))


def _show_name(
    request: MemberRequest, connector: Connector, form: NameForm, source: Source | None = None
) -> HttpResponse:
    name, typed = form["name"].value() or "", form["schema_name"].value()
    schema = typed or derived_schema(request.access.workspace, name or "source")
    return _show(request, connector, "name", source, form=form, schema=schema, kind=connector.kind)


def _show(
    request: MemberRequest, connector: Connector, current: str, source: Source | None, **context: Any
) -> HttpResponse:
    names = [name for name, _ in STEPS]
    place = names.index(current)
    rail = [
        Step(
            label,
            "done" if n < place else "current" if n == place else "ahead",
            _link(source, name, n < place),
        )
        for n, (name, label) in enumerate(STEPS)
    ]
    crumbs = [
        Crumb("Sources", reverse("sources:list", args=[request.access.workspace.slug])),
        Crumb(f"Add {connector.name}"),
    ]
    frame = {
        "title": STEPS[place][1],
        "crumbs": crumbs,
        "rail": rail,
        "connector": connector,
        "source": source,
    }
    return render(request, f"sources/wizard/{current}.html", {**frame, **context})


def _link(source: Source | None, name: str, done: bool) -> str:
    in_setup = source is not None and source.status == Source.Status.SETUP
    return address(source, "setup", name) if source and in_setup and done else ""
