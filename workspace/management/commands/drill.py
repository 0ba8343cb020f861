"""Break everything on purpose and prove that nothing is lost."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from workspace.drill.run import Options, drill
from workspace.drill.servers import DrillError

KILLS, SHORT_KILLS = 300, 2
CASES, SHORT_CASES = 800, 200


class Command(BaseCommand):
    help = (
        "Start an installation of its own, inject faults with a seed, and compare Desk, Hub and warehouse after "
        "each. Exit status 0: nothing lost, duplicated, regressed or half-visible, and no limit missed; else 1."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--kills", type=int, help=f"kill -9 in all ({KILLS})")
        parser.add_argument("--cases", type=int, help=f"the size of the site ({CASES})")
        parser.add_argument(
            "--only", default="", metavar="WORDS", help="faults with these words, separated by commas"
        )
        parser.add_argument("--short", action="store_true", help="a few telling faults in two minutes")
        parser.add_argument("--once", action="store_true", help="everything but kills once")
        parser.add_argument("--folder", type=Path, help="where report.json, report.md and the logs go")

    def handle(self, *args: Any, **options: Any) -> None:
        short = options["short"]
        wanted = Options(
            options["seed"],
            options["kills"] or (SHORT_KILLS if short else KILLS),
            options["cases"] or (SHORT_CASES if short else CASES),
            options["only"],
            short,
            options["once"] or short,
            (options["folder"] or settings.DRILL_REPORT.parent).absolute(),
        )
        words = {
            "SEED": wanted.seed,
            "KILLS": wanted.kills,
            "ONLY": f"'{wanted.only}'" if wanted.only else "",
        }
        given = " ".join(f"{name}={value}" for name, value in words.items() if value)
        signal.signal(signal.SIGTERM, _end)  # what the drill has started ends with it
        try:
            report = drill(wanted, f"make drill {given}")
        except DrillError as error:
            self.stderr.write(str(error))
            raise SystemExit(1) from error
        report.show()
        if not report.passed:
            raise SystemExit(1)


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)
