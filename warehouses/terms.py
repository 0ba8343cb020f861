"""What a new plan or time zone of a workspace does to the schedules of its warehouses."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from warehouses.models import Warehouse
from warehouses.schedule import next_time, validate_schedule
from workspace.errors import ConfigError
from workspace.models import Workspace
from workspace.signals import terms_changed


@receiver(terms_changed)
def follow_terms(workspace: Workspace, **kwargs: Any) -> list[str]:
    """Schedules that the plan no longer allows become the plan's own; every next sync is set anew."""
    told = []
    for warehouse in Warehouse.objects.filter(workspace=workspace):
        warehouse.workspace = workspace
        try:
            validate_schedule(warehouse.schedule, workspace)
        except ConfigError:
            warehouse.schedule = {}
            told.append(f"{warehouse.name} syncs as the plan says now.")
        warehouse.next_sync_at = next_time(warehouse, timezone.now())
        warehouse.save(update_fields=["schedule", "next_sync_at"])
    return told
