"""Sources and their syncs for the operator; credentials are never shown."""

from django.contrib import admin

from sources.models import Quarantined, Source, SourceSync
from workspace.operator import ReadOnly, RunAdmin


@admin.register(Source)
class SourceAdmin(ReadOnly):
    """Configured sources."""

    list_display = ("name", "workspace", "kind", "status", "account", "interval", "next_sync_at")
    list_select_related = ("workspace",)
    list_filter = ("kind", "status")
    search_fields = ("name", "slug", "account", "workspace__slug")
    fields = (
        "workspace",
        "name",
        "slug",
        "kind",
        "status",
        "account",
        "schema",
        "interval",
        "full_read_every",
        "collections_off",
        "next_sync_at",
        "created_at",
    )


@admin.register(SourceSync)
class SourceSyncAdmin(RunAdmin):
    """Runs that pulled from vendors."""

    list_display = (
        "queued_at",
        "source",
        "status",
        "trigger",
        "finished_at",
        "rows",
        "requests",
        "takeovers",
    )
    list_select_related = ("source__workspace",)


@admin.register(Quarantined)
class QuarantinedAdmin(ReadOnly):
    """Records that could not be stored; what is in them is the customer's."""

    ordering = ("-pk",)
    list_display = ("source", "collection", "reason", "first_seen_at", "last_seen_at")
    list_select_related = ("source__workspace", "collection")
    fields = ("source", "collection", "run", "reason", "first_seen_at", "last_seen_at")
