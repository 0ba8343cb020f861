"""Warehouses and their syncs for the operator; how they are reached is never shown."""

from django.contrib import admin

from warehouses.models import CollectionResult, Comparison, Connection, Warehouse, WarehouseSync
from workspace.operator import ReadOnly, ReadOnlyRows, RunAdmin

OF_CONNECTION = ("connection__schema", "connection__warehouse__workspace")


class Connections(ReadOnlyRows):
    """What flows into it."""

    model = Connection
    fields = ("schema", "enabled", "compare_at", "created_at")
    readonly_fields = fields


class Results(ReadOnlyRows):
    """Rows per table."""

    model = CollectionResult
    fields = ("collection", "rows", "preparation", "loading", "rows_hub", "rows_warehouse")


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnly):
    """Configured warehouses."""

    list_display = ("name", "workspace", "kind", "enabled", "schedule", "next_sync_at")
    list_select_related = ("workspace",)
    list_filter = ("kind", "enabled")
    search_fields = ("name", "slug", "workspace__slug")
    fields = ("workspace", "name", "slug", "kind", "enabled", "schedule", "next_sync_at", "created_at")
    inlines = (Connections,)


@admin.register(WarehouseSync)
class WarehouseSyncAdmin(RunAdmin):
    """Runs that flushed the Hub."""

    list_display = ("queued_at", "connection", "status", "trigger", "finished_at", "rows", "takeovers")
    list_select_related = OF_CONNECTION
    inlines = (Results,)


@admin.register(Comparison)
class ComparisonAdmin(RunAdmin):
    """Comparisons of every row with the Hub."""

    list_display = ("queued_at", "connection", "status", "trigger", "repair", "finished_at", "takeovers")
    list_select_related = OF_CONNECTION
