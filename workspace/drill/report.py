"""What the drill found, as a table on the screen, as JSON and as Markdown."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from workspace.drill.checker import Counts

HEADINGS = ("fault", "times", "lost", "duplicated", "regressed", "half-visible", "recovered in", "measured")


@dataclass
class Outcome:
    """What one fault did. `measured` are figures of its own with their limits; `skipped` says why it was not tried."""

    name: str
    sentence: str
    times: int = 0
    counts: Counts = field(default_factory=Counts)
    recovered: float = 0
    measured: dict[str, str] = field(default_factory=dict)
    skipped: str = ""
    failed: str = ""

    @property
    def passed(self) -> bool:
        """Nothing lost, nothing doubled, nothing set back, nothing half visible, and no limit missed."""
        return not (self.counts.total or self.failed)

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        if self.skipped:
            return (self.name, "skipped", "", "", "", "", "", self.skipped)
        counts = self.counts
        figures = (counts.lost, counts.duplicated, counts.regressed, counts.half_visible)
        told = [f"{name}: {value}" for name, value in self.measured.items()]
        told += [self.failed, *counts.examples[:2]] if not self.passed else []
        recovered = f"{self.recovered:.1f} s" if self.recovered else ""
        return (self.name, f"{self.times:,}", *map(str, figures), recovered, "; ".join(filter(None, told)))


@dataclass
class Report:
    """A whole drill."""

    command: str
    seed: int
    cases: int
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: float = 0
    looks: int = 0
    machine: str = field(
        default_factory=lambda: f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    )
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every fault passed."""
        return len(self.outcomes) > 1 and all(outcome.passed for outcome in self.outcomes)

    @property
    def times(self) -> int:
        """How often something was broken."""
        return sum(outcome.times for outcome in self.outcomes)

    def as_dict(self) -> dict[str, Any]:
        """The JSON."""
        return {**asdict(self), "passed": self.passed, "times": self.times}

    def write(self, folder: Path) -> None:
        """`report.json` and `report.md`, each complete or as it was before."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (
            ("report.json", json.dumps(self.as_dict(), indent=1)),
            ("report.md", self.markdown()),
        ):
            beside = folder / f".{name}"
            beside.write_text(text + "\n")
            beside.replace(folder / name)

    def markdown(self) -> str:
        """Headline, table, and what each fault is."""
        lines = [
            f"**{self._headline()}**",
            "",
            "| " + " | ".join(HEADINGS) + " |",
            "|---" * len(HEADINGS) + "|",
        ]
        lines += ["| " + " | ".join(outcome.cells()) + " |" for outcome in self.outcomes]
        return "\n".join([*lines, "", f"`{self.command}`, {self.machine}, {self.started}."])

    def show(self) -> None:
        """The table on the screen."""
        table = Table(*HEADINGS, title=self._headline())
        for outcome in self.outcomes:
            table.add_row(*outcome.cells(), style=None if outcome.passed else "bold red")
        Console(width=None if os.isatty(1) else 160).print(table)

    def _headline(self) -> str:
        word = "passed" if self.passed else "FAILED"
        return (
            f"Fault drill {word}: {self.times:,} faults in {self.seconds / 60:.0f} minutes, seed {self.seed}, "
            f"{self.cases:,} cases, the warehouse read {self.looks:,} times meanwhile"
        )
