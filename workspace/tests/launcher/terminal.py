"""An interactive shell with job control on a terminal of its own, as a person has it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workspace.tests.launcher.launching import DEADLINE_SECONDS, Launching

CTRL_C = "\x03"
CTRL_Z = "\x1a"


@dataclass
class Terminal:
    """The end of the terminal where the person sits."""

    descriptor: int
    seen: str = ""

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def expect(self, text: str) -> None:
        """Read until `text` was shown, then forget everything up to it."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while text not in self.seen:
            readable, _, _ = select.select([self.descriptor], [], [], max(0, deadline - time.monotonic()))
            assert readable, f"{text!r} was not shown, only {self.seen!r}"
            self.seen += os.read(self.descriptor, 4096).decode(errors="replace").replace("\r\n", "\n")
        self.seen = self.seen.partition(text)[2]


@contextmanager
def shell_on_a_terminal(launching: Launching) -> Iterator[Terminal]:
    """bash in the launcher's directory and environment; killed at the end."""
    master, slave = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "--noediting", "-i"],
        cwd=launching.home,
        env={**launching.environ, "PS1": "$ "},
        preexec_fn=lambda: os.login_tty(slave),
    )
    os.close(slave)
    try:
        yield Terminal(master)
    finally:
        shell.kill()
        shell.wait()
        os.close(master)
