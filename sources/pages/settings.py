"""Settings of a source: name and switch, connection, schedule, collections, the schema's name, deletion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sources.models import Source
from sources.pages.erasures import erasures_of
from sources.pages.frame import Leave, address, find_source, leave, source_context
from sources.pages.wizard import complain, settings_form, split_fields
from sources.setup import check_source, delete_source, rename_schema, try_source
from workspace import audit
from workspace.access import Ability
from workspace.confirming import require_confirmation
from workspace.errors import PublicError
from workspace.pages import Crumb, MemberRequest, Tab, is_fragment, member_page

PARTS = (
    ("basic", "Basic"),
    ("connection", "Connection"),
    ("schedule", "Schedule"),
    ("collections", "Collections"),
    ("sql", "SQL settings"),
    ("erasures", "Erasures"),
    ("delete", "Delete"),
)
DAYS = ((1, "every day"), (7, "every week"), (30, "every 30 days"))


class BasicForm(forms.Form):
    """What people call it, and whether it syncs."""

    name = forms.CharField(label="Name", max_length=100)
    enabled = forms.BooleanField(
        label="Enabled", required=False, help_text="A disabled source keeps its data and does not sync."
    )


class ScheduleForm(forms.Form):
    """How often it syncs, and how often everything is read again."""

    minutes = forms.IntegerField(
        label="Minutes between syncs",
        min_value=1,
        max_value=7 * 24 * 60,
        help_text="180 is every 3 hours. A sync asks the vendor only for what changed, where the vendor can tell.",
    )
    full_read = forms.TypedChoiceField(
        label="Read everything again",
        coerce=int,
        choices=DAYS,
        help_text="Some changes never move the time of change, and deletions leave no trace: a full read finds them.",
    )


class SchemaForm(forms.Form):
    """The schema's name in every warehouse."""

    schema_name = forms.CharField(
        label="Schema name", max_length=63, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )


class DeleteForm(forms.Form):
    """The slug, typed."""

    confirmation = forms.CharField(
        label="Type the slug of the source", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


@member_page()
def settings(request: MemberRequest, slug: str, part: str) -> HttpResponse:
    """A part of the settings."""
    source = find_source(request, slug)
    if source.status == Source.Status.SETUP:
        return redirect(address(source, "setup", "resume"))
    if part not in _VIEWS:
        raise Http404("There is no such part.")
    ability = Ability.OWN if part == "schedule" else Ability.ADMIN_SOURCE
    if request.method == "POST":
        request.access.require(ability, source.pk)
    may = leave(request.access, ability, source.pk)
    if part == "connection" and may.allowed:
        require_confirmation(request)
    return _VIEWS[part](request, source, may)


def _basic(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    start = {"name": source.name, "enabled": source.status == Source.Status.ENABLED}
    form = BasicForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        source.name = values["name"]
        source.status = Source.Status.ENABLED if values["enabled"] else Source.Status.DISABLED
        if values["enabled"] and not start["enabled"]:
            source.next_sync_at = timezone.now()
        return _save(request, source, "basic", ["name", "status", "next_sync_at"], start, values)
    return _show(request, source, "basic", may, form=form)


def _connection(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    form = settings_form(source, request.POST if request.method == "POST" else None, keeps_secrets=True)
    if request.method == "POST" and form.is_valid():
        try:
            if "test" in request.POST:
                account = try_source(source, form.data)
                messages.success(request, f"The connection works: {account.name}.")
                return _show(request, source, "connection", may, form=form, **split_fields(form))
            check_source(source, form.data)
        except PublicError as error:
            complain(form, error)
        else:
            audit.record(source.workspace, request.user, "source.connected", source, account=source.account)
            messages.success(request, f"{source.name} is connected to {source.account}.")
            return redirect(address(source, "settings", "connection"))
    return _show(request, source, "connection", may, form=form, **split_fields(form))


def _schedule(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    start = {"minutes": int(source.interval.total_seconds() // 60), "full_read": source.full_read_every.days}
    form = ScheduleForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        source.interval = timedelta(minutes=values["minutes"])
        source.full_read_every = timedelta(days=values["full_read"])
        source.next_sync_at = min(source.next_sync_at or timezone.now(), timezone.now() + source.interval)
        fields = ["interval", "full_read_every", "next_sync_at"]
        return _save(request, source, "schedule", fields, start, values)
    return _show(request, source, "schedule", may, form=form)


def _collections(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    names = [stream.collection for stream in source.connector.streams]
    if request.method == "POST":
        off = [name for name in names if name not in request.POST.getlist("collections")]
        if len(off) < len(names):
            start, source.collections_off = {"off": source.collections_off}, off
            return _save(request, source, "collections", ["collections_off"], start, {"off": off})
        messages.error(request, "Tick at least one collection.")
    ticks = [(stream, stream.collection not in source.collections_off) for stream in source.connector.streams]
    return _show(request, source, "collections", may, ticks=ticks)


def _sql(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    before = source.schema.name
    form = SchemaForm(request.POST or None, initial={"schema_name": before})
    if request.method == "POST" and form.is_valid():
        try:
            rename_schema(source, form.cleaned_data["schema_name"])
        except PublicError as error:
            form.add_error("schema_name", f"{error.message} {error.action}".strip())
        else:
            names = {"before": before, "after": source.schema.name}
            audit.record(source.workspace, request.user, "source.schema_renamed", source, **names)
            messages.success(request, f"The schema is called {source.schema.name} now, in every warehouse.")
            return redirect(address(source, "settings", "sql"))
    return _show(request, source, "sql", may, form=form)


def _erasures(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    shown = erasures_of(request, source)
    if is_fragment(request):
        return render(request, "sources/settings/_erasures.html", shown)
    return _show(request, source, "erasures", may, **shown)


def _delete(request: MemberRequest, source: Source, may: Leave) -> HttpResponse:
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["confirmation"] == source.slug:
            with transaction.atomic():
                audit.record(source.workspace, request.user, "source.deleted", source, name=source.name)
                delete_source(source)
            messages.success(
                request, f"{source.name} was deleted. Its tables in warehouses stay as they are."
            )
            return redirect("sources:list", request.access.workspace.slug)
        form.add_error("confirmation", f"This is not {source.slug}.")
    return _show(request, source, "delete", may, form=form)


_VIEWS: dict[str, Callable[[MemberRequest, Source, Leave], HttpResponse]] = {
    "basic": _basic,
    "connection": _connection,
    "schedule": _schedule,
    "collections": _collections,
    "sql": _sql,
    "erasures": _erasures,
    "delete": _delete,
}


def _save(
    request: MemberRequest, source: Source, part: str, fields: list[str], before: Any, after: Any
) -> HttpResponse:
    with transaction.atomic():
        source.save(update_fields=fields)
        audit.record(
            source.workspace, request.user, f"source.{part}_changed", source, before=before, after=after
        )
    messages.success(request, "Saved.")
    return redirect(address(source, "settings", part))


def _show(request: MemberRequest, source: Source, part: str, may: Leave, **context: Any) -> HttpResponse:
    label = dict(PARTS)[part]
    rail = [Tab(name, address(source, "settings", key), key == part) for key, name in PARTS]
    frame = source_context(request, source, "settings", Crumb("Settings"), Crumb(label), title=label)
    page = {**frame, "rail": rail, "may": may, "part": part, **context}
    return render(request, f"sources/settings/{part}.html", page)
