"""Starting launchers the way people do, and looking at what they leave."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workspace.launcher.launch import CHECKOUT, EXPORTED

DEADLINE_SECONDS = 60.0
SHOW_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


@dataclass(frozen=True)
class Launched:
    """A launcher that runs, in a session of its own."""

    process: subprocess.Popen[str]
    home: Path

    def exit_status(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)

    def nothing_is_left(self) -> bool:
        """Whether no process works in the launcher's directory: guard, command and servers all do."""
        wait_until(lambda: not processes_in(self.home))
        return True

    @contextmanager
    def ended(self) -> Iterator["Launched"]:
        """End the launcher after the test, if the test did not."""
        try:
            yield self
        finally:
            self.process.terminate()
            self.process.communicate(timeout=DEADLINE_SECONDS)


@dataclass(frozen=True)
class Launching:
    """How to start a launcher: in which directory, with what added to a clean environment, as whom."""

    home: Path
    extra: Mapping[str, str]
    options: tuple[str, ...] = ("--data", "data")
    python: str = sys.executable
    user: int | None = None
    path: Path = CHECKOUT

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def environ(self) -> dict[str, str]:
        ours = {*EXPORTED, "TRIBUTARY_SERVERS", "TRIBUTARY_NO_USERNS"}
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        return {**clean, "PYTHONPATH": str(self.path), **self.extra}

    def argv(self, *command: str) -> list[str]:
        return [self.python, "-m", "workspace.launcher", *self.options, "--", *command]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        process = self._popen(self.argv(*command))
        output, errors = process.communicate(timeout=DEADLINE_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def exported(self) -> dict[str, str]:
        """The environment that a command sees."""
        answer = self.run(self.python, "-c", SHOW_ENVIRONMENT)
        assert answer.returncode == 0, answer.stderr
        environ: dict[str, str] = json.loads(answer.stdout)
        return environ

    def start(self, *command: str) -> Launched:
        """Start and wait for the command's first line, "ready"."""
        launched = self.start_unready(*command)
        assert launched.process.stdout is not None
        assert launched.process.stdout.readline() == "ready\n", launched.process.communicate()[1]
        return launched

    def start_unready(self, *command: str) -> Launched:
        return Launched(self._popen(self.argv(*command)), self.home)

    def _popen(self, argv: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            cwd=self.home,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            preexec_fn=_hear_hangups,
        )


def _hear_hangups() -> None:
    """Undo what `nohup` around the tests may have switched off."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def processes_in(directory: Path) -> list[int]:
    """Processes whose working directory is inside; a zombie has none."""
    inside = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if Path(os.readlink(entry / "cwd")).is_relative_to(directory):
                inside.append(int(entry.name))
    return inside


def wait_until(happens: Callable[[], bool]) -> None:
    """Ask again and again. Raises TimeoutError after a minute."""
    turn = threading.Event()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happens():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE_SECONDS:.0f} seconds")
        turn.wait(0.02)
