"""The SDK's tap with meltanolabs-target-postgres: rows by COPY, upserted by id."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.phases import serve_phases
from benchmarks.environments import program
from benchmarks.peers.singer.pipe import address, sync


def load(phase: dict[str, Any]) -> None:
    """One sync."""
    settings = address(phase["warehouse"]) | {"use_copy": True, "load_method": "upsert"}
    sync(phase, program("singer", "target-postgres"), settings)


if __name__ == "__main__":
    serve_phases(load)
