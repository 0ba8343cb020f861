"""Comparisons start once a day for each connection, at its own moment, whoever ticks."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from warehouses.comparisons import queue_comparison, start_due
from warehouses.models import Comparison, Connection, Warehouse
from warehouses.schedule import nudge_orphans
from workspace.hub.models import Collection, Schema
from workspace.models import RunHour, Workspace
from workspace.runs import Run, claim, finish

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def connected(acme: Workspace, cases: Collection) -> Connection:
    warehouse = Warehouse.objects.create(workspace=acme, kind="postgres", name="W", slug="w")
    return Connection.objects.create(warehouse=warehouse, schema=cases.schema)


def test_connections_have_moments_of_their_own_within_a_day(acme: Workspace, connected: Connection) -> None:
    for number in range(20):
        schema = Schema.objects.create(workspace=acme, name=f"desk_{number}")
        Connection.objects.create(warehouse=connected.warehouse, schema=schema)
    moments = sorted(Connection.objects.values_list("compare_at", flat=True))
    assert moments[0] > timezone.now() - timedelta(minutes=5)
    assert moments[-1] - moments[0] > timedelta(hours=2)
    assert moments[-1] < timezone.now() + DAY


def test_a_due_connection_is_compared_and_keeps_its_phase(connected: Connection) -> None:
    sent: list[Any] = []
    due = connected.compare_at
    assert start_due(sent.append, due - timedelta(seconds=1)) == 0
    assert start_due(sent.append, due + timedelta(days=2, hours=1)) == 1
    assert sent == [connected.comparisons.get().pk]
    connected.refresh_from_db()
    assert connected.compare_at == due + 3 * DAY


def test_two_ticks_at_once_start_one(connected: Connection) -> None:
    sent: list[Any] = []

    def tick() -> None:
        start_due(sent.append, connected.compare_at)
        database.close()

    ticks = [threading.Thread(target=tick) for _ in range(4)]
    for thread in ticks:
        thread.start()
    for thread in ticks:
        thread.join()
    assert sent == [Comparison.objects.get().pk]


def test_one_under_way_stays_the_only_one(connected: Connection) -> None:
    run = queue_comparison(connected)
    start_due(lambda _: None, connected.compare_at)
    assert Comparison.objects.get() == run
    assert queue_comparison(connected) == run


@pytest.mark.parametrize("off", [Connection, Warehouse])
def test_what_is_turned_off_is_not_compared(connected: Connection, off: Any) -> None:
    off.objects.update(enabled=False)
    assert start_due(lambda _: None, connected.compare_at) == 0


def test_a_comparison_that_nobody_works_on_is_nudged(connected: Connection) -> None:
    sent: list[Any] = []
    run = queue_comparison(connected)
    Comparison.objects.update(nudged_at=timezone.now() - timedelta(hours=1))
    nudge_orphans(sent.append, Comparison)
    assert sent == [run.pk]


def test_a_comparison_is_no_sync_in_the_charts(connected: Connection) -> None:
    run = claim(Comparison, queue_comparison(connected).pk)
    assert run is not None
    assert finish(run, Run.Status.SUCCESS)
    assert not RunHour.objects.exists()
