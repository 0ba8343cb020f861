"""The overview of a workspace: sources on the left, the Hub in the middle, warehouses on the right, runs below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from workspace.activity import Wanted
from workspace.dashboard import Directory, show_charts, show_runs
from workspace.hub.models import Collection
from workspace.pages import Crumb, MemberRequest, is_fragment, member_page
from workspace.runs import Run
from workspace.standing import standing

SHOWN = 12
"""Cards on each side; those that need attention come first, the rest is a link."""
PITCH = 76
"""Pixels from one card to the next, for the lines between them; the same stands in overview.css."""
DISC = 52
"""Pixels from the top of the first card down to the middle of the Hub's disc."""
URGENT = ("failed", "late", "partial", "rate_limited", "retrying", "running", "queued")


@dataclass(frozen=True)
class Card:
    """A source or a warehouse on the map."""

    name: str
    url: str
    icon: str
    state: str
    run: Run | None
    due: datetime | None
    connected: bool


@dataclass(frozen=True)
class Side:
    """The cards of one side, how many more there are, and the lines to the Hub."""

    cards: Sequence[Card]
    more: int
    lines: Sequence[str]
    height: int


@member_page()
def show(request: MemberRequest) -> HttpResponse:
    """The page, or with `part` one of the pieces that are asked for again while one watches."""
    directory = Directory(request.access)
    part = request.GET.get("part") if is_fragment(request) else None
    context: dict[str, Any] = {"title": "Overview", "crumbs": [Crumb("Overview")]}
    if part != "runs":
        context |= show_map(directory)
    if part != "map":
        context |= show_runs(request, directory)
    if part is None:
        context |= show_charts(directory, request.GET.get("chart", ""))
    template = {"map": "workspace/parts/map.html", "runs": "workspace/parts/runs.html"}.get(part or "")
    return render(request, template or "workspace/overview.html", context)


def show_map(directory: Directory) -> dict[str, Any]:
    """Context of the map, of what runs now and of what comes next."""
    access = directory.access
    sources, warehouses = _latest(directory)
    sides = _cards(directory, sources, warehouses)
    working = Wanted(access.workspace, directory.owners({}), list(Run.ACTIVE)).fetch(None, False, 10)
    return {
        "left": _side(sides[0]),
        "right": _side(sides[1]),
        "late": [card for side in sides for card in side if card.state == "late"],
        "due": sorted((card for side in sides for card in side if card.due), key=lambda card: card.due)[:5],  # type: ignore[arg-type,return-value]
        "working": [(told, progress(told.run)) for told in directory.tell(working)],
        "hub": _hub(directory),
    }


def progress(run: Run) -> list[dict[str, Any]]:
    """Per collection: its name, objects read so far, and how many the vendor says there are."""
    return [
        {"name": name, "read": count.get("read", 0), "total": count.get("total")}
        for name, count in run.counts.items()
        if count.get("begun") and not count.get("ended")
    ]


def _latest(directory: Directory) -> tuple[dict[Any, Run], dict[Any, Run]]:
    """The newest run of each source and of each warehouse."""
    sources = [source.pk for source in directory.sources]
    connections = {connection.pk: connection for connection in directory.connections}
    owners: dict[str, Any] = {"source": sources, "warehouse": list(connections)}
    of_sources: dict[Any, Run] = {}
    of_warehouses: dict[Any, Run] = {}
    for (side, owner), run in Wanted(directory.access.workspace, owners).latest().items():
        if side == "source":
            of_sources[owner] = run
            continue
        warehouse = connections[owner].warehouse_id
        known = of_warehouses.get(warehouse)
        if known is None or run.queued_at > known.queued_at:
            of_warehouses[warehouse] = run
    return of_sources, of_warehouses


def _cards(
    directory: Directory, sources: dict[Any, Run], warehouses: dict[Any, Run]
) -> tuple[list[Card], list[Card]]:
    slug = directory.access.workspace.slug
    feeding = {connection.source.pk for connection in directory.connections if connection.enabled}
    fed = {connection.warehouse_id for connection in directory.connections if connection.enabled}
    left, right = [], []
    for source in directory.sources:
        run, due = sources.get(source.pk), source.next_sync_at if source.status == "enabled" else None
        url = reverse("sources:overview", args=[slug, source.slug])
        state = standing(source.status, due, run)
        left.append(Card(source.name, url, source.kind, state, run, due, source.pk in feeding))
    for warehouse in directory.warehouses:
        run, due = warehouses.get(warehouse.pk), warehouse.next_sync_at if warehouse.enabled else None
        url = reverse("warehouses:overview", args=[slug, warehouse.slug])
        state = standing("enabled" if warehouse.enabled else "disabled", due, run)
        right.append(Card(warehouse.name, url, warehouse.kind, state, run, due, warehouse.pk in fed))
    return left, right


def _side(cards: list[Card]) -> Side:
    ranked = sorted(cards, key=lambda card: URGENT.index(card.state) if card.state in URGENT else len(URGENT))
    shown = ranked[:SHOWN]
    height = max(len(shown), 1) * PITCH
    lines = [_line(place) for place, card in enumerate(shown) if card.connected]
    return Side(shown, len(cards) - len(shown), lines, height)


def _line(place: int) -> str:
    """A curve from a card's middle at the left edge (x 0) to the Hub at the right one (x 100)."""
    begin = place * PITCH + PITCH // 2
    return f"M0 {begin}C60 {begin} 40 {DISC} 100 {DISC}"


def _hub(directory: Directory) -> dict[str, Any]:
    """Objects in the Hub: in all, and of each collection."""
    seen = Collection.objects.filter(schema__in=directory.by_schema)
    live = Sum(F("objects_stored") - F("objects_deleted"))
    sums = seen.values("name").annotate(live=live).order_by("name").values_list("name", "live")
    counts = [(name, count) for name, count in sums if count]
    return {"collections": counts, "objects": sum(count for _, count in counts)}
