"""One worker's turn on a run: work until it is done or time is up, and end it honestly whatever happens."""

from __future__ import annotations

import gc
import logging
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from workspace import runs
from workspace.errors import PublicError
from workspace.logs import about
from workspace.runs import Lease, Run

log = logging.getLogger(__name__)
R = TypeVar("R", bound=Run)


class SliceOver(Exception):
    """The time of this slice is used up; the run goes on in the next."""


NOT_THE_END = (SliceOver, SoftTimeLimitExceeded, runs.LeaseLost, OperationalError, InterfaceError)
"""The run stays claimable and goes on from its last commit; among them: our own database was away."""

FIRST_SECONDS = 5.0
"""The first turn of a run is short: small ones end in it, and large ones go on behind those that wait."""


class Slice(ABC, Generic[R]):
    """A turn on `run`, held by `lease`, of about `seconds`; None for as long as it takes."""

    def __init__(self, run: R, lease: Lease, seconds: float | None) -> None:
        self.run = run
        self.lease = lease
        if seconds and run.fence == 1:
            seconds = min(seconds, FIRST_SECONDS)
        self._deadline = time.monotonic() + seconds if seconds else float("inf")

    @abstractmethod
    def work(self) -> None:
        """Everything that is left to do, committing as it goes."""

    @abstractmethod
    def outcome(self, *, failed: bool) -> str:
        """The status of a run whose work has come to its end, or has `failed` before it."""

    def finish(self, status: str) -> None:
        """End the run; raises LeaseLost when it is no longer ours to end."""
        if not runs.finish(self.run, status):
            raise runs.LeaseLost

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self._deadline

    def pause_if_late(self) -> None:
        """Raise SliceOver once the time is used up; called after commits."""
        if self.late:
            raise SliceOver

    def take(self) -> None:
        """Work and end the run; raises one of NOT_THE_END when it is to go on."""
        try:
            if self.run.stalled >= runs.MAX_STALLED:
                raise PublicError(
                    "The sync got nowhere in its last turns and was given up.", code="worker_lost"
                )
            self.work()
            status = self.outcome(failed=False)
        except runs.Cancelled:
            self.run.notice("info", "cancelled", "The sync was cancelled; what it had done is kept.")
            status = Run.Status.CANCELLED
        except PublicError as error:
            self.run.notice("error", error.code, error.message, action=error.action)
            status = self.outcome(failed=True)
        except NOT_THE_END:
            raise
        except Exception:
            reference = uuid.uuid4().hex[:8]
            log.exception("Run %s failed unexpectedly, reference %s", self.run.pk, reference)
            self.run.notice("error", "unexpected", f"Unexpected failure, reference {reference}.")
            status = self.outcome(failed=True)
        self.finish(status)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for reference cycles a hundred times less often.

    A slice makes thousands of dicts and lists a second, all of them without cycles: searching them again and again
    took a third of its time. What has a cycle after all is still found, only later.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0] * 100, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def take_slice(model: type[R], run_id: Any, slice_of: Callable[[R, Lease], Slice[R]]) -> bool:
    """One turn on a run; True when it has ended, False when another turn is needed.

    Nothing happens (True) when the run is held by a live worker, has ended already or is unknown.
    """
    run = runs.claim(model, run_id)
    if run is None:
        return True
    with about(**run.about()):
        return _take(run, slice_of)


def _take(run: R, slice_of: Callable[[R, Lease], Slice[R]]) -> bool:
    committed = False
    try:
        with runs.hold(run) as lease, rare_collections():
            try:
                slice_of(run, lease).take()
            finally:
                committed = lease.committed
    except (SliceOver, SoftTimeLimitExceeded):
        runs.release(run, stalled=not committed)
        return False
    except runs.LeaseLost:
        log.warning("Run %s goes on in another worker", run.pk)
    return True
