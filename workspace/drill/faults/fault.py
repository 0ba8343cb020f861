"""A fault: something that breaks, and what has to hold besides the counts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workspace.drill.stand import Stand


class Skip(Exception):
    """This machine does not let the fault happen; the text says why."""


class Missed(Exception):
    """A limit of the fault's own was missed; the text says which."""


@dataclass
class Injection:
    """One injection under way: chance to draw from, and what was measured."""

    stand: Stand
    chance: random.Random
    times: int = 1
    measured: dict[str, str] = field(default_factory=dict)

    def limit(self, what: str, seconds: float, most: float) -> None:
        """Note a duration. Missed when it is longer than it may be."""
        self.measured[what] = f"{seconds:.1f} s of {most:.0f} s at the most"
        if seconds > most:
            raise Missed(f"{what} took {seconds:.1f} s, more than {most:.0f} s")

    def expect(self, holds: Any, what: str) -> None:
        """Missed with `what` unless it holds."""
        if not holds:
            raise Missed(what)


@dataclass(frozen=True)
class Fault:
    """`inject` breaks something `injection.times` times and lifts it again. `share` is the part of all kills that
    falls to it; others happen `times` times. `reads`: how many full reads it takes until Desk's state must be there.
    """

    name: str
    sentence: str
    inject: Callable[[Injection], None]
    times: int = 1
    share: float = 0
    reads: int = 1
    short: bool = False
