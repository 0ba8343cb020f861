"""The test stand: an installation of the product that works, a Desk before it and a warehouse behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workspace.drill import processes
from workspace.drill.checker import Checker, Counts
from workspace.drill.processes import Desk, Process
from workspace.drill.servers import LONG, DrillError, Servers, eventually
from workspace.drill.watch import Watch
from workspace.launcher.exported import warehouse_fields

WORKSPACE, SCHEMA = "drill", "desk_com"
SOURCE = f"{WORKSPACE}/desk-com"
LOADER, LOADER_PASSWORD = "loader", "only for the drill"
QUICK = {"LEASE_SECONDS": "3", "TICK_SECONDS": "1", "SLICE_SECONDS": "2"}
"""The same code with shorter breath: a dead worker is noticed in seconds instead of a minute."""
USUAL = {"LEASE_SECONDS": "", "TICK_SECONDS": "", "SLICE_SECONDS": ""}
"""As an installation runs that says nothing about it."""
COMMANDS = """import json, sys, django
django.setup()
from django.core.management import call_command
for words in json.loads(sys.argv[1]):
    call_command(*words)
"""
ACTIVE = "status IN ('queued', 'running')"
SIDES = ("sources_sourcesync", "warehouses_warehousesync")


class Stand:
    """What faults are injected into."""

    def __init__(self, servers: Servers, desk: Desk, folder: Path, looks: int) -> None:
        self.servers, self.desk, self.folder = servers, desk, folder
        self.app, self.broker, self.warehouse = servers.app, servers.broker, servers.warehouse
        self.checker = Checker(desk, self.app, self.warehouse, SCHEMA)
        self.watch = Watch(self.app, self.warehouse, SCHEMA, 1 / looks)
        self.started: list[Process] = []
        self.worker: Process
        self.beat: Process
        self._seed = 0

    # Processes

    def environ(self, **more: str) -> dict[str, str]:
        """What the product's processes are started with; a variable set to nothing is left out."""
        given = {**environment(self.servers), **QUICK, **more}
        return {name: value for name, value in given.items() if value}

    def start_worker(self, **environ: str) -> Process:
        """Start a worker; it is `worker` from now on."""
        self.worker = processes.worker(self.environ(**environ), self.folder)
        self.started.append(self.worker)
        return self.worker

    def start_beat(self, **environ: str) -> Process:
        """Start a beat."""
        made = processes.beat(self.environ(**environ), self.folder, len(self.started))
        self.started.append(made)
        return made

    def manage(self, *arguments: str) -> str:
        """A management command to its end; what it printed."""
        return manage(self.environ(), arguments)

    @contextmanager
    def usual_pace(self) -> Iterator[None]:
        """Worker and beat with the product's own leases and ticks, for what is measured in real seconds."""
        self._restart(**USUAL)
        try:
            yield
        finally:
            self._restart()

    def _restart(self, **environ: str) -> None:
        self.worker.kill()
        self.beat.kill()
        self.start_worker(**environ)
        self.beat = self.start_beat(**environ)

    def _expect_alive(self) -> None:
        """Nobody restarts what ends by itself here: a process that does not outlive a fault is a finding."""
        ended = [name for name in ("worker", "beat") if not getattr(self, name).alive]
        if ended:
            raise DrillError(f"The {' and the '.join(ended)} ended by itself.")

    def revive(self) -> None:
        """Start what has ended, after that was counted; the next fault begins with everything there."""
        if not self.worker.alive:
            self.start_worker()
        if not self.beat.alive:
            self.beat = self.start_beat()

    # Work

    def change(self, count: int = 30) -> None:
        """Something happens at Desk: cases move and come, a customer is renamed."""
        self._seed += 1
        self.desk.change("update", "cases", count, seed=self._seed)
        self.desk.change("update", "customers", count // 3, seed=self._seed)
        self.desk.change("create", "cases", 3, seed=self._seed)

    def begin_sync(self, *, full: bool = True) -> None:
        """Make the source due now; with `full` its collections as well, which gives a longer run."""
        if full:
            self.app.ask("UPDATE sources_cursor SET full_read_at = now() - interval '30 days'")
        self.app.ask("UPDATE sources_source SET next_sync_at = now()")

    def begin_flush(self) -> None:
        """Make the warehouse due now."""
        self.app.ask("UPDATE warehouses_warehouse SET next_sync_at = now()")

    def begin(self) -> None:
        """Make both due at once: they never wait for each other."""
        self.begin_sync()
        self.begin_flush()

    def at_work(self, table: str = SIDES[0]) -> bool:
        """Whether a worker holds a run of this side."""
        return bool(self.app.ask(f"SELECT 1 FROM {table} WHERE status = 'running' AND lease_until > now()"))

    def idle(self) -> bool:
        """Whether no run is active."""
        return not any(self.app.ask(f"SELECT 1 FROM {table} WHERE {ACTIVE}") for table in SIDES)

    def runs(self, table: str = SIDES[0]) -> list[dict[str, Any]]:
        """The runs of one side, the newest first."""
        return self.app.ask(f"SELECT * FROM {table} WHERE status <> 'skipped' ORDER BY queued_at DESC")

    def settle(self, reads: int = 1) -> Counts:
        """Let what is under way end by itself, then one further run of each side (`reads` of the source); compare."""
        self.desk.clear()
        self._expect_alive()
        eventually("The runs end by themselves", self.idle, LONG)
        for _ in range(reads):
            self._run_well(SIDES[0], self.begin_sync)
        self._run_well(SIDES[1], self.begin_flush)
        counts = self.checker.check()
        counts.take(self.watch.taken())
        return counts

    def _run_well(self, table: str, begin: Any) -> None:
        before = {row["id"] for row in self.runs(table)}
        begin()
        eventually(f"A run of {table} begins", lambda: self._newer(table, before), LONG)
        eventually("It ends", self.idle, LONG)
        run = self._newer(table, before)[0]
        if run["status"] not in ("success", "partial"):
            raise DrillError(f"A run without any fault {run['status']}: {run['notices']}")

    def _newer(self, table: str, before: set[Any]) -> list[dict[str, Any]]:
        return [row for row in self.runs(table) if row["id"] not in before]


@contextmanager
def build(servers: Servers, folder: Path, cases: int, seed: int, looks: int) -> Iterator[Stand]:
    """An installation with a source and a warehouse, filled once; every process is gone at the end.

    `looks`: how many times a second the warehouse is read.
    """
    environ = environment(servers) | QUICK
    desk = Desk(cases, seed, environ, folder)
    stand = Stand(servers, desk, folder, looks)
    try:
        _set_up(stand)
        stand.start_worker()
        stand.beat = stand.start_beat()
        stand.watch.start()
        eventually("The source is read for the first time", stand.idle, LONG)
        yield stand
    finally:
        stand.watch.stop()
        for process in stand.started:
            process.kill()
        desk.stop()


def manage(environ: dict[str, str], *commands: tuple[str, ...], stdin: str = "") -> str:
    """Management commands in one process, which starts slower than any of them works; DrillError with its complaint."""
    command = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    done = subprocess.run(command, env=environ, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillError(f"{commands[0][0]}: {done.stderr[-1000:]}")
    return done.stdout


def environment(servers: Servers) -> dict[str, str]:
    """The installation's environment: the drill's servers through their proxies."""
    own = {
        "DATABASE_URL": servers.app.url,
        "REDIS_URL": servers.broker.url,
        "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": "workspace.settings",
    }
    return {**os.environ, **own}


def _set_up(stand: Stand) -> None:
    """As an operator does it, with the product's commands and a database user with few rights."""
    owner = f"{time.time_ns()} of the drill"
    stand.warehouse.ask(f"CREATE ROLE {LOADER} LOGIN PASSWORD '{LOADER_PASSWORD}'")
    stand.warehouse.ask(f"GRANT CREATE, CONNECT, TEMPORARY ON DATABASE warehouse TO {LOADER}")
    place, where = warehouse_fields(stand.warehouse.url), ("--workspace", WORKSPACE, "--password-stdin")
    database = (
        "--host",
        place["host"],
        "--port",
        str(place["port"]),
        "--database",
        "warehouse",
        "--tls",
        "disable",
    )
    site = ("--subdomain", stand.desk.url, "--email", processes.LOGIN, "--warehouse", "warehouse")
    manage(
        stand.environ(),
        ("migrate", "--verbosity", "0"),
        ("bootstrap", *where, "--owner", "owner@example.com"),
        ("add_warehouse", "postgres", *where, "--name", "Warehouse", *database, "--user", LOADER),
        ("add_source", "desk", *where, "--name", "Desk.com", *site),
        stdin=f"{owner}\n{LOADER_PASSWORD}\n{processes.PASSWORD}\n",
    )
    stand.app.ask("UPDATE sources_source SET interval = interval '30 days'")
    stand.app.ask(
        """UPDATE warehouses_warehouse SET schedule = '{"after_sync": true}', next_sync_at = NULL"""
    )
