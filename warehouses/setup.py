"""Adding a warehouse, for its pages and the command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from warehouses.engines import engine_for
from warehouses.models import Warehouse
from warehouses.schedule import next_time
from workspace.errors import ConfigError
from workspace.forms import validated
from workspace.models import Workspace
from workspace.naming import slug_of, unused


def add_warehouse(workspace: Workspace, kind: str, name: str, fields: Mapping[str, Any]) -> Warehouse:
    """Test the connection and keep it, settings sealed; its schedule starts now.

    `fields` are those of the engine's form. Raises ConfigError when the plan's warehouses are used up, the form is
    incomplete, or the first step of the connection test that fails says what is wrong. Nothing is saved then.
    """
    engine = engine_for(kind)
    settings = validated(engine.SettingsForm(dict(fields)))
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        _refuse_beyond_plan(workspace)
        slug = unused(slug_of(name), lambda slug: workspace.warehouses.filter(slug=slug).exists(), "-")
        warehouse = Warehouse(workspace=workspace, kind=kind, name=name, slug=slug, settings=settings)
        _refuse_unreachable(warehouse)
        warehouse.created_at = timezone.now()
        warehouse.next_sync_at = next_time(warehouse, timezone.now())
        warehouse.save()
    return warehouse


def connect_warehouse(warehouse: Warehouse, fields: Mapping[str, Any]) -> None:
    """Test new settings and keep them; raises ConfigError like `add_warehouse`, the old ones stay then."""
    warehouse.settings = validated(engine_for(warehouse.kind).SettingsForm(dict(fields)))
    _refuse_unreachable(warehouse)
    warehouse.save(update_fields=["settings"])


def _refuse_unreachable(warehouse: Warehouse) -> None:
    for probe in warehouse.engine().check():
        if not probe.ok:
            raise ConfigError(probe.message, code=f"warehouse_{probe.name}", action=probe.action)


def _refuse_beyond_plan(workspace: Workspace) -> None:
    plan = workspace.allowance
    if plan["warehouses"] is not None and workspace.warehouses.count() >= plan["warehouses"]:
        message = (
            f"The {plan['label']} plan includes {plan['warehouses']} warehouse, and there is one already."
        )
        raise ConfigError(message, code="plan")
