"""Injects the faults one after the other and compares after each."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from workspace.drill import sabotage
from workspace.drill.checker import Counts
from workspace.drill.faults import FAULTS
from workspace.drill.faults.fault import Fault, Injection, Missed, Skip
from workspace.drill.report import Outcome, Report
from workspace.drill.servers import DrillError, servers
from workspace.drill.stand import Stand, build


@dataclass(frozen=True)
class Options:
    """What to do: `kills` in all, `only` faults with these words in their names, or the `short` form.

    `once`: everything but kills happens once.
    """

    seed: int
    kills: int
    cases: int
    only: str
    short: bool
    once: bool
    folder: Path


def chosen(options: Options) -> list[Fault]:
    """The faults of this drill."""
    words = [word.strip().lower() for word in options.only.split(",") if word.strip()]
    named = [fault for fault in FAULTS if not words or any(word in fault.name.lower() for word in words)]
    return [fault for fault in named if fault.short or not options.short]


def drill(options: Options, command: str) -> Report:
    """The whole drill; the report is written after each fault, so that an interrupted one has told something."""
    report, started = Report(command, options.seed, options.cases), time.monotonic()
    logs = options.folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    looks = 4 if options.short else 20
    with servers() as ours, build(ours, logs, options.cases, options.seed, looks) as stand:
        say(f"the stand is ready after {time.monotonic() - started:.0f} s")
        report.outcomes.append(
            Outcome("none", "An ordinary sync and flush; then damage is done that must be seen.")
        )
        report.outcomes[0].counts = stand.settle()
        say(f"{time.monotonic() - started:.0f} s: compared for the first time")
        report.outcomes[0].measured["planted and found"] = f"{sabotage.find_all(stand)} of {sabotage.PLANTED}"
        for fault in chosen(options):
            outcome = suffer(stand, fault, options)
            report.outcomes.append(outcome)
            report.seconds, report.looks = time.monotonic() - started, stand.watch.looks
            report.write(options.folder)
            say(f"{report.seconds:.0f} s: " + " | ".join(filter(None, outcome.cells())))
    return report


def suffer(stand: Stand, fault: Fault, options: Options) -> Outcome:
    """Inject one fault as often as wanted, in portions, and compare after each portion."""
    outcome = Outcome(fault.name, fault.sentence)
    chance = random.Random(f"{options.seed} {fault.name}")  # noqa: S311  repeatable on purpose
    try:
        for times in _portions(fault, options):
            injection = Injection(stand, chance, times, outcome.measured)
            fault.inject(injection)
            lifted = time.monotonic()
            outcome.counts.take(stand.settle(fault.reads))
            outcome.recovered = max(outcome.recovered, time.monotonic() - lifted)
            outcome.times += times
    except Skip as skip:
        outcome.skipped = str(skip)
    except (Missed, DrillError, psycopg2.Error) as error:
        outcome.failed = str(error)
        outcome.counts.take(_settled_anyway(stand))
    return outcome


def _portions(fault: Fault, options: Options) -> Iterable[int]:
    """Kills are compared ten at a time, everything else each time."""
    if not fault.share:
        return [1] * (1 if options.once else fault.times)
    left = max(1, round(options.kills * fault.share))
    return [min(10, left - done) for done in range(0, left, 10)]


def _settled_anyway(stand: Stand) -> Counts:
    """What is lost after a limit was missed; the next fault begins on sound ground."""
    stand.revive()
    try:
        return stand.settle()
    except DrillError as error:
        counts = Counts()
        counts.add("lost", f"The installation did not recover: {error}")
        return counts


def say(sentence: str) -> None:
    """Progress, beside the report."""
    print(f"drill: {sentence}", file=sys.stderr, flush=True)
