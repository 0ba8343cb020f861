"""Hosts that say nothing, and how long something takes; `MEASURED=1` has heavy tests measure in earnest."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

MEASURED = bool(os.environ.get("MEASURED"))
Hole = Callable[[], AbstractContextManager[int]]
"""What gives the port of a host that says nothing."""


@contextmanager
def mute() -> Iterator[int]:
    """A host that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def hidden() -> Iterator[int]:
    """A host that does not even take connections: whoever knocks is left waiting, as behind a firewall."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fill the queue of those who wait to be taken
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def seconds_of(work: Callable[[], Any]) -> float:
    """How long it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
