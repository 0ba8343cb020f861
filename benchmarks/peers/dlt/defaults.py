"""dlt as it comes: its REST source, merge by id, lists in tables of their own."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants.phases import serve_phases
from benchmarks.peers.dlt.pipeline import cases, pipeline


def load(phase: dict[str, Any]) -> None:
    """Extract, normalize and load."""
    pipeline(phase).run(cases(phase, "merge"))


if __name__ == "__main__":
    serve_phases(load)
