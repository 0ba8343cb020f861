"""Pages of the right side, below /{workspace}/warehouses/."""

from __future__ import annotations

from django.urls import path

from warehouses.pages import adding, catalog, listing
from workspace.entry import not_yet

app_name = "warehouses"
urlpatterns = [
    path("", listing.show_list, name="list"),
    path("catalog", catalog.show_catalog, name="catalog"),
    path("catalog/<slug:kind>", catalog.show_entry, name="catalog_entry"),
    path("add/<slug:kind>", adding.add, name="add"),
    path("<slug:slug>/overview", not_yet, name="overview"),
    path("<slug:slug>/health", not_yet, name="health"),
    path("<slug:slug>/settings/<slug:part>", not_yet, name="settings"),
    path("<slug:slug>/sync", not_yet, name="sync"),
    path("<slug:slug>/sources/<slug:source_slug>/history", not_yet, name="history"),
    path("<slug:slug>/sources/<slug:source_slug>/health", not_yet, name="connection_health"),
    path("<slug:slug>/sources/<slug:source_slug>/settings", not_yet, name="connection_settings"),
    path("<slug:slug>/sources/<slug:source_slug>/sync", not_yet, name="sync_connection"),
    path("<slug:slug>/sources/<slug:source_slug>/syncs/<uuid:run_id>", not_yet, name="run"),
    path("<slug:slug>/sources/<slug:source_slug>/syncs/<uuid:run_id>/cancel", not_yet, name="cancel"),
]
