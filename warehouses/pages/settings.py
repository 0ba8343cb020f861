"""Settings of a warehouse: name and switch, connection, selective sync, schedule, maintenance, removal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone

from warehouses.comparisons import request_comparison
from warehouses.engines import engine_for
from warehouses.forms import NameForm
from warehouses.models import Comparison, Connection, Warehouse
from warehouses.pages.frame import (
    address,
    find_connection,
    find_warehouse,
    go,
    show_connection,
    show_warehouse,
    why_not,
)
from warehouses.pages.overview import connections_of
from warehouses.pages.probing import complain, probe, refuse
from warehouses.pages.selection import FIXED, save_selection, selection_of
from warehouses.pages.telling import difference, settings_told, shown_settings
from warehouses.pages.wording import every, kind_of, schedule_of
from warehouses.schedule import next_time, validate_schedule
from warehouses.select import backfill
from warehouses.setup import connect_warehouse, remove_warehouse
from workspace import audit
from workspace.access import Ability
from workspace.confirming import require_confirmation
from workspace.errors import ConfigError
from workspace.forms import secret_fields
from workspace.pages import MemberRequest, Tab, is_fragment, member_page

PARTS = (
    ("basic", "Basic"),
    ("connection", "Connection"),
    ("selective-sync", "Selective Sync"),
    ("sync-schedule", "Sync Schedule"),
    ("maintenance", "Maintenance"),
    ("remove", "Remove"),
)
SELECTED = "Saved. It holds from the next sync on: what is off is left out, what is on again is filled."
FOR_OWNERS = ("selective-sync", "sync-schedule")


class BasicForm(NameForm):
    """Its name, and whether it syncs."""

    enabled = forms.BooleanField(
        label="Enabled", required=False, help_text="A disabled warehouse keeps its data and does not sync."
    )


class ScheduleForm(forms.Form):
    """When it syncs by itself."""

    way = forms.ChoiceField(label="Sync", widget=forms.RadioSelect)
    minutes = forms.IntegerField(label="Minutes", required=False, min_value=1, max_value=1440)
    hours = forms.TypedMultipleChoiceField(
        label="Hours",
        required=False,
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None, *, warehouse: Warehouse, **options: Any) -> None:
        if data is not None:  # what belongs to another way than the chosen one cannot be wrong
            data = data.copy()
            for other in {"minutes", "hours"} - {data.get("way")}:
                data.pop(other, None)
        super().__init__(data, **options)
        workspace = warehouse.workspace
        plan = int(workspace.allowance["every"])
        usual = every(plan if plan >= 3_600 else 900).lower()
        ways = [("plan", f"As the plan says: {usual}"), ("hours", f"At these hours ({workspace.time_zone})")]
        if plan <= 43_200:
            ways.append(("minutes", "Every so many minutes"))
        if plan <= 1_800:
            ways.append(("after_sync", "Right after each source sync"))
        self.fields["way"].choices = ways  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Minutes are needed by their own way alone."""
        if self.cleaned_data.get("way") == "minutes" and self.cleaned_data.get("minutes", 0) is None:
            self.add_error("minutes", "Minutes are a whole number from 1 to 1,440.")
        return self.cleaned_data

    def schedule(self) -> dict[str, Any]:
        """As `warehouses.schedule` reads it."""
        values = self.cleaned_data
        return {
            "plan": {},
            "hours": {"hours": sorted(values["hours"])},
            "minutes": {"minutes": values["minutes"]},
            "after_sync": {"after_sync": True},
        }[values["way"]]


class RemoveForm(forms.Form):
    """The slug, typed."""

    confirmation = forms.CharField(
        label="Type the slug of the warehouse", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


@member_page(Ability.SEE_WAREHOUSES)
def settings(request: MemberRequest, slug: str, part: str) -> HttpResponse:
    """A part of the settings."""
    warehouse = find_warehouse(request, slug)
    if part not in _VIEWS:
        raise Http404("There is no such part.")
    if request.method == "POST":
        request.access.require(_ability(part))
    if part == "connection" and request.access.may(_ability(part)):
        require_confirmation(request)
    return _VIEWS[part](request, warehouse)


@member_page(Ability.SEE_WAREHOUSES)
def connection_settings(request: MemberRequest, slug: str, source_slug: str) -> HttpResponse:
    """What one source's connection gets, and whether it is on."""
    connection = find_connection(request, slug, source_slug)
    if request.method == "POST":
        request.access.require(Ability.OWN)
        save_selection([connection], request.POST, request.user)
        messages.success(request, SELECTED)
        return redirect(request.path)
    context = {
        "title": "Settings",
        "groups": selection_of([connection]),
        "fixed": FIXED,
        "why_not": why_not(request.access, Ability.OWN),
        "why_not_connect": why_not(request.access, Ability.CONNECT, connection.schema.source.pk),
    }
    template = "warehouses/connection_settings.html"
    return show_connection(request, template, connection, "connection_settings", **context)


def _ability(part: str) -> Ability:
    return Ability.OWN if part in FOR_OWNERS else Ability.ADMIN_WAREHOUSES


def _basic(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    start = {"name": warehouse.name, "enabled": warehouse.enabled}
    form = BasicForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        warehouse.name, warehouse.enabled = form.cleaned_data["name"], form.cleaned_data["enabled"]
        fields = ["name", "enabled"]
        if warehouse.enabled and not start["enabled"] and not warehouse.schedule.get("after_sync"):
            warehouse.next_sync_at = timezone.now()
            fields.append("next_sync_at")
        return _save(request, warehouse, "basic", fields, difference(start, form.cleaned_data))
    return _show(request, warehouse, "basic", form=form)


def _connection(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    engine = engine_for(warehouse.kind)
    if request.method != "POST":
        shown = engine.SettingsForm(initial=shown_settings(warehouse))
        return _show(request, warehouse, "connection", fields=shown, engine=engine)
    typed, stored = request.POST.dict(), warehouse.known_settings()
    secret = secret_fields(engine.SettingsForm)
    typed |= {name: stored[name] for name in secret if not typed.get(name) and stored.get(name)}
    fields = engine.SettingsForm(typed)
    if not fields.is_valid():
        verdict = complain(fields)
    elif "test" in request.POST:
        verdict = probe(engine, fields.cleaned_data)
    else:
        try:
            before = settings_told(warehouse)
            connect_warehouse(warehouse, typed)
        except ConfigError as error:
            verdict = refuse(error)
        else:
            told = difference(before, settings_told(warehouse))
            audit.record(
                warehouse.workspace, request.user, "warehouse.connection_changed", warehouse.slug, **told
            )
            messages.success(request, "Saved: the connection works.")
            return go(request, request.path)
    if is_fragment(request):
        return render(request, "warehouses/parts/verdict.html", {"verdict": verdict})
    return _show(request, warehouse, "connection", fields=fields, engine=engine, verdict=verdict)


def _selection(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    connections = list(connections_of(warehouse))
    if request.method == "POST":
        save_selection(connections, request.POST, request.user)
        messages.success(request, SELECTED)
        return redirect(request.path)
    return _show(request, warehouse, "selective-sync", groups=selection_of(connections), fixed=FIXED)


def _schedule(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    before = warehouse.schedule
    way = next(iter(before), "plan")
    start = {"way": way, "hours": before.get("hours", []), "minutes": before.get("minutes")}
    form = ScheduleForm(request.POST or None, initial=start, warehouse=warehouse)
    if request.method == "POST" and form.is_valid():
        wanted = form.schedule()
        try:
            validate_schedule(wanted, warehouse.workspace)
        except ConfigError as error:
            form.add_error(None, error.message)
        else:
            warehouse.schedule, warehouse.next_sync_at = wanted, None
            warehouse.next_sync_at = next_time(warehouse, timezone.now())
            told = {"before": before, "after": wanted}
            return _save(request, warehouse, "sync-schedule", ["schedule", "next_sync_at"], told)
    plan = warehouse.workspace.allowance
    often = every(int(plan["every"])).lower()
    context = {"form": form, "plan": plan, "often": often, "now": schedule_of(warehouse)}
    return _show(request, warehouse, "sync-schedule", **context)


def _maintenance(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    connections = list(connections_of(warehouse).prefetch_related("schema__collections"))
    if request.method == "POST":
        chosen = [one for one in connections if str(one.pk) == request.POST.get("connection")]
        for connection in chosen:
            _maintain(request, connection)
        return redirect(request.path)
    last: dict[int, Comparison] = {}
    newest = Comparison.objects.filter(connection__in=connections).order_by("connection", "-queued_at", "-pk")
    for one in newest.distinct("connection"):
        last[one.connection_id] = one
    lines = [(connection, last.get(connection.pk)) for connection in connections]
    if is_fragment(request):
        return _show_comparison(request, lines)
    return _show(request, warehouse, "maintenance", lines=lines)


def _show_comparison(
    request: MemberRequest, lines: list[tuple[Connection, Comparison | None]]
) -> HttpResponse:
    for connection, last in lines:
        if str(connection.pk) == request.GET.get("connection"):
            return render(
                request, "warehouses/parts/comparison.html", {"connection": connection, "last": last}
            )
    raise Http404("There is no such connection.")


def _maintain(request: MemberRequest, connection: Any) -> None:
    source, action = connection.schema.source.name, request.POST.get("action", "")
    collection = request.POST.get("collection", "")
    if action == "backfill":
        backfill(connection, [collection])
        messages.success(request, f"{collection} of {source} is written again from the Hub at the next sync.")
    else:
        request_comparison(connection, repair=action == "repair", by=request.user)
        messages.success(request, f"{source} is being compared with the Hub, row by row.")
    details = {"source": source, "collection": collection}
    audit.record(
        connection.warehouse.workspace,
        request.user,
        f"warehouse.{action or 'compare'}",
        connection,
        **details,
    )


def _remove(request: MemberRequest, warehouse: Warehouse) -> HttpResponse:
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["confirmation"] == warehouse.slug:
            with transaction.atomic():
                audit.record(warehouse.workspace, request.user, "warehouse.removed", warehouse.slug)
                remove_warehouse(warehouse)
            messages.success(request, f"{warehouse.name} was removed. Its tables stay in the database.")
            return redirect(address("list", request))
        form.add_error("confirmation", f"This is not {warehouse.slug}.")
    return _show(request, warehouse, "remove", form=form)


_VIEWS: dict[str, Callable[[MemberRequest, Warehouse], HttpResponse]] = {
    "basic": _basic,
    "connection": _connection,
    "selective-sync": _selection,
    "sync-schedule": _schedule,
    "maintenance": _maintenance,
    "remove": _remove,
}


def _save(
    request: MemberRequest, warehouse: Warehouse, part: str, fields: list[str], told: dict[str, Any]
) -> HttpResponse:
    with transaction.atomic():
        warehouse.save(update_fields=fields)
        action = f"warehouse.{part.replace('-', '_')}_changed"
        audit.record(warehouse.workspace, request.user, action, warehouse.slug, **told)
    messages.success(request, "Saved.")
    return redirect(request.path)


def _show(request: MemberRequest, warehouse: Warehouse, part: str, **context: Any) -> HttpResponse:
    rail = [
        Tab(label, address("settings", request, warehouse.slug, key), key == part) for key, label in PARTS
    ]
    refusal = why_not(request.access, _ability(part))
    frame = {"title": dict(PARTS)[part], "rail": rail, "why_not": refusal, "kind": kind_of(warehouse)}
    template = f"warehouses/settings/{part.replace('-', '_')}.html"
    return show_warehouse(request, template, warehouse, "settings", **{**frame, **context})
