"""One run in the foreground: work on it here, or follow the worker that has it already."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.db import InterfaceError, OperationalError, connection

from workspace.runs import Run

if TYPE_CHECKING:
    from rich.console import Console

EXIT = {Run.Status.SUCCESS: 0, Run.Status.PARTIAL: 3}
R = TypeVar("R", bound=Run)


def run_to_end(run: R, work: Callable[[], bool], follow: Callable[[R], None]) -> R:
    """Slice after slice until the run has ended, whoever does them; `follow` sees it while another worker does."""
    while True:
        try:
            work()
            run.refresh_from_db()
        except (InterfaceError, OperationalError):
            connection.close()  # our database was away; the run is claimable again when its lease runs out
        if not run.active:
            return run
        follow(run)
        time.sleep(0.5)


def exit_status(run: Run) -> int:
    """0 success, 3 partial, 1 failed, cancelled or skipped."""
    return EXIT.get(Run.Status(run.status), 1)


def printer() -> Console:
    """Standard output, wide enough for the tables of runs also where there is no terminal."""
    from rich.console import Console  # only commands print: workers save the memory

    console = Console()
    return console if console.is_terminal else Console(width=120)
