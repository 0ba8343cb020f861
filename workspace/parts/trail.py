"""The audit trail as people read it: filtered, page by page, or as a CSV file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from workspace import audit
from workspace.access import Ability
from workspace.models import AuditEvent
from workspace.pages import MemberRequest, member_page, page_by_time
from workspace.parts.frame import show_part

PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""


class TrailFilter(forms.Form):
    """Which entries; every field may be left empty."""

    actor = forms.CharField(label="Who", required=False, max_length=254)
    action = forms.CharField(
        label="What", required=False, max_length=60, help_text="Such as source or member.removed."
    )
    period = forms.ChoiceField(label="When", required=False, choices=[("", "Any time"), *PERIODS.items()])


@member_page(Ability.OWN)
def show_trail(request: MemberRequest) -> HttpResponse:
    """A page of entries, newest first."""
    form = TrailFilter(request.GET or None)
    slab = page_by_time(_entries(request, form), request, 50, "at")
    context = {"form": form, "slab": slab, "query": request.GET.urlencode(), "filtered": bool(request.GET)}
    return show_part(request, "audit", "workspace/settings/audit.html", **context)


@member_page(Ability.OWN)
def export_trail(request: MemberRequest) -> StreamingHttpResponse:
    """The same entries as CSV, oldest first; the export itself is on record."""
    workspace = request.access.workspace
    entries = _entries(request, TrailFilter(request.GET or None)).order_by("number")
    audit.record(workspace, request.user, "audit.exported", workspace.slug)
    name = f"audit-{workspace.slug}-{timezone.now():%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_lines(entries), content_type="text/csv; charset=utf-8", headers=headers)


def _entries(request: MemberRequest, form: TrailFilter) -> QuerySet[AuditEvent]:
    entries = AuditEvent.objects.filter(workspace=request.access.workspace)
    values: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    if values.get("actor"):
        entries = entries.filter(actor__icontains=values["actor"])
    if values.get("action"):
        entries = entries.filter(action__startswith=values["action"])
    if values.get("period"):
        entries = entries.filter(at__gte=timezone.now() - timedelta(days=int(values["period"])))
    return entries


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
