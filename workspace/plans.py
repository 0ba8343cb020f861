"""What the plans of the installation allow, in words. The plans themselves are the setting PLANS."""

from __future__ import annotations

from typing import Any

DAY = 86_400
OFTEN = {DAY: "once a day", DAY // 2: "twice a day", 3_600: "every hour", 60: "every minute"}
SOON = 1_800
"""Plans that sync at least this often may also follow each source sync."""


def told(plan: dict[str, Any]) -> list[str]:
    """A line for each thing that the plan allows."""
    limit, every = plan["warehouses"], int(plan["every"])
    lines = ["Any number of sources", warehouses(limit), f"Warehouses sync {how_often(every)}"]
    if hours := plan.get("hours"):
        lines.append(f"Or at up to {hours} hours a day that you choose")
    if every <= SOON:
        lines.append("Or right after each source sync")
    return lines


def warehouses(limit: int | None) -> str:
    """`1 warehouse`, `Any number of warehouses`."""
    return "Any number of warehouses" if limit is None else f"{limit} warehouse{'s' * (limit != 1)}"


def how_often(seconds: int) -> str:
    """`twice a day`, `every 15 minutes`."""
    return OFTEN.get(seconds) or f"every {seconds // 60:,} minutes"
