"""The warehouse catalog: one line for each engine."""

from __future__ import annotations

from warehouses.engines.base import Engine
from warehouses.engines.postgres import Postgres
from workspace.errors import ConfigError

ENGINES: dict[str, type[Engine]] = {engine.kind: engine for engine in (Postgres,)}


def engine_for(kind: str) -> type[Engine]:
    """The engine of this kind; raises ConfigError(code="unknown_kind") naming the known ones."""
    if kind not in ENGINES:
        known = ", ".join(ENGINES)
        raise ConfigError(f"There is no engine {kind}; known are {known}.", code="unknown_kind")
    return ENGINES[kind]
