"""Warehouses and their syncs for the operator; settings are never shown."""

from django.contrib import admin

from warehouses.models import CollectionResult, Comparison, Warehouse, WarehouseSync
from workspace.operator import ReadOnly, RunAdmin


class Results(admin.TabularInline):
    """Rows per table."""

    model = CollectionResult
    extra = 0


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnly):
    """Configured warehouses."""

    list_display = ("__str__", "kind", "enabled", "schedule", "next_sync_at")
    exclude = ("settings",)


@admin.register(WarehouseSync)
class WarehouseSyncAdmin(RunAdmin):
    """Runs that flushed the Hub."""

    list_display = ("connection", "status", "trigger", "queued_at", "finished_at", "takeovers")
    inlines = (Results,)


@admin.register(Comparison)
class ComparisonAdmin(RunAdmin):
    """Comparisons of every row with the Hub."""

    list_display = ("connection", "status", "trigger", "repair", "queued_at", "finished_at", "takeovers")
