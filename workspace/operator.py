"""What runs look like to the operator, on both sides."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class ReadOnly(admin.ModelAdmin):
    """Rows that only the product writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class RunAdmin(ReadOnly):
    """Runs, newest first."""

    list_filter = ("status", "trigger")
    ordering = ("-queued_at",)
    date_hierarchy = "queued_at"
    list_per_page = 50
