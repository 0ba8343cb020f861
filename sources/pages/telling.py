"""What the audit trail is told about a source."""

from __future__ import annotations

from typing import Any

from sources.models import Source


def source_told(source: Source) -> dict[str, Any]:
    """What was chosen for it in the first step."""
    connections = source.schema.connections.order_by("pk")
    return {
        "name": source.name,
        "kind": source.kind,
        "schema": source.schema.name,
        "warehouses": list(connections.values_list("warehouse__slug", flat=True)),
    }
