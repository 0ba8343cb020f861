"""The SDK's tap with pipelinewise-target-postgres; its own batches would keep 100,000 rows in memory."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.phases import serve_phases
from benchmarks.environments import program
from benchmarks.peers.singer.pipe import address, sync

BATCH = 19_999
"""No divisor of the numbers of cases: with the last batch just full it never gives back the last state, and the next
sync reads everything."""


def load(phase: dict[str, Any]) -> None:
    """One sync."""
    settings = address(phase["warehouse"], "dbname") | {"batch_size_rows": BATCH}
    sync(phase, program("pipelinewise", "target-postgres"), settings)


if __name__ == "__main__":
    serve_phases(load)
