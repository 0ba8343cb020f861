"""One contestant through all phases, on fresh databases, its table checked after each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from typing import IO, Any, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from benchmarks.measure import Cost, measured
from benchmarks.roster import Contestant

PHASES = (("first load", 0), ("nothing changed", -1), ("1 % changed", 100), ("10 % changed", 10))
"""Name, and every how many-th case changes before it; 0 begins, -1 changes nothing."""


class Wrong(Exception):
    """A contestant's table is not what the server holds."""


class Site:
    """The running server."""

    def __init__(self, url: str, cases: int) -> None:
        self.url = url
        self.cases = cases

    def ask(self, target: str, method: str = "GET") -> str:
        """Its answer as text."""
        with urllib.request.urlopen(urllib.request.Request(self.url + target, method=method)) as answer:  # noqa: S310
            return str(answer.read().decode())


class Player:
    """A process one talks with in lines."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )
        self._to, self._from = cast(IO[str], self.process.stdin), cast(IO[str], self.process.stdout)

    def tell(self, line: str) -> None:
        """Send a line."""
        self._to.write(f"{line}\n")
        self._to.flush()

    def hear(self) -> str:
        """The next line; empty when the process has ended."""
        return self._from.readline().strip()

    def end(self) -> None:
        """Nothing more will come: wait for its end."""
        self._to.close()
        self.process.wait()


@contextmanager
def serving(cases: int) -> Iterator[Site]:
    """A server with so many unchanged cases."""
    command = [sys.executable, "-m", "benchmarks.server", str(cases)]
    server = Player(command, dict(os.environ))
    try:
        yield Site(f"http://127.0.0.1:{server.hear()}", cases)
    finally:
        server.process.kill()
        server.end()


def compete(contestant: Contestant, site: Site) -> Iterator[dict[str, Any]]:
    """The cost of each part of each phase; raises Wrong when the table is not right after a phase.

    The server must not have been changed before: every contestant meets the same changes.
    """
    with ExitStack() as stack:
        where = {"warehouse": _fresh("bench_warehouse"), "hub": _fresh("bench_hub"), "site": site.url}
        where["state"] = stack.enter_context(tempfile.TemporaryDirectory())
        if contestant.module.startswith("benchmarks.contestants."):
            _migrate(where["hub"])
        run = stack.enter_context(_process(contestant, where))
        since = last = ""
        for name, every in PHASES:
            if every > 0:
                since = last = site.ask(f"/change?every={every}", "POST")
            elif every < 0:
                since = "2020-03-10T23:59:59Z"
            for part in contestant.parts:
                site.ask("/requests")
                cost = run({**where, "since": since, "part": part})
                cost.requests = int(site.ask("/requests"))
                yield {"contestant": contestant.name, "phase": name, "part": part, **asdict(cost)}
            _check(contestant, where["warehouse"], site.cases, last, every)


@contextmanager
def _process(contestant: Contestant, where: dict[str, str]) -> Iterator[Any]:
    """A function that has one phase done; the process behind it is new each time for a cold contestant."""
    environ = {**os.environ, "DATABASE_URL": where["hub"], "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}
    environ["MALLOC_ARENA_MAX"] = "1"  # as the Procfile starts workers; for everybody alike

    def ask(player: Player, phase: dict[str, Any]) -> None:
        player.tell(json.dumps(phase))
        if player.hear() != "done":
            raise Wrong(f"{contestant.name} did not finish a phase.")

    def cold(phase: dict[str, Any]) -> Cost:
        with measured(os.getpid(), where["warehouse"]) as cost:
            player = Player(contestant.command(), environ)
            ask(player, phase)
            player.end()
        return cost

    def warm(phase: dict[str, Any]) -> Cost:
        with measured(first.process.pid, where["warehouse"]) as cost:
            ask(first, phase)
        return cost

    first = Player(contestant.command(), environ)
    ask(first, {**where, "prepare": True})
    try:
        yield cold if contestant.cold else warm
    finally:
        first.end()


def _check(contestant: Contestant, url: str, cases: int, since: str, every: int) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), count(DISTINCT id) FROM {contestant.table}")
        counts = cursor.fetchone()
        if counts != (cases, cases):
            raise Wrong(f"{contestant.name}: {counts[0]:,} rows, {counts[1]:,} ids instead of {cases:,}.")
        if since:
            query = f"SELECT count(*) FROM {contestant.table} WHERE updated_at::timestamptz >= %s"
            cursor.execute(query, [since])
            changed, expected = cursor.fetchone()[0], len(range(0, cases, every))
            if changed != expected:
                raise Wrong(f"{contestant.name}: {changed:,} changed rows instead of {expected:,}.")


def _fresh(name: str) -> str:
    """The URL of an empty database beside the launcher's."""
    url = os.environ["WAREHOUSE_URL"]
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=True)
