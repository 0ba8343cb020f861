"""What was cut short is tried again by itself, and no change waits for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from warehouses.models import Connection, Warehouse, WarehouseSync
from warehouses.schedule import start_again, start_left_behind
from warehouses.tests.flush.conftest import Flow
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def away(flow: Flow) -> Flow:
    """A change on its way to a port where nothing listens."""
    flow.put(entry("1", grade=1))
    point(flow, port=1)
    return flow


def point(flow: Flow, **changed: Any) -> None:
    """Change where the warehouse is."""
    warehouse = flow.fresh().warehouse
    warehouse.settings = dict(flow.bed.engine.settings) | changed
    warehouse.save()


def after(minutes: float) -> list[Any]:
    """Ids of the runs that start by themselves when so many minutes have passed."""
    sent: list[Any] = []
    start_again(sent.append, timezone.now() + timedelta(minutes=minutes))
    return sent


def test_a_run_that_found_nobody_is_tried_again_later_with_each_attempt(away: Flow) -> None:
    assert away.flush().status == "failed"
    assert after(0.9) == []
    assert after(1.1) == [away.flush().pk]
    assert after(4.9) == []
    point(away)
    assert after(5.1) == [away.flush().pk]
    assert away.values("grade") == [1]
    assert after(1e6) == []


def test_attempts_end(away: Flow) -> None:
    away.flush()
    for attempt in range(6):
        assert after(1e6) == [away.flush().pk], attempt
    assert after(1e6) == []


def test_no_attempt_follows_when_another_run_came_first(away: Flow) -> None:
    away.flush()
    point(away)
    away.flush()
    assert after(1e6) == []


def test_a_wrong_password_or_database_is_not_tried_again(away: Flow) -> None:
    point(away, database="nowhere")
    assert away.flush().status == "failed"
    assert after(1e6) == []


def test_a_change_left_behind_is_flushed_without_another_source_sync(away: Flow) -> None:
    Warehouse.objects.update(schedule={"after_sync": True})
    point(away, database="nowhere")
    away.flush()
    sent: list[Any] = []
    assert start_left_behind(sent.append) == 0
    hour = timezone.now() + timedelta(minutes=61)
    assert start_left_behind(sent.append, hour) == 1
    point(away)
    assert sent == [away.flush().pk]
    assert start_left_behind(sent.append, hour) == 0


@pytest.mark.parametrize("switch", ["connection", "warehouse", "collection"])
def test_what_is_turned_off_is_not_left_behind(away: Flow, switch: str) -> None:
    Warehouse.objects.update(schedule={"after_sync": True}, enabled=switch != "warehouse")
    off = ["cases"] if switch == "collection" else []
    Connection.objects.update(enabled=switch != "connection", collections_off=off)
    assert start_left_behind(lambda _: None) == 0
    assert not WarehouseSync.objects.exists()
