"""The launcher's own signals: remembered while servers start and stop, passed on while the command runs.

A handler that raised could lose a server between its fork and the variable that names it. This one only takes
notes; every loop that waits asks `check`.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from workspace.launcher.errors import SignalError

POLL_SECONDS = 0.02


class Signals:
    """`received` is the first of SIGINT, SIGTERM and SIGHUP to arrive, or None."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._group: int | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the three signals inside the block; a SIGHUP that `nohup` switched off stays off."""
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raise SignalError when a signal has arrived."""
        if self.received is not None:
            raise SignalError(self.received)

    def pause(self) -> None:
        """One turn of a waiting loop. Raises SignalError."""
        time.sleep(POLL_SECONDS)
        self.check()

    def pass_to(self, group: int | None) -> None:
        """From now on each signal goes to this process group, an earlier one at once; None ends that."""
        self._group = group
        if self.received is not None:
            self._send(self.received)

    def _note(self, signum: int, _frame: FrameType | None) -> None:
        self.received = self.received or signum
        self._send(signum)

    def _send(self, signum: int) -> None:
        if self._group is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signum)
