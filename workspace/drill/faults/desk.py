"""Desk that answers badly, slowly or strangely, and data that move while they are read."""

from __future__ import annotations

from collections.abc import Callable

from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.servers import eventually


def answers(*specs: str) -> Callable[[Injection], None]:
    """A full sync while Desk answers with these faults."""

    def inject(injection: Injection) -> None:
        stand = injection.stand
        stand.change()
        for spec in specs:
            stand.desk.fault(spec)
        before = len(stand.runs())
        stand.begin()
        eventually("The sync begins", lambda: len(stand.runs()) > before)
        eventually("The sync ends in spite of it", stand.idle, 240)

    return inject


FAULTS = [
    Fault(
        "429 storm",
        "Half of all answers are 429.",
        answers("429:p=0.5,reset=1"),
    ),
    Fault("5xx", "Three answers in ten are 500, 502 or 503.", answers("500:p=0.1", "502:p=0.1", "503:p=0.1")),
    Fault(
        "cut bodies",
        "The connection is closed in the middle of the body.",
        answers("cut:p=0.3"),
    ),
]
