"""The product's own PostgreSQL: sessions that are killed, and a server that restarts without a checkpoint."""

from __future__ import annotations

import time
from contextlib import suppress

import psycopg2

from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.faults.workers import fetching
from workspace.drill.servers import eventually


def kill_sessions(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change()
    stand.begin()
    eventually("Somebody works", lambda: fetching(stand))
    for _ in range(3):
        time.sleep(injection.chance.uniform(0.05, 0.4))
        with suppress(psycopg2.Error):
            stand.app.ask("SELECT pg_terminate_backend(pid) FROM unnest(%s) pid", stand.app.backends())


def restart(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change()
    stand.begin()
    eventually("Somebody works", lambda: fetching(stand))
    time.sleep(injection.chance.uniform(0, 0.6))
    stand.app.restart_immediately()


FAULTS = [
    Fault(
        "database sessions killed",
        "All sessions of worker and beat are ended, three times a run.",
        kill_sessions,
        5,
    ),
    Fault("database restarted", "pg_ctl restart -m immediate in the middle of both runs.", restart, 5),
]
