"""Pages of a workspace that belong to neither side."""

from __future__ import annotations

from django.urls import path

from workspace import health, overview, search
from workspace.entry import not_yet
from workspace.parts import frame

app_name = "workspace"
urlpatterns = [
    path("overview", overview.show, name="overview"),
    path("search", search.search, name="search"),
    path("alerts", not_yet, name="alerts"),
    path("health", health.show, name="health"),
    path("settings", frame.first_part, name="settings"),
    # Each part has a line of its own here; they are all reversed as `settings_part`.
    path("settings/<slug:part>", not_yet, name="settings_part"),
]
