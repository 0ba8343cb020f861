"""A run is worked on by one worker at a time, and a dead worker's run is taken over."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sources.models import Source, SourceSync
from sources.schedule import request_sync
from workspace import runs
from workspace.hub.models import Schema
from workspace.models import Workspace
from workspace.runs import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(acme: Workspace) -> SourceSync:
    schema = Schema.objects.create(workspace=acme, name="desk_com")
    source = Source.objects.create(
        workspace=acme, schema=schema, kind="desk", name="Desk.com", slug="desk-com"
    )
    return request_sync(source)


def let_the_lease_run_out(run: SourceSync) -> None:
    now = timezone.now()
    past = {"lease_until": now - timedelta(seconds=1), "nudged_at": now - timedelta(seconds=30)}
    SourceSync.objects.filter(pk=run.pk).update(**past)


def taken(run: SourceSync) -> SourceSync:
    claimed = runs.claim(SourceSync, run.pk)
    assert claimed is not None
    return claimed


def test_of_many_workers_one_gets_the_run(run: SourceSync) -> None:
    got: list[Any] = []

    def work() -> None:
        got.append(runs.claim(SourceSync, run.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len([claimed for claimed in got if claimed]) == 1


def test_a_held_run_cannot_be_claimed(run: SourceSync) -> None:
    taken(run)
    assert runs.claim(SourceSync, run.pk) is None


def test_a_run_that_has_ended_cannot_be_claimed(run: SourceSync) -> None:
    runs.finish(taken(run), Run.Status.SUCCESS)
    assert runs.claim(SourceSync, run.pk) is None


def test_a_dead_workers_run_is_taken_over_and_the_history_says_so(run: SourceSync) -> None:
    taken(run)
    let_the_lease_run_out(run)
    again = taken(run)
    with runs.hold(again):
        assert (again.takeovers, again.notices[0]["code"]) == (1, "taken_over")


def test_a_zombie_commits_nothing(run: SourceSync) -> None:
    zombie = runs.Lease(taken(run))
    let_the_lease_run_out(run)
    taken(run)
    with pytest.raises(runs.LeaseLost):
        write_as(zombie)
    assert Source.objects.get().name == "Desk.com"
    assert SourceSync.objects.get().requests == 0


def write_as(worker: runs.Lease) -> None:
    with transaction.atomic():
        Source.objects.update(name="Written by a zombie")
        worker.commit_point(requests=99)


def test_a_takeover_waits_for_a_commit_that_is_under_way(run: SourceSync) -> None:
    """The fence locks the row: either the old worker's commit comes first, or it finds itself replaced."""
    lease = runs.Lease(taken(run))
    order: list[str] = []

    def take_over() -> None:
        SourceSync.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        order.append("taken over")
        connection.close()

    with transaction.atomic():
        lease.commit_point(requests=1)
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join(0.3)
        order.append("committed")
    thread.join()
    assert order == ["committed", "taken over"]


def test_a_released_run_goes_on_without_counting_as_a_takeover(run: SourceSync) -> None:
    runs.release(taken(run))
    assert taken(run).takeovers == 0


def test_a_queued_run_is_cancelled_at_once(run: SourceSync) -> None:
    runs.request_cancel(run)
    assert SourceSync.objects.get().status == Run.Status.CANCELLED


def test_a_working_run_is_cancelled_at_its_next_commit(run: SourceSync) -> None:
    lease = runs.Lease(taken(run))
    runs.request_cancel(run)
    with pytest.raises(runs.Cancelled), transaction.atomic():
        lease.commit_point()


def test_a_waiting_run_shows_why_and_until_when(run: SourceSync) -> None:
    claimed = taken(run)
    with runs.hold(claimed) as lease:
        waiter = threading.Thread(target=lambda: wait_until_cancelled(lease))
        waiter.start()
        shown = _eventually(lambda: SourceSync.objects.exclude(waiting_until=None).first())
        assert shown.waiting_for == "rate_limited"
        lease._end(runs.Cancelled())
        waiter.join(5)


def wait_until_cancelled(lease: runs.Lease) -> None:
    with contextlib.suppress(runs.Cancelled):
        lease.wait(30, "rate_limited")


def test_a_wait_ends_when_the_run_is_cancelled(run: SourceSync) -> None:
    with runs.hold(taken(run)) as lease:
        runs.request_cancel(run)
        lease._nudge.set()
        with pytest.raises(runs.Cancelled):
            lease.wait(30, "retry")


def test_only_runs_nobody_works_on_are_orphans(run: SourceSync) -> None:
    assert runs.orphans(SourceSync) == []
    taken(run)
    assert runs.orphans(SourceSync) == []
    let_the_lease_run_out(run)
    assert runs.orphans(SourceSync) == [run.pk]
    assert runs.orphans(SourceSync) == []


def test_a_run_whose_message_was_lost_is_an_orphan_after_a_while(run: SourceSync) -> None:
    SourceSync.objects.update(nudged_at=timezone.now() - timedelta(minutes=2))
    assert runs.orphans(SourceSync) == [run.pk]
    assert runs.orphans(SourceSync) == []


def test_a_source_has_one_active_run(run: SourceSync) -> None:
    assert request_sync(run.source).pk == run.pk


def _eventually(look: Any) -> Any:
    deadline = timezone.now() + timedelta(seconds=5)
    while timezone.now() < deadline:
        if found := look():
            return found
    raise AssertionError("It did not happen within 5 seconds.")
