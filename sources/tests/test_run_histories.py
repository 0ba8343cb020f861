"""Random histories of runs whose workers die, come back, end and are cancelled: each ends once, as was said."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from sources.models import SourceSync
from sources.schedule import request_sync
from sources.tests.test_schedule import make_source
from workspace import runs
from workspace.models import RunHour, Workspace
from workspace.runs import Run

HISTORIES, STEPS = 1000, 12
ENDS = (Run.Status.SUCCESS, Run.Status.PARTIAL, Run.Status.FAILED)


class History:
    """One run, and workers that each still believe in the hold they once got; `said` is how it was ended."""

    def __init__(self, run: SourceSync, chance: random.Random) -> None:
        self.run, self.chance = run, chance
        self.workers: list[SourceSync] = []
        self.said: list[str] = []

    def claim(self) -> None:
        """A worker gets it, if nobody holds it."""
        if claimed := runs.claim(SourceSync, self.run.pk):
            self.workers.append(claimed)

    def die(self) -> None:
        """Whoever holds it is silent for too long."""
        held = SourceSync.objects.filter(pk=self.run.pk, lease_until__isnull=False)
        held.update(lease_until=timezone.now() - timedelta(seconds=1))

    def commit(self) -> None:
        """Any of the workers, the last one or one long replaced, writes something."""
        if worker := self._anybody():
            newest = SourceSync.objects.get(pk=self.run.pk)
            may = worker.fence == newest.fence and newest.status == "running" and not newest.cancel_requested
            try:
                with transaction.atomic():
                    runs.Lease(worker).commit_point(rows=worker.fence)
            except (runs.LeaseLost, runs.Cancelled):
                assert not may
            else:
                assert may

    def release(self) -> None:
        """Any of them gives it back."""
        if worker := self._anybody():
            runs.release(worker)

    def end(self) -> None:
        """Any of them says that it is over."""
        if worker := self._anybody():
            status = self.chance.choice(ENDS)
            if runs.finish(worker, status):
                self.said.append(status)

    def cancel(self) -> None:
        """Somebody has had enough; a run that nobody holds ends with that."""
        before = SourceSync.objects.get(pk=self.run.pk).status
        runs.request_cancel(self.run)
        if before in Run.ACTIVE and self.status == Run.Status.CANCELLED:
            self.said.append(Run.Status.CANCELLED)

    @property
    def status(self) -> str:
        """As stored."""
        return SourceSync.objects.get(pk=self.run.pk).status

    def _anybody(self) -> SourceSync | None:
        return self.chance.choice(self.workers) if self.workers else None


@pytest.mark.parametrize("seed", range(4))
def test_however_workers_die_and_come_back_a_run_ends_once(seed: int, acme: Workspace) -> None:
    source, chance = make_source(acme, 1), random.Random(seed)
    ended = 0
    for _ in range(HISTORIES // 4):
        history = History(request_sync(source), chance)
        steps: list[Callable[[], None]] = [
            history.claim, history.claim, history.die, history.commit, history.release, history.end, history.cancel,
        ]  # fmt: skip
        for step in chance.choices(steps, k=STEPS):
            step()
            assert len(history.said) <= 1
            assert history.status in (history.said or Run.ACTIVE)
        ended += len(history.said)
        SourceSync.objects.filter(status__in=Run.ACTIVE).delete()
    assert 0 < ended == sum(RunHour.objects.values_list("runs", flat=True))
