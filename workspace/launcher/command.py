"""Runs the command in a process group of its own, as a shell does: signals, the terminal, the exit status."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from workspace.launcher import guard
from workspace.launcher.errors import LaunchError
from workspace.launcher.server import die_with_parent
from workspace.launcher.signals import Signals


def run(argv: Sequence[str], environ: Mapping[str, str], signals: Signals) -> int:
    """The exit status as a shell gives it: 128 + n after signal n, to the launcher or to the command.

    What the command leaves behind in its group is ended before this returns. Raises LaunchError when there is
    no such program.
    """
    terminal = _foreground_terminal()
    with _guard() as guarded:
        process = _start(argv, environ, guarded.fileno(), terminal)
        signals.pass_to(process.pid)
        try:
            code = _wait(process, terminal)
        finally:
            signals.pass_to(None)
            if terminal is not None:
                _hand_over(terminal, os.getpgrp())
    if signals.received is not None:
        return 128 + signals.received
    return code if code >= 0 else 128 - code


def _start(
    argv: Sequence[str], environ: Mapping[str, str], guarded: int, terminal: int | None
) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def before_exec() -> None:
        die_with_parent(signal.SIGTERM, parent)
        os.write(guarded, b"%d\n" % os.getpid())  # before the command can start anything
        if terminal is not None:
            _hand_over(terminal, os.getpid())

    try:
        return subprocess.Popen(argv, env=environ, process_group=0, preexec_fn=before_exec)
    except OSError as error:
        raise LaunchError(f"{argv[0]} cannot be run: {error.strerror}.") from error


@contextmanager
def _guard() -> Iterator[IO[bytes]]:
    """Start the guard, which takes the group's number; the end of the block is its word to act."""
    program = [sys.executable, "-I", "-S", guard.__file__]
    with subprocess.Popen(program, stdin=subprocess.PIPE, start_new_session=True) as process:
        if process.stdin is None:
            raise AssertionError("Popen was asked for a pipe")
        yield process.stdin


def _wait(process: subprocess.Popen[bytes], terminal: int | None) -> int:
    """The command's return code, negative after a signal. Ctrl-Z stops the launcher with the command."""
    while True:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        if terminal is not None:
            _stop_with(process.pid, terminal)


def _stop_with(group: int, terminal: int) -> None:
    ours = os.getpgrp()
    _hand_over(terminal, ours)
    os.killpg(ours, signal.SIGTSTP)
    # The shell's `fg` or `bg` continues here.
    if os.tcgetpgrp(terminal) == ours:
        _hand_over(terminal, group)
    os.killpg(group, signal.SIGCONT)


def _foreground_terminal() -> int | None:
    """Standard input when it is a terminal that the launcher may read, else None (CI, pipes, background)."""
    try:
        return 0 if os.tcgetpgrp(0) == os.getpgrp() else None
    except OSError:
        return None


def _hand_over(terminal: int, group: int) -> None:
    """Make `group` the one that Ctrl-C reaches; a process outside it may do so only with SIGTTOU blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
