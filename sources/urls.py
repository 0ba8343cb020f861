"""Pages of the left side, below /{workspace}/sources/."""

from __future__ import annotations

from django.urls import path

from sources.pages import (
    catalog,
    collections,
    erasures,
    listing,
    objects,
    overview,
    run,
    schema,
    settings,
    wizard,
)

app_name = "sources"
urlpatterns = [
    path("", listing.list_sources, name="list"),
    path("catalog", catalog.show_catalog, name="catalog"),
    path("catalog/<slug:kind>", catalog.show_entry, name="catalog_entry"),
    path("setup/<slug:kind>", wizard.begin, name="add"),
    path("setup/<slug:kind>/derive", wizard.derive, name="derive"),
    path("setup/<slug:slug>/discard", wizard.discard, name="discard"),
    path("setup/<slug:slug>/<slug:step>", wizard.step, name="setup"),
    path("<slug:slug>/overview", overview.overview, name="overview"),
    path("<slug:slug>/collections", collections.show_collections, name="collections"),
    path("<slug:slug>/collections/<slug:collection>", objects.show_objects, name="collection"),
    path("<slug:slug>/collections/<slug:collection>/approve", collections.approve, name="approve"),
    path(
        "<slug:slug>/collections/<slug:collection>/objects/<path:object_id>",
        objects.show_object,
        name="object",
    ),
    path(
        "<slug:slug>/collections/<slug:collection>/erase/<path:object_id>",
        erasures.erase_object,
        name="erase",
    ),
    path("<slug:slug>/schema", schema.show_schema, name="schema"),
    path("<slug:slug>/settings/<slug:part>", settings.settings, name="settings"),
    path("<slug:slug>/sync", overview.sync_now, name="sync"),
    path("<slug:slug>/syncs/<uuid:run_id>", run.show_run, name="run"),
    path("<slug:slug>/syncs/<uuid:run_id>/cancel", overview.cancel, name="cancel"),
]
