"""A column of a large table is widened between two attempts of a flush, in transactions of its own.

Inside the flush's transaction the lock that a widening needs would be kept until all the rows are in, and a second
session would wait for the first one's rows. So the flush stops before it writes a slice that needs it (`Wider`), the
column is widened, and the flush begins again where it had committed: it finds the column as wide as needed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from warehouses.engines.base import Session
from warehouses.targets import Target
from workspace.hub.columns import Change
from workspace.runs import Lease, Run

SAY = 10.0
"""Seconds between two lines of the run's log that say how far it is."""


class Wider(Exception):
    """Columns of a table have to be widened before its next slice."""

    def __init__(self, target: Target, changes: Sequence[Change]) -> None:
        super().__init__(target.name)
        self.target = target
        self.changes = changes


def widened_aside(session: Session, schema: str, table: str, changes: Sequence[Change]) -> list[Change]:
    """Those of a slice's changes that are to be made outside the flush's transaction."""
    wider = [change for change in changes if change.old is not None]
    return [change for change in wider if session.widens_aside(schema, table, change.column)]


def widen(session: Session, schema: str, table: str, change: Change, run: Run, lease: Lease) -> None:
    """Widen a column while readers go on; what the session has not committed is forgotten."""
    column, began = f"{table}.{change.name}", time.monotonic()
    run.say(
        f"{column}: values are copied into a column of type {change.new} beside it; readers need not wait."
    )
    said = began

    def progress(done: float) -> None:
        nonlocal said
        lease.check()
        if time.monotonic() - said >= SAY:
            said = time.monotonic()
            run.say(f"{column}: {done:.0%} of the table is copied.")
            lease.commit_point(log=run.log)

    session.widen_aside(schema, table, change.column, progress)
    run.say(f"{column}: widened in {time.monotonic() - began:.1f} s.")
    run.notice("info", "column_widened", change.sentence, collection=table)
