"""Work ahead: let one thread fetch while another writes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from django.db import connection

from workspace.logs import in_context

T = TypeVar("T")
_END = object()


class Ahead(Generic[T]):
    """An iterator whose producer runs in its own thread, at most `depth` items ahead.

    An exception of the producer is raised where the items are taken, after those made before it. `check` is called
    while the consumer waits and may raise to end it. Leaving the `with` block stops the producer at its next item;
    one that hangs in the network is left behind. `ready()` gives what is there or comes at once, so that the consumer
    can take several items together.
    """

    def __init__(self, items: Iterable[T], depth: int, check: Callable[[], None] = lambda: None) -> None:
        self._items = items
        self._check = check
        self._queue: queue.Queue[Any] = queue.Queue(depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=in_context(self._produce), name="ahead", daemon=True)
        self._pending: list[Any] = []

    def __enter__(self) -> Ahead[T]:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closed.set()
        self._drain()
        self._thread.join(timeout=2.0)

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._pending.pop() if self._pending else self._take()
            if item is _END:
                return
            if isinstance(item, _Failure):
                raise item.error
            yield item

    def ready(self, seconds: float = 0) -> T | None:
        """The next item if it comes within `seconds`; None when it does not, or when the producer has ended."""
        if self._pending:
            return None
        try:
            item = self._queue.get(timeout=seconds) if seconds > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None
        if item is _END or isinstance(item, _Failure):
            self._pending.append(item)
            return None
        return item  # type: ignore[no-any-return]

    def _take(self) -> Any:
        while True:
            try:
                return self._queue.get(timeout=1.0)
            except queue.Empty:
                self._check()

    def _produce(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._closed.is_set():
                    break
            self._put(_END)
        except BaseException as error:  # handed over to the consumer, whatever it is
            self._put(_Failure(error))
        finally:
            connection.close()

    def _put(self, item: Any) -> None:
        while not self._closed.is_set():
            try:
                return self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
        return None

    def _drain(self) -> None:
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error
