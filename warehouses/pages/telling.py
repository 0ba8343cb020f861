"""What the audit trail is told about a warehouse: settings without secrets, and only what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from warehouses.engines import engine_for
from warehouses.models import Warehouse


def secret_fields(warehouse: Warehouse) -> set[str]:
    """Names of the settings that nobody is ever shown."""
    fields = engine_for(warehouse.kind).SettingsForm.base_fields
    return {name for name, field in fields.items() if isinstance(field.widget, forms.PasswordInput)}


def warehouse_told(warehouse: Warehouse) -> dict[str, Any]:
    """What was chosen for it when it was added."""
    return {"name": warehouse.name, "kind": warehouse.kind, "settings": settings_told(warehouse)}


def settings_told(warehouse: Warehouse) -> dict[str, Any]:
    """The settings that may be told, long ones shortened."""
    secret = secret_fields(warehouse)
    told = {name: value for name, value in warehouse.known_settings().items() if name not in secret}
    return {name: _short(value) for name, value in told.items()}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`before` and `after` of what is not the same, for an entry."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {
        "before": {name: before.get(name) for name in changed},
        "after": {name: after.get(name) for name in changed},
    }


def _short(value: Any) -> Any:
    return f"{value[:60]}…" if isinstance(value, str) and len(value) > 60 else value
