"""Work that may take longer than anybody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def done_within(
    seconds: float, work: Callable[[], T], discard: Callable[[T], object] = lambda late: None
) -> T | None:
    """What `work` gives, or None when it takes longer: then it goes on alone, and what it gives is discarded.

    For what offers nothing to cut. Whatever `work` raises is raised here.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []
    given_up, lock = threading.Event(), threading.Lock()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:
            failure.append(error)
            return
        with lock:
            if not given_up.is_set():
                outcome.append(result)
                return
        discard(result)

    thread = threading.Thread(target=run, name="done within", daemon=True)
    thread.start()
    thread.join(seconds)
    with lock:
        given_up.set()
    if failure:
        raise failure[0]
    return outcome[0] if outcome else None
