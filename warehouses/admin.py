"""Warehouses and their syncs for the operator; how they are reached is never shown."""

from django.contrib import admin

from warehouses.models import Comparison, Warehouse, WarehouseSync
from workspace.operator import ReadOnly, RunAdmin, as_table

RESULT = ("Collection", "Rows", "Preparation, s", "Loading, s", "Objects in the Hub", "Rows in the warehouse")
OF_CONNECTION = ("connection__schema", "connection__warehouse__workspace")


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnly):
    """Configured warehouses."""

    list_display = ("name", "workspace", "kind", "enabled", "schedule", "next_sync_at")
    list_select_related = ("workspace",)
    list_filter = ("kind", "enabled")
    search_fields = ("name", "slug", "workspace__slug")
    fields = (
        "workspace",
        "name",
        "slug",
        "kind",
        "enabled",
        "schedule",
        "next_sync_at",
        "created_at",
        "flows",
    )
    readonly_fields = ("flows",)

    @admin.display(description="Connections")
    def flows(self, warehouse: Warehouse) -> str:
        """What flows into it."""
        connections = warehouse.connections.select_related("schema").order_by("schema__name")
        rows = [(one.schema.name, "on" if one.enabled else "off") for one in connections[:200]]
        return as_table("Connections", ("Schema", "State"), rows)


@admin.register(WarehouseSync)
class WarehouseSyncAdmin(RunAdmin):
    """Runs that flushed the Hub."""

    list_display = ("queued_at", "connection", "status", "trigger", "finished_at", "rows", "takeovers")
    list_select_related = OF_CONNECTION
    readonly_fields = (*RunAdmin.readonly_fields, "told_results")

    @admin.display(description="Results")
    def told_results(self, sync: WarehouseSync) -> str:
        """Rows per table."""
        results = sync.results.select_related("collection").order_by("collection__position")
        rows = [(one.collection.name, *one.as_dict().values()) for one in results]
        return as_table("Results", RESULT, rows)


@admin.register(Comparison)
class ComparisonAdmin(RunAdmin):
    """Comparisons of every row with the Hub."""

    list_display = ("queued_at", "connection", "status", "trigger", "repair", "finished_at", "takeovers")
    list_select_related = OF_CONNECTION
