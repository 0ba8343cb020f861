"""Pages of the right side, below /{workspace}/warehouses/."""

from __future__ import annotations

from django.urls import path

from warehouses.pages import adding, catalog, health, history, listing, overview, settings

app_name = "warehouses"
urlpatterns = [
    path("", listing.show_list, name="list"),
    path("catalog", catalog.show_catalog, name="catalog"),
    path("catalog/<slug:kind>", catalog.show_entry, name="catalog_entry"),
    path("add/<slug:kind>", adding.add, name="add"),
    path("<slug:slug>/overview", overview.show, name="overview"),
    path("<slug:slug>/health", health.show_warehouse_health, name="health"),
    path("<slug:slug>/settings/<slug:part>", settings.settings, name="settings"),
    path("<slug:slug>/sync", overview.sync, name="sync"),
    path("<slug:slug>/attach", overview.attach, name="attach"),
    path("<slug:slug>/sources/<slug:source_slug>/history", history.show_history, name="history"),
    path(
        "<slug:slug>/sources/<slug:source_slug>/health",
        health.show_connection_health,
        name="connection_health",
    ),
    path(
        "<slug:slug>/sources/<slug:source_slug>/settings",
        settings.connection_settings,
        name="connection_settings",
    ),
    path("<slug:slug>/sources/<slug:source_slug>/sync", history.sync, name="sync_connection"),
    *(
        path(f"<slug:slug>/sources/<slug:source_slug>/{way}", overview.change, {"way": way}, name=way)
        for way in ("enable", "disable", "detach")
    ),
    path("<slug:slug>/sources/<slug:source_slug>/syncs/<uuid:run_id>", history.show_run, name="run"),
    path("<slug:slug>/sources/<slug:source_slug>/syncs/<uuid:run_id>/cancel", history.cancel, name="cancel"),
]
