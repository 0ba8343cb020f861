"""Warehouse syncs start by plan, hours, minutes or after a source sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warehouses import schedule
from warehouses.models import Connection, Warehouse, WarehouseSync
from workspace import runs
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


@pytest.mark.parametrize(
    ("zone", "hour", "minute"),
    [("Europe/Berlin", 17, 0), ("Asia/Kathmandu", 12, 15), ("Pacific/Chatham", 16, 15)],
)
def test_chosen_hours_are_read_in_the_workspaces_time_zone(
    zone: str, hour: int, minute: int, connected: Connection
) -> None:
    connected.warehouse.workspace.time_zone = zone
    assert next_of(connected, "business", hours=[6, 18]) == datetime(2020, 3, 1, hour, minute, tzinfo=UTC)


def test_what_was_chosen_before_a_smaller_plan_gives_way_to_the_plan(connected: Connection) -> None:
    assert next_of(connected, "free", hours=list(range(24))) == NOON + timedelta(days=1)
    assert next_of(connected, "team", minutes=15) == NOON + timedelta(hours=12)
    assert next_of(connected, "free", after_sync=True) == NOON + timedelta(days=1)


def test_a_follower_on_a_plan_without_following_gets_a_slot(connected: Connection) -> None:
    WarehouseSync.objects.create(
        connection=connected, workspace=connected.warehouse.workspace, status="failed", queued_at=NOON
    )
    Warehouse.objects.update(schedule={"after_sync": True}, next_sync_at=None)
    Workspace.objects.update(plan="free")
    Collection.objects.update(version=1)
    schedule.start_after_sync(connected.schema_id, lambda _: None)
    assert schedule.start_left_behind(lambda _: None) == 0
    assert connected.syncs.count() == 1
    connected.warehouse.refresh_from_db()
    assert connected.warehouse.next_sync_at is not None


@pytest.mark.parametrize(
    ("zone", "hour", "skipped"),
    [
        ("Europe/Berlin", 2, datetime(2020, 3, 29, 1, tzinfo=UTC)),
        ("Pacific/Chatham", 3, datetime(2020, 9, 26, 14, 15, tzinfo=UTC)),
    ],
)
def test_an_hour_the_clocks_skip_is_not_lost(
    zone: str, hour: int, skipped: datetime, connected: Connection
) -> None:
    warehouse = connected.warehouse
    warehouse.workspace.plan, warehouse.workspace.time_zone = "business", zone
    warehouse.schedule = {"hours": [hour]}
    assert schedule.next_time(warehouse, skipped - timedelta(minutes=30)) == skipped


def test_a_warehouse_that_follows_syncs_has_no_slot_of_its_own(connected: Connection) -> None:
    assert next_of(connected, "unlimited", after_sync=True) is None


def test_a_due_warehouse_starts_every_enabled_connection(connected: Connection) -> None:
    sent: list[Any] = []
    assert schedule.start_due(sent.append, NOON) == 1
    assert sent == [connected.syncs.get().pk]


@pytest.mark.parametrize("schedule_", [{"hours": 5}, {"minutes": None}])
def test_a_schedule_nobody_can_read_is_not_in_the_way_of_others(
    connected: Connection, schedule_: Any
) -> None:
    odd = Workspace.objects.create(name="Odd", slug="odd", plan="taken out")
    earlier = {"schedule": schedule_, "next_sync_at": NOON - timedelta(hours=1)}
    warehouse = Warehouse.objects.create(workspace=odd, kind="postgres", name="W", slug="w", **earlier)
    assert schedule.start_due(lambda _: None, NOON) == 1
    warehouse.refresh_from_db()
    assert warehouse.next_sync_at == NOON + timedelta(days=1)
    assert odd.allowance["label"] == "Unlimited"


def test_a_connection_still_at_work_is_skipped_and_shown_as_skipped(connected: Connection) -> None:
    schedule.request_sync(connected)
    assert schedule.start_due(lambda _: None, NOON) == 0
    assert connected.syncs.filter(status=Run.Status.SKIPPED).count() == 1


def test_a_disabled_connection_does_not_start(connected: Connection) -> None:
    Connection.objects.update(enabled=False)
    schedule.start_due(lambda _: None, NOON)
    assert not WarehouseSync.objects.exists()


def test_a_follower_starts_right_after_a_source_sync(connected: Connection) -> None:
    WarehouseSync.objects.create(
        connection=connected, workspace=connected.warehouse.workspace, status="success"
    )
    sent: list[Any] = []
    schedule.start_after_sync(connected.schema_id, sent.append)
    assert sent == []
    Warehouse.objects.update(schedule={"after_sync": True})
    schedule.start_after_sync(connected.schema_id, sent.append)
    assert sent == [connected.syncs.get(status=Run.Status.QUEUED).pk]


def test_a_first_source_sync_fills_every_warehouse_at_once_whatever_the_plan(connected: Connection) -> None:
    WarehouseSync.objects.create(
        connection=connected, workspace=connected.warehouse.workspace, status="success"
    )
    sent: list[Any] = []
    schedule.start_after_sync(connected.schema_id, sent.append)
    assert sent == []
    schedule.start_after_sync(connected.schema_id, sent.append, first=True)
    assert sent == [connected.syncs.get(trigger=Run.Trigger.SETUP).pk]


def test_a_connection_that_was_never_filled_is_filled_after_the_next_source_sync(
    connected: Connection,
) -> None:
    schedule.start_after_sync(connected.schema_id, lambda _: None)
    assert connected.syncs.count() == 1


def at_work(connected: Connection) -> WarehouseSync:
    """A sync of the connection that a worker holds."""
    run = runs.claim(WarehouseSync, schedule.request_sync(connected).pk)
    assert run is not None
    return run


def test_a_sync_asked_for_while_one_works_follows_it(connected: Connection) -> None:
    sent: list[Any] = []
    run = at_work(connected)
    assert schedule.request_sync(connected, Run.Trigger.API) == run
    assert schedule.start_again(sent.append) == 0
    runs.finish(run, Run.Status.SUCCESS)
    assert schedule.start_again(sent.append) == 1
    assert sent == [connected.syncs.get(trigger=Run.Trigger.API, status=Run.Status.QUEUED).pk]
    assert schedule.start_again(sent.append) == 0


def test_a_sync_asked_for_is_not_forgotten_when_the_worker_dies(connected: Connection) -> None:
    run = at_work(connected)
    schedule.request_sync(connected)
    WarehouseSync.objects.update(lease_until=NOON)
    heir = runs.claim(WarehouseSync, run.pk)
    assert heir is not None
    runs.finish(heir, Run.Status.SUCCESS)
    assert schedule.start_again(lambda _: None) == 1
    assert connected.syncs.filter(status=Run.Status.QUEUED).count() == 1


def test_one_that_only_waits_for_a_worker_is_enough(connected: Connection) -> None:
    run = schedule.request_sync(connected)
    assert schedule.request_sync(connected) == run
    run.refresh_from_db()
    assert run.again == ""


def test_nothing_follows_a_sync_that_was_cancelled(connected: Connection) -> None:
    run = at_work(connected)
    schedule.request_sync(connected)
    runs.finish(run, Run.Status.CANCELLED)
    schedule.start_again(lambda _: None)
    assert connected.syncs.count() == 1


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
