"""The source catalog: one line for each connector."""

from __future__ import annotations

from sources.connectors.base import Connector
from sources.connectors.desk import Desk
from workspace.errors import ConfigError

CONNECTORS: dict[str, Connector] = {
    connector.kind: connector
    for connector in (
        Desk(),
    )
}  # fmt: skip


def connector_for(kind: str) -> Connector:
    """The connector of this kind; raises ConfigError naming the known ones."""
    if kind not in CONNECTORS:
        known = ", ".join(sorted(CONNECTORS))
        raise ConfigError(f"There is no source of kind {kind!r}; known: {known}.", code="unknown_kind")
    return CONNECTORS[kind]
