"""One contestant through all phases, on fresh databases, its table checked after each."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from benchmarks.environments import Unable
from benchmarks.measure import Cost, measured, measured_children
from benchmarks.players import Player, Site
from benchmarks.roster import Contestant
from benchmarks.truth import Wrong, check

PHASES = (("first load", 0), ("nothing changed", -1), ("1 % changed", 100), ("10 % changed", 10))
"""Name, and every how many-th case changes before it; 0 begins, -1 changes nothing."""
REREAD = ("all read again", -1)
"""Everything is fetched as if for the first time, and nothing has changed."""
AFTER_ALL = "2020-03-10T23:59:59Z"
"""Later than any change in what the server begins with."""


def compete(contestant: Contestant, site: Site) -> Iterator[dict[str, Any]]:
    """The cost of each part of each phase; raises Wrong when the table is not right after a phase.

    The server must not have been changed before: every contestant meets the same changes.
    """
    with ExitStack() as stack:
        where = {"warehouse": _fresh("bench_warehouse"), "hub": _fresh("bench_hub"), "site": site.url}
        where["state"] = stack.enter_context(tempfile.TemporaryDirectory())
        if contestant.hub:
            _migrate(where["hub"])
        run = stack.enter_context(_process(contestant, where))
        changed, last = 0, ""
        for name, every in (*PHASES, *([REREAD] if contestant.rereads else [])):
            if every > 0:
                changed, last = len(range(0, site.cases, every)), site.ask(f"/change?every={every}", "POST")
            again = (name, every) == REREAD
            since = "" if again else last or (AFTER_ALL if every else "")
            with _told_with(name):
                for part in contestant.parts:
                    site.ask("/requests")
                    cost = run({**where, "since": since, "part": part, "full": again})
                    cost.requests = int(site.ask("/requests"))
                    yield {"contestant": contestant.name, "phase": name, "part": part, **asdict(cost)}
                with closing(psycopg2.connect(where["warehouse"])) as connection:
                    check(connection.cursor(), contestant.table, site.cases, changed, last)


@contextmanager
def _told_with(phase: str) -> Iterator[None]:
    try:
        yield
    except (Wrong, Unable) as error:
        raise type(error)(f"{phase}: {error}") from error


@contextmanager
def _process(contestant: Contestant, where: dict[str, str]) -> Iterator[Callable[[dict[str, Any]], Cost]]:
    """A function that has one phase done; the process behind it is new each time for a cold contestant."""
    command, environ = contestant.command(), _environ(contestant, where)
    said = None if contestant.ours else Path(where["state"]) / "said.txt"

    def cold(phase: dict[str, Any]) -> Cost:
        with measured_children(where["warehouse"]) as cost:
            player = Player(command, environ, said)
            try:
                player.play(phase)
            finally:
                player.end()
        return cost

    def warm(phase: dict[str, Any]) -> Cost:
        with measured(first.process.pid, where["warehouse"]) as cost:
            first.play(phase)
        return cost

    first = Player(command, environ, said)
    try:
        first.play({**where, "prepare": True})
        yield cold if contestant.cold else warm
    finally:
        first.end()


def _environ(contestant: Contestant, where: dict[str, str]) -> dict[str, str]:
    """Peers live in a home of their own, and nobody is told that they ran."""
    environ = {**os.environ, "DATABASE_URL": where["hub"], "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}
    environ["MALLOC_ARENA_MAX"] = "1"  # as the Procfile starts workers; for everybody alike
    if not contestant.ours:
        environ |= {"HOME": where["state"], "TMPDIR": where["state"], "DO_NOT_TRACK": "1"}
        environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "SLING_DISABLE_TELEMETRY": "TRUE"}
    return environ


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
