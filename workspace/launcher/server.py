"""One server process, in a group of its own: stopped and waited for, also when the launcher is killed."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workspace.launcher import ports
from workspace.launcher.accounts import Account
from workspace.launcher.errors import LaunchError
from workspace.launcher.signals import Signals

PORT_TRIES = 5
PROBE_SECONDS = 1.0  # a stranger on the port may accept and say nothing
READY_SECONDS = 300.0  # recovery after a crash replays up to max_wal_size
STOP_SECONDS = 60.0
LOG_LINES = 20
PR_SET_PDEATHSIG = 1

# Nothing of the caller's (PGPORT, LANG, TZ …) may change how a server starts or what its log says.
SERVER_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(signum: int, parent: int) -> None:
    """Ask the kernel, in a new child, to send `signum` when the parent is gone; at once if it already is.

    prctl(2): tied to the thread that forked, hence only the main thread starts processes.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os.kill(os.getpid(), signum)


@dataclass(frozen=True)
class Server:
    """A running server; `stop_signal` makes it shut down without waiting for its clients."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    stop_signal: int

    def wait_until(self, is_ready: Callable[[int], bool], signals: Signals) -> None:
        """Poll `is_ready(port)`. Raises LaunchError with the end of the log when the server ends first."""
        deadline = time.monotonic() + READY_SECONDS
        signals.pause()  # no server is that fast, and one without a port ends in this time
        while self.process.poll() is None:
            if is_ready(self.port):
                return
            if time.monotonic() > deadline:
                raise LaunchError(f"{self.name} was not ready in {READY_SECONDS:.0f} s; see {self.log}.")
            signals.pause()
        raise LaunchError(f"{self.name} did not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> bool:
        """Shut down and wait; False when the server had already ended by itself."""
        if self.process.poll() is not None:
            return False
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return True


def spawn(
    argv: Sequence[str],
    account: Account,
    log: Path,
    *,
    cwd: Path = Path("/"),
    stdin: int = subprocess.DEVNULL,
    death_signal: int = signal.SIGTERM,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a server as `account`, output into `log`, descriptors `keep` inherited. Main thread only."""
    parent = os.getpid()
    with _fresh(log) as output:
        return subprocess.Popen(
            [*account.prefix, *argv],
            env=SERVER_ENVIRONMENT,
            cwd=cwd,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            pass_fds=keep,
            preexec_fn=lambda: die_with_parent(death_signal, parent),
            user=account.uid,
            group=account.uid,
            extra_groups=None if account.uid is None else [],
        )


def run_to_end(process: subprocess.Popen[bytes], signals: Signals) -> int:
    """The exit status of a helper program such as initdb; it is ended when a signal arrives first."""
    try:
        while process.poll() is None:
            signals.pause()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    return process.returncode


def start_on_free_port(
    begin: Callable[[int], Server], is_ready: Callable[[int], bool], signals: Signals, tries: int = PORT_TRIES
) -> Server:
    """Begin on a free port and wait until ready; on another one when somebody took the port in between."""
    server = begin(ports.free_port())
    try:
        server.wait_until(is_ready, signals)
        return server
    except BaseException as error:
        server.stop()
        if not (isinstance(error, LaunchError) and tries > 1 and ports.is_taken(server.port)):
            raise
    return start_on_free_port(begin, is_ready, signals, tries - 1)


def tail(log: Path) -> str:
    """The last lines of a server's log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])


def _fresh(log: Path) -> IO[bytes]:
    """The log of this start, readable by its owner only; the one before is kept beside it."""
    if log.exists():
        log.replace(log.with_suffix(".old"))
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
