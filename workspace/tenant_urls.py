"""Pages of a workspace that belong to neither side."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from workspace import health, overview, search
from workspace.alerts import pages as alerts
from workspace.parts import frame, general, member, members, plan, trail

PARTS: dict[str, Callable[..., HttpResponseBase]] = {
    "general": general.show_general,
    "access": members.show_access,
    "plan": plan.show_plan,
    "audit": trail.show_trail,
    "alerts": alerts.show_settings,
}


def show_settings(request: HttpRequest, workspace_slug: str, part: str) -> HttpResponseBase:
    """The part of Settings that the address names."""
    if part not in PARTS:
        raise Http404("There is no such part.")
    return PARTS[part](request, workspace_slug=workspace_slug)


app_name = "workspace"
urlpatterns = [
    path("overview", overview.show, name="overview"),
    path("search", search.search, name="search"),
    path("alerts", alerts.show_alerts, name="alerts"),
    path("health", health.show, name="health"),
    path("settings", frame.first_part, name="settings"),
    path("settings/close", general.close_workspace, name="close"),
    path("settings/keep", general.keep_workspace, name="keep"),
    path("settings/alerts/channels", alerts.add_channel, name="alert_channels"),
    path("settings/alerts/channels/<int:channel_id>", alerts.change_channel, name="alert_channel"),
    path("settings/audit.csv", trail.export_trail, name="audit_csv"),
    path("settings/access/two-factors", members.ask_two_factors, name="two_factors"),
    path("settings/access/leave", members.leave, name="leave"),
    path("settings/access/members/<int:member_id>", member.show_member, name="member"),
    path("settings/access/invitations/<int:invitation_id>", members.revoke_invitation, name="revoke"),
    path("settings/<slug:part>", show_settings, name="settings_part"),
]
