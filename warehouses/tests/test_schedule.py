"""Warehouse syncs start by plan, hours, minutes or after a source sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warehouses import schedule
from warehouses.models import Connection, Warehouse, WarehouseSync
from workspace.errors import ConfigError
from workspace.hub.models import Collection
from workspace.models import Workspace
from workspace.runs import Run

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def connected(acme: Workspace, cases: Collection) -> Connection:
    warehouse = Warehouse.objects.create(
        workspace=acme, kind="postgres", name="W", slug="w", next_sync_at=NOON
    )
    return Connection.objects.create(warehouse=warehouse, schema=cases.schema)


def next_of(connected: Connection, plan: str, **settings: Any) -> datetime | None:
    warehouse = connected.warehouse
    warehouse.workspace.plan, warehouse.schedule = plan, settings
    return schedule.next_time(warehouse, NOON + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("plan", "after"), [("free", 24), ("team", 12), ("business", 1), ("unlimited", 0.25)]
)
def test_without_choice_the_plan_decides(connected: Connection, plan: str, after: float) -> None:
    assert next_of(connected, plan) == NOON + timedelta(hours=after)


def test_chosen_hours_are_read_in_the_workspaces_time_zone(connected: Connection) -> None:
    connected.warehouse.workspace.time_zone = "Europe/Berlin"
    assert next_of(connected, "business", hours=[6, 18]) == datetime(2020, 3, 1, 17, tzinfo=UTC)


def test_an_hour_the_clocks_skip_is_not_lost(connected: Connection) -> None:
    warehouse = connected.warehouse
    warehouse.workspace.plan, warehouse.workspace.time_zone = "business", "Europe/Berlin"
    warehouse.schedule = {"hours": [2]}
    night = datetime(2020, 3, 29, 0, 30, tzinfo=UTC)
    assert schedule.next_time(warehouse, night) == datetime(2020, 3, 29, 1, tzinfo=UTC)


def test_a_warehouse_that_follows_syncs_has_no_slot_of_its_own(connected: Connection) -> None:
    assert next_of(connected, "unlimited", after_sync=True) is None


def test_a_due_warehouse_starts_every_enabled_connection(connected: Connection) -> None:
    sent: list[Any] = []
    assert schedule.start_due(sent.append, NOON) == 1
    assert sent == [connected.syncs.get().pk]


def test_a_connection_still_at_work_is_skipped_and_shown_as_skipped(connected: Connection) -> None:
    schedule.request_sync(connected)
    assert schedule.start_due(lambda _: None, NOON) == 0
    assert connected.syncs.filter(status=Run.Status.SKIPPED).count() == 1


def test_a_disabled_connection_does_not_start(connected: Connection) -> None:
    Connection.objects.update(enabled=False)
    schedule.start_due(lambda _: None, NOON)
    assert not WarehouseSync.objects.exists()


def test_a_follower_starts_right_after_a_source_sync(connected: Connection) -> None:
    sent: list[Any] = []
    schedule.start_after_sync(connected.schema_id, sent.append)
    assert sent == []
    Warehouse.objects.update(schedule={"after_sync": True})
    schedule.start_after_sync(connected.schema_id, sent.append)
    assert sent == [connected.syncs.get().pk]


@pytest.mark.parametrize(
    ("plan", "settings"),
    [
        ("free", {"hours": [1, 2]}),
        ("team", {"minutes": 30}),
        ("team", {"after_sync": True}),
        ("business", {"hours": [24]}),
        ("business", {"hours": []}),
        ("unlimited", {"minutes": 0}),
    ],
)
def test_a_schedule_beyond_the_plan_or_reason_is_refused(acme: Workspace, plan: str, settings: Any) -> None:
    acme.plan = plan
    with pytest.raises(ConfigError):
        schedule.validate_schedule(settings, acme)
