"""The person in front of the page: its time zone, and the frame around every page of a workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from workspace.models import User, Workspace


def in_own_time_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware: times are shown in the time zone of the viewer's profile."""

    def respond(request: HttpRequest) -> HttpResponse:
        zone = request.user.time_zone if request.user.is_authenticated else "UTC"
        with timezone.override(ZoneInfo(zone)):
            return get_response(request)

    return respond


@dataclass(frozen=True)
class Entry:
    """A line of the left navigation."""

    label: str
    icon: str
    url: str
    current: bool


ENTRIES = (
    ("Overview", "layout-dashboard", "workspace:overview", "/overview"),
    ("Sources", "plug-connected", "sources:list", "/sources"),
    ("Warehouses", "database", "warehouses:list", "/warehouses"),
    ("Catalog", "apps", "sources:catalog", "/catalog"),
    ("Health", "activity-heartbeat", "workspace:health", "/health"),
    ("Settings", "settings", "workspace:settings", "/settings"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame: the access, the navigation, and the workspaces to switch to. Lazy where it costs."""
    access = getattr(request, "access", None)
    if access is None:
        return {}
    slug, user = access.workspace.slug, access.user
    return {
        "access": access,
        "shell_entries": _entries(slug, request.path),
        "shell_workspaces": lambda: list(
            Workspace.objects.filter(memberships__user=user).only("name", "slug").order_by("name")
        ),
        "shell_unread": lambda: _unread(user, access.workspace),
    }


def _unread(user: User, workspace: Workspace) -> int:
    from workspace.alerts.raising import count_unread  # not before the apps are ready

    return count_unread(user, workspace)


def _entries(slug: str, path: str) -> list[Entry]:
    """Of the entries whose part of the address fits, the catalog wins: it lies below both sides."""
    within = path.removeprefix(f"/{slug}")
    in_catalog = within.startswith(("/sources/catalog", "/warehouses/catalog"))

    def current(part: str) -> bool:
        return part == "/catalog" if in_catalog else within.startswith(part)

    return [
        Entry(label, icon, reverse(name, args=[slug]), current(part)) for label, icon, name, part in ENTRIES
    ]
