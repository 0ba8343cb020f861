"""The last report as a page shows it, read from the file that the drill left."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

KINDS = ("lost", "duplicated", "regressed", "half_visible")


def last_report(report: Path) -> dict[str, Any] | None:
    """When it ran, whether it passed, how many faults there were, and the sums; None without a report to read."""
    try:
        told = json.loads(report.read_text())
        sums = {kind: sum(outcome["counts"][kind] for outcome in told["outcomes"]) for kind in KINDS}
        passed, times = bool(told["passed"]), int(told["times"])
        return {"at": datetime.fromisoformat(told["started"]), "passed": passed, "times": times, **sums}
    except (OSError, ValueError, KeyError, TypeError):
        return None
