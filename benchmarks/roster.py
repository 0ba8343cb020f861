"""Who is measured: how each is started, and which table it leaves behind."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.environments import program


@dataclass(frozen=True)
class Contestant:
    """One way to bring the cases into a PostgreSQL table.

    `parts` are measured one after the other in each phase. `cold` starts a new process for every phase and counts its
    start; else one process serves all phases. `environments` are those of benchmarks/peers/ that it needs, installed
    at their first use, and the first one's Python runs it; none: Tributary's own.
    """

    name: str
    module: str
    table: str = "cases"
    parts: Sequence[str] = ("",)
    cold: bool = False
    environments: Sequence[str] = ()
    largest: int = 1_000_000
    """Not run with more cases than this."""
    why: str = ""
    """What stands against more cases."""

    hub: bool = False
    """Does it need a migrated database for its Hub?"""
    rereads: bool = False
    """Can it be told to read everything again into what it has?"""

    @property
    def ours(self) -> bool:
        """Does it run on Tributary's packages?"""
        return not self.environments

    def command(self) -> list[str]:
        """What starts it; raises Unable when a package cannot be installed."""
        pythons = [str(program(environment)) for environment in self.environments]
        return [*(pythons or [sys.executable])[:1], "-m", self.module]


def _peer(name: str, module: str, *environments: str, largest: int = 1_000_000, why: str = "") -> Contestant:
    """As a person runs it: a new process each time, its start counted."""
    module = f"benchmarks.peers.{module}"
    return Contestant(
        name, module, "bench.cases", cold=True, environments=environments, largest=largest, why=why
    )


OURS = (
    Contestant("L: one hop", "benchmarks.contestants.direct", rereads=True),
    Contestant("H: two hops", "benchmarks.contestants.two_hops", rereads=True),
    Contestant(
        "Tributary, warm worker",
        "benchmarks.contestants.tributary",
        "bench.cases",
        ("source", "warehouse"),
        hub=True,
        rereads=True,
    ),
    Contestant("Tributary, commands", "benchmarks.contestants.commands", "bench.cases", cold=True, hub=True),
)
PEERS = (
    _peer("dlt, defaults", "dlt.defaults", "dlt"),
    _peer("dlt, parquet + upsert + workers", "dlt.parquet", "dlt"),
    _peer("dlt, hand-written arrow", "dlt.arrow", "dlt"),
    _peer("Singer, SDK tap + meltanolabs target by COPY", "singer.meltano", "singer"),
    _peer("Singer, SDK tap + pipelinewise target", "singer.pipelinewise", "singer", "pipelinewise"),
    _peer(
        "PyAirbyte", "airbyte.read", "airbyte", largest=100_000, why="took 3 GB of memory for 100,000 cases"
    ),
    _peer("sling 1.2.22 + a script that fetches", "sling.load", "sling"),
)
QUICK = (*OURS, PEERS[0])
