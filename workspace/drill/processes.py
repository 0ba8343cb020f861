"""Worker, beat and sandbox as real processes, to be killed, stopped and continued."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from workspace.drill.servers import LONG, eventually
from workspace.launcher.server import die_with_parent

LOGIN, PASSWORD = "admin@example.com", "desk-sandbox"
ALONE = ("--without-gossip", "--without-mingle")


class Process:
    """A program with its children in a group of their own."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        drill = os.getpid()
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                [sys.executable, *command],
                env=environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL, drill),
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen.poll() is None

    def kill(self) -> None:
        """kill -9 of the process and all its children at once."""
        self._signal(signal.SIGKILL)
        self._popen.wait()

    def freeze(self) -> None:
        """SIGSTOP of the group."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT of the group."""
        self._signal(signal.SIGCONT)

    def terminate(self, seconds: float = 60) -> float:
        """SIGTERM of the process alone, as a deploy does; how long it took to end."""
        started = time.monotonic()
        self._popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
        took = time.monotonic() - started
        self.kill()
        return took

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)


def worker(environ: dict[str, str], folder: Path) -> Process:
    """A Celery worker as the Procfile starts it."""
    command = ["-m", "celery", "-A", "workspace", "worker", "--concurrency", "2", "-O", "fair", *ALONE]
    return Process(command, environ | {"REMAP_SIGTERM": "SIGQUIT"}, folder / "worker.log")


def beat(environ: dict[str, str], folder: Path, number: int = 1) -> Process:
    """A Celery beat with a schedule file of its own."""
    command = ["-m", "celery", "-A", "workspace", "beat", "--schedule", str(folder / f"beat-{number}")]
    return Process([*command, "--pidfile="], environ, folder / "beat.log")


class Desk:
    """The sandbox in a process of its own, and its control endpoint."""

    def __init__(self, cases: int, seed: int, environ: dict[str, str], folder: Path) -> None:
        port = _free_port()
        command = ["manage.py", "desk_sandbox", "--port", str(port), "--cases", str(cases)]
        self.url = f"http://127.0.0.1:{port}"
        self._process = Process([*command, "--seed", str(seed)], environ, folder / "desk.log")
        eventually("The sandbox answers", self._answers, LONG)

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the control endpoint."""
        return json.loads(self._fetch(path, body, method))

    def fault(self, spec: str) -> None:
        """Switch faults on."""
        self.control("faults", spec)

    def clear(self) -> None:
        """Switch all faults and the rate limit off."""
        self.control("faults", method="DELETE")
        self.control("rate-limit", {"limit": 0}, "PUT")

    def change(self, action: str, collection: str = "cases", count: int = 1, **more: Any) -> list[int]:
        """Change objects behind the API's back; their ids."""
        body = {"action": action, "collection": collection, "count": count, **more}
        return list(self.control("mutate", body)["ids"])

    def truth(self, collection: str) -> dict[str, dict[str, Any]]:
        """What it has now, by id."""
        items = [json.loads(line) for line in self._fetch(f"truth/{collection}").splitlines() if line]
        return {item["_links"]["self"]["href"].rsplit("/", 1)[1]: item for item in items}

    def stop(self) -> None:
        """End it."""
        self._process.kill()

    def _fetch(self, path: str, body: Any = None, method: str | None = None) -> str:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  our own sandbox
            return str(answer.read().decode())

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self.control(""))
        return False


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
