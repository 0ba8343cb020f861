"""Sources and their syncs for the operator; credentials are never shown."""

from django.contrib import admin

from sources.models import Quarantined, Source, SourceSync
from workspace.operator import ReadOnly, RunAdmin


@admin.register(Source)
class SourceAdmin(ReadOnly):
    """Configured sources."""

    list_display = ("__str__", "kind", "status", "account", "interval", "next_sync_at")
    list_filter = ("kind", "status")
    exclude = ("credentials",)


@admin.register(SourceSync)
class SourceSyncAdmin(RunAdmin):
    """Runs that pulled from vendors."""

    list_display = ("source", "status", "trigger", "queued_at", "finished_at", "requests", "takeovers")


@admin.register(Quarantined)
class QuarantinedAdmin(ReadOnly):
    """Records that could not be stored."""

    list_display = ("source", "collection", "reason", "first_seen_at", "last_seen_at")
