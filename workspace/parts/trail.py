"""The audit trail as people read it: filtered, page by page, or as a CSV file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from workspace import audit
from workspace.access import Ability
from workspace.models import AuditEvent, Workspace
from workspace.pages import MemberRequest, member_page, page_by_time
from workspace.parts.frame import show_part

PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula."""


class TrailFilter(forms.Form):
    """Which entries; every field may be left empty. What it offers is what there is."""

    actor = forms.ChoiceField(label="Who", required=False)
    action = forms.ChoiceField(label="What", required=False)
    period = forms.ChoiceField(label="When", required=False, choices=[("", "Any time"), *PERIODS.items()])

    def __init__(self, data: Any, workspace: Workspace) -> None:
        super().__init__(data)
        everybody = [(one, one) for one in audit.known(workspace, "actor")]
        self.fields["actor"] = forms.ChoiceField(
            label="Who", required=False, choices=[("", "Everybody"), *everybody]
        )
        actions = [("", "Everything"), *_grouped(audit.known(workspace, "action"))]
        self.fields["action"] = forms.ChoiceField(label="What", required=False, choices=actions)

    @property
    def wanted(self) -> dict[str, str]:
        """The fields that say something; what is not offered says nothing."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}


@member_page(Ability.OWN)
def show_trail(request: MemberRequest) -> HttpResponse:
    """A page of entries, newest first."""
    form = TrailFilter(request.GET, request.access.workspace)
    slab = page_by_time(_entries(request, form.wanted), request, 50, "at")
    rows = [(entry, _told(entry.details)) for entry in slab.rows]
    context = {"form": form, "slab": slab, "rows": rows, "query": urlencode(form.wanted)}
    return show_part(request, "audit", "workspace/settings/audit.html", **context)


@member_page(Ability.OWN)
def export_trail(request: MemberRequest) -> StreamingHttpResponse:
    """The same entries as CSV, oldest first; the export itself is on record."""
    workspace = request.access.workspace
    entries = _entries(request, TrailFilter(request.GET, workspace).wanted).order_by("number")
    audit.record(workspace, request.user, "audit.exported", workspace.slug)
    name = f"audit-{workspace.slug}-{timezone.now():%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_lines(entries), content_type="text/csv; charset=utf-8", headers=headers)


def _entries(request: MemberRequest, wanted: Mapping[str, str]) -> QuerySet[AuditEvent]:
    exact = {name: wanted[name] for name in ("actor", "action") if name in wanted}
    entries = AuditEvent.objects.filter(workspace=request.access.workspace, **exact)
    if "period" in wanted:
        entries = entries.filter(at__gte=timezone.now() - timedelta(days=int(wanted["period"])))
    return entries


def _grouped(actions: Iterable[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """`source.created` among those of sources."""
    groups = groupby(actions, lambda action: action.split(".")[0])
    return [(name, [(one, one) for one in members]) for name, members in groups]


def _told(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Details in words: a change as `before → after`."""
    return [(name.replace("_", " "), _in_words(value)) for name, value in details.items()]


def _in_words(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"before", "after"}:
        return f"{_in_words(value['before'])} → {_in_words(value['after'])}"
    if isinstance(value, list):
        return ", ".join(map(_in_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)


class _Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line


def _lines(entries: QuerySet[AuditEvent]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["number", "at", "actor", "action", "target", "details", "seal"])
    for entry in entries.iterator(1000):
        details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True)
        cells = [
            entry.number,
            entry.at.isoformat(),
            entry.actor,
            entry.action,
            entry.target,
            details,
            entry.seal,
        ]
        yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
