"""Who is measured: how each is started, and which table it leaves behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
VENVS = Path("var") / "bench"


@dataclass(frozen=True)
class Contestant:
    """One way to bring the cases into a PostgreSQL table.

    `parts` are measured one after the other in each phase. `cold` starts a new process for every phase and counts its
    start; else one process serves all phases. `packages` names its requirements in benchmarks/peers/, which are
    installed into an environment of its own; None: Tributary's own.
    """

    name: str
    module: str
    table: str = "cases"
    parts: Sequence[str] = ("",)
    cold: bool = False
    packages: str | None = None
    arguments: Sequence[str] = ()
    largest: int = 1_000_000
    """Not run with more cases than this: it would take hours or more memory than there is."""

    def command(self) -> list[str]:
        """What starts it."""
        if self.packages is None:
            return [sys.executable, "-m", self.module, *self.arguments]
        return [str(_environment(self.packages)), str(HERE / "peers" / f"{self.module}.py"), *self.arguments]


OURS = (
    Contestant("L: one hop", "benchmarks.contestants.direct"),
    Contestant("H: two hops", "benchmarks.contestants.two_hops"),
    Contestant(
        "Tributary, warm worker", "benchmarks.contestants.tributary", "bench.cases", ("source", "warehouse")
    ),
    Contestant("Tributary, commands", "benchmarks.contestants.commands", "bench.cases", cold=True),
)
PEERS: tuple[Contestant, ...] = ()
QUICK = (*OURS, *(peer for peer in PEERS if peer.name == "dlt, defaults"))


def _environment(packages: str) -> Path:
    """The Python of a peer's environment, made at its first use from its pinned requirements."""
    folder = VENVS / packages
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        wanted = HERE / "peers" / f"{packages}.txt"
        uv = [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "install",
            "-q",
            "--python",
            str(python),
            "-r",
            str(wanted),
        ]
        subprocess.run(uv, check=True)
        (folder / ".installed").touch()
    return python
