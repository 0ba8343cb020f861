"""How pages name kinds, schedules, steps of a connection test and statements to paste."""

from __future__ import annotations

from dataclasses import dataclass

from warehouses.engines import ENGINES
from warehouses.engines.base import Probe
from warehouses.models import Warehouse

STEPS = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "login": "Login", "rights": "Rights"}


@dataclass(frozen=True)
class Step:
    """A step of a connection test as people read it; `statement` is what to paste, `action` what to do instead."""

    label: str
    ok: bool
    message: str
    action: str = ""
    statement: str = ""


def step_of(probe: Probe) -> Step:
    """A probe in words."""
    label = STEPS.get(probe.name, probe.name.capitalize())
    if is_statement(probe.action):
        return Step(label, probe.ok, probe.message, statement=probe.action)
    return Step(label, probe.ok, probe.message, action=probe.action)


def is_statement(action: str) -> bool:
    """Whether a notice's action is SQL to paste rather than a sentence."""
    first = action.split(" ", 1)[0]
    return first.isupper() and len(first) > 2 and ";" in action


def kind_of(warehouse: Warehouse) -> str:
    """What kind of database it is."""
    engine = ENGINES.get(warehouse.kind)
    return engine.name if engine else warehouse.kind


def schedule_of(warehouse: Warehouse) -> str:
    """When a warehouse syncs by itself."""
    schedule, workspace = warehouse.schedule, warehouse.workspace
    if schedule.get("after_sync"):
        return "After each source sync"
    if hours := schedule.get("hours"):
        times = ", ".join(f"{hour:02}:00" for hour in sorted(set(hours)))
        return f"At {times} ({workspace.time_zone})"
    plan = int(workspace.allowance["every"])
    if minutes := schedule.get("minutes"):
        return every(max(plan, minutes * 60))
    return every(plan if plan >= 3_600 else 900)


def every(seconds: int) -> str:
    """An interval in words: `Every 15 minutes`, `Once a day`."""
    per_day = {86_400: "Once a day", 43_200: "Twice a day", 3_600: "Every hour", 60: "Every minute"}
    if seconds in per_day:
        return per_day[seconds]
    if seconds % 3_600 == 0:
        return f"Every {seconds // 3_600} hours"
    return f"Every {seconds // 60} minutes"
