"""The processes of a contest: the server of cases, and a contestant that gets its phases in lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from benchmarks.environments import Unable, last_line


class Player:
    """A process one talks with in lines; what it says to standard error goes into a file, where one is given."""

    def __init__(self, command: list[str], environ: Mapping[str, str], said: Path | None = None) -> None:
        self._said = said
        errors = said.open("w") if said else None
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environ
        )
        if errors:
            errors.close()
        self._to, self._from = cast(IO[str], self.process.stdin), cast(IO[str], self.process.stdout)

    def tell(self, line: str) -> None:
        """Send a line; to a process that has ended already, nothing."""
        with suppress(BrokenPipeError):
            self._to.write(f"{line}\n")
            self._to.flush()

    def hear(self) -> str:
        """The next line; empty when the process has ended."""
        return self._from.readline().strip()

    def play(self, phase: dict[str, Any]) -> None:
        """Have a phase done; raises Unable with the last words of a process that ended instead."""
        self.tell(json.dumps(phase))
        if self.hear() != "done":
            raise Unable(f"failed: {last_line(self._said.read_text() if self._said else '')}")

    def end(self) -> None:
        """Nothing more will come: wait for its end."""
        with suppress(BrokenPipeError):
            self._to.close()
        self._from.close()
        self.process.wait()


class Site:
    """The running server."""

    def __init__(self, url: str, cases: int) -> None:
        self.url = url
        self.cases = cases

    def ask(self, target: str, method: str = "GET") -> str:
        """Its answer as text."""
        with urllib.request.urlopen(urllib.request.Request(self.url + target, method=method)) as answer:  # noqa: S310
            return str(answer.read().decode())


@contextmanager
def serving(cases: int) -> Iterator[Site]:
    """A server with so many unchanged cases."""
    command = [sys.executable, "-m", "benchmarks.server", str(cases)]
    server = Player(command, os.environ)
    try:
        yield Site(f"http://127.0.0.1:{server.hear()}", cases)
    finally:
        server.process.kill()
        server.end()
