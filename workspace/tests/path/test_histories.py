"""Random histories of Desk, random syncs, flushes and crashes.

After a sync that ended well the Hub equals Desk, after a flush the warehouse equals the Hub, whatever came before.
`HISTORIES=200 pytest …/test_histories.py` tries more of them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from sources.models import SourceSync
from sources.schedule import request_sync
from sources.sync import run_slice as run_source_slice
from warehouses.flush import run_slice as run_warehouse_slice
from warehouses.models import Connection, WarehouseSync
from warehouses.schedule import request_sync as request_flush
from workspace import runs
from workspace.runs import Run
from workspace.tests.path.stretch import Stretch

pytestmark = pytest.mark.django_db(transaction=True)
CHANGING = st.sampled_from(["cases", "customers", "companies", "articles"])
LISTED = {"articles", "users", "brands", "feedbacks"}


class Killed(BaseException):
    """Stands for kill -9: nothing of the product catches it."""


class History(RuleBasedStateMachine):
    """Desk moves, syncs and flushes run or die."""

    make_path: Callable[..., Stretch]

    def __init__(self) -> None:
        super().__init__()
        self.path = type(self).make_path(30)
        self.hidden = 0  # changes that only a full read can see
        self.seed = 0

    def mutate(self, action: str, collection: str, **more: Any) -> None:
        self.seed += 1
        self.path.control("mutate", {"action": action, "collection": collection, "seed": self.seed, **more})

    @rule(collection=CHANGING, count=st.integers(1, 5))
    def objects_change(self, collection: str, count: int) -> None:
        self.mutate("update", collection, count=count)

    @rule(collection=CHANGING, count=st.integers(1, 5))
    def objects_appear(self, collection: str, count: int) -> None:
        self.mutate("create", collection, count=count)

    @rule(count=st.integers(1, 3))
    def cases_are_deleted_softly(self, count: int) -> None:
        self.mutate("soft_delete", "cases", count=count)

    @precondition(lambda self: self.hidden < 12)
    @rule(collection=CHANGING)
    def an_object_vanishes(self, collection: str) -> None:
        self.mutate("delete", collection, count=1)
        self.hidden += collection not in LISTED

    @rule(count=st.integers(1, 3))
    def cases_change_without_moving_updated_at(self, count: int) -> None:
        self.mutate("touchless", "cases", count=count)
        self.hidden += 1

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        """A run that a worker left behind goes on first: what it had read before may have changed since."""
        if self._is_left_behind():
            self.path.sync()
        run = self.path.sync(full=full)
        assert run.status == Run.Status.SUCCESS, run.notices
        if full:
            self.hidden = 0
        if not self.hidden:
            self.path.assert_hub_equals_desk()

    @rule()
    def flush(self) -> None:
        run = self.path.flush()
        assert run.status == Run.Status.SUCCESS, run.notices
        self.path.assert_warehouse_equals_hub()

    @rule(after=st.integers(0, 6), full=st.booleans())
    def a_worker_dies_in_a_sync(self, after: int, full: bool) -> None:
        run = request_sync(self.path.source, full=full and not self._is_left_behind())
        _die_after(after, lambda: run_source_slice(run.pk))
        _let_leases_run_out(SourceSync)

    @rule(after=st.integers(0, 3))
    def a_worker_dies_in_a_flush(self, after: int) -> None:
        run = request_flush(Connection.objects.get(pk=self.path.connection.pk))
        _die_after(after, lambda: run_warehouse_slice(run.pk))
        _let_leases_run_out(WarehouseSync)

    def _is_left_behind(self) -> bool:
        """Whether a run waits for another worker; it cannot become a full one any more."""
        return SourceSync.objects.filter(source=self.path.source, status__in=Run.ACTIVE).exists()

    def teardown(self) -> None:
        """However it went: one full sync and one flush, and all three agree."""
        self.sync(full=False)
        self.sync(full=True)
        self.flush()


def _die_after(commits: int, work: Callable[[], object]) -> None:
    """Let the worker commit so many times, then kill it just before or just after the next one."""
    real, left = runs.Lease.commit_point, [commits]

    def commit_point(lease: runs.Lease, **fields: Any) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        real(lease, **fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs.Lease, "commit_point", commit_point)
        with contextlib.suppress(Killed):
            work()


def _let_leases_run_out(model: type[Run]) -> None:
    past = timezone.now() - timedelta(seconds=1)
    model._default_manager.filter(status=Run.Status.RUNNING).update(lease_until=past)


def test_random_histories_end_in_agreement(make_path: Callable[..., Stretch]) -> None:
    machine = type("Tried", (History,), {"make_path": staticmethod(make_path)})
    examples = int(os.environ.get("HISTORIES", "6"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
