"""Waits for another machine that come to an end even when it says nothing and keeps the line open."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK = 0.25
"""Seconds between two looks at the clock."""


class Deadline:
    """Calls `cut` from a thread of its own when what is done `within` some seconds takes longer.

    C code that waits on a socket hears no signal and no exception: only the end of its connection wakes it.
    """

    def __init__(self, cut: Callable[[], None]) -> None:
        self.passed = False
        """Whether something took too long; the connection is of no use any more."""
        self._cut = cut
        self._at: float | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="deadline", daemon=True)
        self._thread.start()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Allow so many seconds for the block; inside another one the outer limit holds."""
        if self._at is not None:
            yield
            return
        self._at = time.monotonic() + seconds
        try:
            yield
        finally:
            with (
                self._lock
            ):  # from here on nothing is cut: the connection may be closed, its number given away
                self._at = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK):
            with self._lock:
                if self._at is not None and time.monotonic() > self._at:
                    self.passed = True
                    with contextlib.suppress(Exception):
                        self._cut()
                    return
