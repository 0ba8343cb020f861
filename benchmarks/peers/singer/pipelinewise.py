"""The SDK's tap with pipelinewise-target-postgres, in batches of 20,000: its default keeps 100,000 rows in memory."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.phases import serve_phases
from benchmarks.environments import program
from benchmarks.peers.singer.pipe import address, sync


def load(phase: dict[str, Any]) -> None:
    """One sync."""
    settings = address(phase["warehouse"], "dbname") | {"batch_size_rows": 20_000}
    sync(phase, program("pipelinewise", "target-postgres"), settings)


if __name__ == "__main__":
    serve_phases(load)
