"""The result as Markdown: a table per number of cases, everything beside L of the same run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

FLOOR = "L: one hop"
HEAD = (
    "| contestant | phase | wall s | x L | CPU s | x L | client | PostgreSQL | peak MB | WAL MB | requests |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def as_table(report: dict[str, Any]) -> str:
    """A text for docs/performance.md."""
    lines = [f"{report['machine']}, Python {report['python']}, {report['date']}, `{report['command']}`"]
    for result in report["results"]:
        lines += ["", f"### {result['cases']:,} cases, medians of {result['runs']} runs", "", HEAD]
        floor = {cost["phase"]: cost for cost in result["costs"] if cost["contestant"] == FLOOR}
        lines += [_line(cost, floor.get(cost["phase"])) for cost in with_sums(result["costs"])]
        lines += told("Not measured", result["unable"].items()) + told("Wrong", enumerate(result["wrong"], 1))
    return "\n".join([*lines, ""])


def with_sums(costs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The costs, and behind the parts of a phase their sum (memory: the most)."""
    rows: list[dict[str, Any]] = []
    for cost in costs:
        rows.append(cost)
        parts = [c for c in rows if (c["contestant"], c["phase"]) == (cost["contestant"], cost["phase"])]
        if len(parts) == 2:
            both = {
                name: round(parts[0][name] + parts[1][name], 3)
                for name in ("wall", "cpu", "postgres", "wal", "requests")
            }
            rows.append({**cost, **both, "part": "both", "memory": max(part["memory"] for part in parts)})
    return rows


def told(head: str, troubles: Iterable[tuple[Any, str]]) -> list[str]:
    """A list of who could not do what, and why; nothing when everybody could."""
    items = [f"- {who}: {what}" for who, what in troubles]
    return ["", f"{head}:", "", *items] if items else []


def _line(cost: dict[str, Any], floor: dict[str, Any] | None) -> str:
    who = f"{cost['contestant']}{', ' + cost['part'] if cost['part'] else ''}"
    total = cost["cpu"] + cost["postgres"]
    base = floor["cpu"] + floor["postgres"] if floor else None
    cells = [
        who,
        cost["phase"],
        f"{cost['wall']:.2f}",
        _times(cost["wall"], floor["wall"] if floor else None),
        f"{total:.2f}",
        _times(total, base),
        f"{cost['cpu']:.2f}",
        f"{cost['postgres']:.2f}",
        f"{cost['memory']:.0f}",
        f"{cost['wal']:.1f}",
        f"{cost['requests']:,}",
    ]
    return f"| {' | '.join(cells)} |"


def _times(value: float, floor: float | None) -> str:
    return f"{value / floor:.1f}" if floor else "–"
