"""The dashboard of sync runs: both kinds in one table with filters, and the bars above it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django import forms
from django.apps import apps
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from workspace.access import Access
from workspace.activity import Wanted
from workspace.charts import Chart, Series, Slot, bar_chart
from workspace.models import RunHour
from workspace.pages import MemberRequest
from workspace.runs import Run

PERIODS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
STEPS = {"24h": timedelta(hours=1), "7d": timedelta(hours=6), "30d": timedelta(days=1)}
PERIOD_LABELS = (("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))
CHARTS = (("latest", "Latest runs"), *PERIOD_LABELS)
LATEST = 30
RUN_SERIES = (Series("succeeded", "bar-good"), Series("partial", "bar-warn"), Series("failed", "bar-bad"))
ROW_SERIES = (Series("objects from sources", "bar-rows"), Series("rows into warehouses", "bar-rows-pale"))


class RunFilter(forms.Form):
    """What the table of runs shows; every field may be left empty."""

    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Both kinds"), ("source", "Source syncs"), ("warehouse", "Warehouse syncs")],
    )
    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *Run.Status.choices])
    source = forms.ChoiceField(required=False)
    warehouse = forms.ChoiceField(required=False)
    period = forms.ChoiceField(required=False, choices=[("", "Any time"), *PERIOD_LABELS])

    def __init__(self, data: Any, directory: Directory) -> None:
        super().__init__(data, auto_id="runs-%s")
        sources = [(source.slug, source.name) for source in directory.sources]
        warehouses = [(warehouse.slug, warehouse.name) for warehouse in directory.warehouses]
        self.fields["source"].choices = [("", "Any source"), *sources]  # type: ignore[attr-defined]
        self.fields["warehouse"].choices = [("", "Any warehouse"), *warehouses]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, str]:
        """The values that make sense; what does not is left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class Directory:
    """The sources, warehouses and connections of a workspace that may be seen, each read once."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.sources = list(access.sources().select_related("schema").order_by("name"))
        self.warehouses = list(access.warehouses().order_by("name"))
        self.by_schema = {source.schema_id: source for source in self.sources}
        self.connections = list(self._connections())

    def _connections(self) -> Iterator[Any]:
        """Connections both ends of which may be seen."""
        known = {warehouse.pk: warehouse for warehouse in self.warehouses}
        model: Any = apps.get_model("warehouses", "Connection")
        for connection in model.objects.filter(warehouse__in=known, schema__in=self.by_schema):
            connection.warehouse = known[connection.warehouse_id]
            connection.source = self.by_schema[connection.schema_id]
            yield connection

    def owners(self, chosen: dict[str, str]) -> dict[str, Any]:
        """Whose runs are wanted, as `workspace.activity.Wanted` takes it."""
        kind, source, warehouse = (chosen.get(name) for name in ("kind", "source", "warehouse"))
        if self.access.sees_all_sources and not source and not warehouse:
            # One walk along an index instead of one for each owner.
            flushes: list[Any] | None = None if self.access.sees_warehouses else []
            return {
                "source": [] if kind == "warehouse" else None,
                "warehouse": [] if kind == "source" else flushes,
            }
        sources = [one.pk for one in self.sources if not source or one.slug == source]
        connections = [c.pk for c in self.connections if self._fits(c, source, warehouse)]
        return {
            "source": [] if kind == "warehouse" or warehouse else sources,
            "warehouse": [] if kind == "source" else connections,
        }

    @staticmethod
    def _fits(connection: Any, source: str | None, warehouse: str | None) -> bool:
        of_source = not source or connection.source.slug == source
        return of_source and (not warehouse or connection.warehouse.slug == warehouse)

    def tell(self, runs: Iterable[Run]) -> list[Told]:
        """Runs with the names and addresses of what they belong to."""
        sources = {source.pk: source for source in self.sources}
        connections = {connection.pk: connection for connection in self.connections}
        told = []
        for run in runs:
            owner: Any = (
                sources.get(run.source_id)  # type: ignore[attr-defined]
                if run.side == "source"
                else connections.get(run.connection_id)  # type: ignore[attr-defined]
            )
            if owner is not None:
                told.append(Told(run, *self._named(run, owner)))
        return told

    def _named(self, run: Run, owner: Any) -> tuple[str, str, str]:
        slug = self.access.workspace.slug
        if run.side == "source":
            return owner.name, "Source sync", reverse("sources:run", args=[slug, owner.slug, run.pk])
        address = reverse("warehouses:run", args=[slug, owner.warehouse.slug, owner.source.slug, run.pk])
        return f"{owner.source.name} → {owner.warehouse.name}", "Warehouse sync", address


@dataclass(frozen=True)
class Told:
    """A run as a row of a table."""

    run: Run
    name: str
    kind: str
    url: str


def show_runs(request: MemberRequest, directory: Directory) -> dict[str, Any]:
    """Context of the table: its filter, and the page of runs that the address asks for."""
    form = RunFilter(request.GET, directory)
    chosen = form.chosen()
    since = timezone.now() - PERIODS[chosen["period"]] if "period" in chosen else None
    statuses = [chosen["status"]] if "status" in chosen else []
    wanted = Wanted(request.access.workspace, directory.owners(chosen), statuses, since)
    slab = wanted.page(request)
    told = directory.tell(slab.rows)
    return {
        "filter": form,
        "filtered": bool(chosen),
        "slab": slab,
        "runs": told,
        "on_first_page": not slab.newer,
    }


def show_charts(directory: Directory, chosen: str) -> dict[str, Any]:
    """Context of the bars: runs by outcome and rows by side, of a period or run by run.

    For those only who may see all runs. A workspace of less than a day begins with its latest runs.
    """
    access = directory.access
    if not (access.sees_all_sources and access.sees_warehouses):
        return {}
    if chosen not in dict(CHARTS):
        young = access.workspace.created_at > timezone.now() - PERIODS["24h"]
        chosen = "latest" if young else "24h"
    runs, rows = _run_by_run(directory) if chosen == "latest" else _charts(access, chosen)
    return {"period": chosen, "periods": CHARTS, "runs_chart": runs, "rows_chart": rows}


def _run_by_run(directory: Directory) -> tuple[Chart, Chart]:
    """The latest runs that did something, each with a bar for its seconds and one for its rows."""
    done = [Run.Status.SUCCESS, Run.Status.PARTIAL, Run.Status.FAILED]
    found = Wanted(directory.access.workspace, directory.owners({}), done).fetch(None, False, LATEST)
    seconds, rows = [], []
    for told in reversed(directory.tell(found)):
        run, label = told.run, f"{timezone.localtime(told.run.queued_at):%H:%M:%S}, {told.name}"
        took = run.finished_at - run.started_at if run.finished_at and run.started_at else timedelta()
        seconds.append(Slot(label, [ceil(took.total_seconds()) if run.status == one else 0 for one in done]))
        rows.append(Slot(label, [run.rows if run.side == side else 0 for side in ("source", "warehouse")]))
    return bar_chart("Seconds of each run", RUN_SERIES, seconds), bar_chart(
        "Rows of each run", ROW_SERIES, rows
    )


def _charts(access: Access, period: str) -> tuple[Chart, Chart]:
    slots = _slots(period)
    outcomes = {slot: [0, 0, 0] for slot in slots}
    written = {slot: [0, 0] for slot in slots}
    places = {Run.Status.SUCCESS: 0, Run.Status.PARTIAL: 1, Run.Status.FAILED: 2}
    sums = RunHour.objects.filter(workspace=access.workspace, hour__gte=slots[0])
    for side, hour, status, runs, rows in sums.values_list("side", "hour", "status").annotate(
        Sum("runs"), Sum("rows")
    ):
        slot = max(begin for begin in slots if begin <= hour)
        if status in places:
            outcomes[slot][places[status]] += runs
        written[slot][side == "warehouse"] += rows
    label = "%H:%M" if period == "24h" else "%d %b, %H:%M" if period == "7d" else "%d %b"

    def bars(values: dict[datetime, list[int]]) -> list[Slot]:
        return [Slot(f"{slot:{label}}", values[slot]) for slot in slots]

    return bar_chart("Runs", RUN_SERIES, bars(outcomes)), bar_chart("Rows", ROW_SERIES, bars(written))


def _slots(period: str) -> list[datetime]:
    """Beginnings of the bars, the last one holding now, on whole hours or days of the viewer's time zone."""
    hours = int(STEPS[period].total_seconds()) // 3600
    now = timezone.localtime()
    last = now.replace(hour=now.hour - now.hour % hours, minute=0, second=0, microsecond=0)
    return [last - STEPS[period] * back for back in reversed(range(PERIODS[period] // STEPS[period]))]
