"""Worker and beat as real processes, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

QUICK = {
    "LEASE_SECONDS": "3",
    "TICK_SECONDS": "1",
    "SLICE_SECONDS": "2",
    "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
}
"""The same code with shorter breath: a dead worker is noticed in seconds instead of a minute."""


class Process:
    """A Celery process with its children in a group of their own."""

    def __init__(self, environ: dict[str, str], log: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "workspace", *arguments]
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                command, env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._popen.pid

    def kill(self) -> None:
        """kill -9 of the process and all its children at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)
        self._popen.wait()


@contextmanager
def celery_processes(database: dict[str, Any], folder: Path) -> Iterator[Callable[[], Process]]:
    """A running beat, and a function that starts a worker; all of them are gone at the end."""
    environ = {**os.environ, **QUICK, "DATABASE_URL": _url(database), "LOG_LEVEL": "INFO"}
    beat = Process(environ, folder / "beat.log", "beat", "--schedule", str(folder / "beat"), "--pidfile=")
    started = [beat]

    def worker() -> Process:
        flags = ("--concurrency", "2", "-O", "fair", "--without-gossip", "--without-mingle")
        started.append(Process(environ, folder / "worker.log", "worker", *flags))
        return started[-1]

    try:
        yield worker
    finally:
        for process in started:
            process.kill()


def eventually(what: str, look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds as soon as it finds something; fails with `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)  # between two looks; the deadline decides
    raise AssertionError(f"{what}: not within {seconds:.0f} seconds.")


def _url(database: dict[str, Any]) -> str:
    login = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    return f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
