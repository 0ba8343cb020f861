"""What the audit trail is told about a warehouse: settings without secrets, and only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warehouses.engines import engine_for
from warehouses.models import Warehouse
from workspace.forms import secret_fields


def warehouse_told(warehouse: Warehouse) -> dict[str, Any]:
    """What was chosen for it when it was added."""
    return {"name": warehouse.name, "kind": warehouse.kind, "settings": settings_told(warehouse)}


def settings_told(warehouse: Warehouse) -> dict[str, Any]:
    """The settings that may be told, long ones shortened."""
    return {name: _short(value) for name, value in shown_settings(warehouse).items()}


def shown_settings(warehouse: Warehouse) -> dict[str, Any]:
    """The settings without those that nobody is ever shown."""
    secret = secret_fields(engine_for(warehouse.kind).SettingsForm)
    return {name: value for name, value in warehouse.known_settings().items() if name not in secret}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`before` and `after` of what is not the same, for an entry."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {
        "before": {name: before.get(name) for name in changed},
        "after": {name: after.get(name) for name in changed},
    }


def _short(value: Any) -> Any:
    return f"{value[:60]}…" if isinstance(value, str) and len(value) > 60 else value
